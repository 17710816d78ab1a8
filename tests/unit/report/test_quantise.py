from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_py.music.note import Note
from firmware_py.music.song import ScoreNote
from firmware_py.report.quantise import quantise


def at_beats(*spans: tuple[float, float, float], bpm: float = 120.0, start_s: float = 2.0) -> list[Note]:
    return [Note(start_s + on * 60 / bpm, (off - on) * 60 / bpm, pitch) for on, off, pitch in spans]


def written(notes, **more):
    return [(n.onset, n.duration, n.midi) for n in quantise(notes, start_s=2.0, tempo_bpm=120.0, **more)]


def test_a_note_goes_to_the_nearest_eighth_and_the_nearest_semitone():
    assert written(at_beats((0.1, 0.95, 60.3), (1.3, 2.1, 61.7))) == [
        (Fraction(0), Fraction(3, 2), 60),
        (Fraction(3, 2), Fraction(1, 2), 62),
    ]


def test_a_silence_under_a_beat_is_swallowed_and_a_longer_one_kept():
    assert [d for _, d, _ in written(at_beats((0, 0.4, 60), (1, 1.4, 62), (3, 3.5, 64)))] == [
        1,
        Fraction(1, 2),
        Fraction(1, 2),
    ]


def test_two_notes_in_one_eighth_are_both_kept_on_a_finer_grid():
    found = written(at_beats((0.02, 0.23, 60), (0.23, 0.5, 62), (0.51, 1.0, 64)))
    assert [n for _, _, n in found] == [60, 62, 64]
    assert [on for on, _, _ in found] == [0, Fraction(1, 4), Fraction(1, 2)]


def test_where_the_melody_has_triplets_the_played_notes_are_written_in_triplets():
    melody = [ScoreNote(Fraction(n, 3), Fraction(1, 3), 60) for n in range(3)]
    found = written(at_beats((0.02, 0.3, 60), (0.35, 0.6, 62), (0.7, 1.0, 64)), melody=melody)
    assert [on for on, _, _ in found] == [0, Fraction(1, 3), Fraction(2, 3)]


def test_a_note_that_overhangs_the_end_of_the_song_does_not_open_a_new_bar():
    assert written(at_beats((3, 4.6, 60)), end=Fraction(4)) == [(Fraction(3), Fraction(1), 60)]


def test_a_note_that_began_in_the_count_in_is_written_on_the_first_beat():
    assert written(at_beats((-0.7, 1.0, 60))) == [(Fraction(0), Fraction(1), 60)]


def test_no_notes_are_no_notes():
    assert quantise([], start_s=0.0, tempo_bpm=100.0) == ()


@st.composite
def performances(draw):
    at, notes = draw(st.floats(-1, 3)), []
    for _ in range(draw(st.integers(1, 25))):
        length = draw(st.floats(0.05, 3))
        notes.append(Note(at, length, draw(st.floats(30, 100))))
        at += length + draw(st.sampled_from([0.0, 0.02, 0.3, 2.0]))
    return notes


@settings(deadline=None)
@given(performances(), st.floats(30, 240), st.booleans())
def test_every_note_is_kept_in_order_without_overlap_and_with_a_length(notes, tempo, threes):
    melody = [ScoreNote(Fraction(n, 3), Fraction(1, 3), 60) for n in range(0, 60, 7)] if threes else []
    found = quantise(notes, start_s=0.5, tempo_bpm=tempo, melody=melody)
    assert [n.midi for n in found] == [round(n.pitch) for n in notes]
    assert all(n.duration > 0 and n.onset >= 0 for n in found)
    assert all(a.onset + a.duration <= b.onset for a, b in pairwise(found))


@pytest.mark.parametrize("tempo", [60, 100, 137])
def test_a_perfect_performance_is_written_as_the_melody_was(tempo):
    melody = [ScoreNote(Fraction(n), Fraction(1), 60 + n % 5) for n in range(16)]
    beat = 60 / tempo
    notes = [Note(1 + float(n.onset) * beat + 0.01, beat * 0.93, n.midi + 0.1) for n in melody]
    assert list(quantise(notes, start_s=1.0, tempo_bpm=tempo, melody=melody, end=Fraction(16))) == melody
