"""What is said of each note and each bar."""

from dataclasses import replace

import numpy as np
import pytest

from firmware_py.music.judge import Verdict, bars_of, matched
from firmware_py.music.marks import marks_for_song, marks_of
from firmware_py.music.note import Note
from firmware_py.music.songs_library import known_songs, load_song
from tests.unit.music import players
from tests.unit.music.players import Faults, play

SONG = load_song("ode-to-joy")
MELODY = SONG.melody_at(2.0)
STEADY = Faults(onset_jitter_s=0.0, cents_jitter=0.0)


def curve_with(change, number):
    """A steady player who does one note otherwise."""
    notes = list(MELODY)
    notes[number] = change(notes[number])
    return players.curve_of_notes([n for n in notes if n], np.random.default_rng(3), STEADY, MELODY[-1].end_s + 1)


@pytest.mark.parametrize("name", known_songs())
def test_every_note_of_a_good_player_is_right_and_nothing_is_extra(name):
    song = load_song(name)
    marks = marks_for_song(play(song.melody_at(2.0), 4), song, 2.0)
    assert {m.verdict for m in marks.notes} == {Verdict.RIGHT}
    assert marks.extra == ()
    assert {b.right == b.notes for b in marks.bars} == {True}


@pytest.mark.parametrize(
    ("change", "verdict", "cents", "late_ms"),
    [
        (lambda n: replace(n, pitch=n.pitch + 0.6), Verdict.SHARP, 60, 0),
        (lambda n: replace(n, pitch=n.pitch - 2), Verdict.FLAT, -200, 0),
        (lambda n: replace(n, onset_s=n.onset_s + 0.16, duration_s=n.duration_s - 0.16), Verdict.LATE, 0, 160),
        (lambda n: replace(n, onset_s=n.onset_s - 0.16, duration_s=n.duration_s + 0.16), Verdict.EARLY, 0, -160),
    ],
)
def test_one_fault_is_named_at_its_note_with_its_size(change, verdict, cents, late_ms):
    number = 27  # between two other pitches
    marks = marks_for_song(curve_with(change, number), SONG, 2.0)
    fault = marks.notes[number]
    assert fault.verdict is verdict
    assert fault.cents == pytest.approx(cents, abs=8)
    assert fault.late_ms == pytest.approx(late_ms, abs=35)
    others = [m.verdict for n, m in enumerate(marks.notes) if n != number]
    assert others.count(Verdict.RIGHT) >= len(others) - 1


def test_a_note_left_out_is_missed_and_a_note_put_in_is_extra():
    left_out = marks_for_song(play([n for k, n in enumerate(MELODY) if k != 20], 1, STEADY), SONG, 2.0)
    assert [n for n, m in enumerate(left_out.notes) if m.verdict is Verdict.MISSED] == [20]
    assert (left_out.notes[20].cents, left_out.notes[20].late_ms, left_out.notes[20].played) == (None, None, None)
    long = MELODY[-1]
    wrong = Note(long.onset_s + long.duration_s / 2, long.duration_s / 2, long.pitch + 7)
    put_in = marks_for_song(
        play([*MELODY[:-1], replace(long, duration_s=long.duration_s / 2), wrong], 1, STEADY), SONG, 2.0
    )
    assert [round(n.pitch) for n in put_in.extra] == [round(wrong.pitch)]
    assert {m.verdict for m in put_in.notes} == {Verdict.RIGHT}


def test_what_is_forgiven_as_a_whole_is_no_fault_of_any_note():
    late = marks_of(play(MELODY, 2, replace(STEADY, late_s=0.12, cents=1200)), MELODY)
    assert {m.verdict for m in late.notes} == {Verdict.RIGHT}
    assert late.octave_shift == 1


def test_further_behind_than_is_forgiven_every_note_is_late():
    behind = marks_of(play(MELODY, 2, replace(STEADY, late_s=0.27)), MELODY)
    late = [m for m in behind.notes if m.verdict is Verdict.LATE]
    assert len(late) >= 0.9 * len(MELODY)


@pytest.mark.parametrize("tempo", [0.95, 0.97, 1.03, 1.05])
@pytest.mark.parametrize(
    "name", ["ode-to-joy", "amazing-grace", "minuet-in-g", "twinkle", "jingle-bells", "silent-night"]
)
def test_a_player_at_another_tempo_is_told_which_and_still_understood_note_by_note(name, tempo):
    melody = load_song(name).melody_at(2.0)
    marks = marks_of(play(melody, 6, Faults(tempo=tempo)), melody)
    assert marks.tempo_ratio == pytest.approx(tempo, abs=0.005)
    assert sum(m.verdict is not Verdict.MISSED for m in marks.notes) >= 0.8 * len(melody)


def test_bias_spread_and_steadiness_are_those_of_the_player():
    marks = marks_of(play(MELODY, 8, Faults(cents=22, cents_jitter=15, onset_jitter_s=0.03)), MELODY)
    assert marks.bias_cents == pytest.approx(22, abs=6)
    assert marks.spread_cents == pytest.approx(15, abs=5)
    assert marks.unsteady_ms == pytest.approx(30, abs=10)


def test_bars_share_their_notes_by_length_and_begin_with_the_upbeat():
    song = load_song("amazing-grace")
    marks = marks_for_song(play(song.melody_at(2.0)[3:], 1), song, 2.0)
    assert [b.number for b in marks.bars][:3] == [0, 1, 2]
    first, second, third = marks.bars[:3]
    assert (first.credit, first.notes, first.right) == (0, 1, 0)
    assert second.credit == pytest.approx(0.5 / 3, abs=0.02)  # of G4:2 B4:1/2 G4:1/2 the last was played
    assert third.credit == pytest.approx(1.0, abs=0.02)
    assert bars_of([]) == ()


def test_matching_is_one_to_one_in_order_and_prefers_the_nearer_of_two_equal_notes():
    wanted = [Note(0.0, 0.5, 60), Note(0.5, 0.5, 60), Note(1.0, 0.5, 62)]
    assert matched(wanted, [Note(0.52, 0.4, 60), Note(1.0, 0.5, 62)], 0.0, 0) == {1: 0, 2: 1}
    assert matched(wanted, [], 0.0, 0) == {}
    assert matched(wanted, [Note(0.0, 0.5, 72), Note(9.0, 0.5, 60)], 0.0, 0) == {}
    assert matched(wanted, [Note(0.0, 0.5, 72)], 0.0, 1) == {0: 0}


def test_held_and_silent_players_get_verdicts_too():
    assert {m.verdict for m in marks_of(players.silent(MELODY), MELODY).notes} == {Verdict.MISSED}
    held = marks_of(players.held(MELODY, 64.0), MELODY)
    assert sum(m.verdict is Verdict.MISSED for m in held.notes) >= len(MELODY) - 1
