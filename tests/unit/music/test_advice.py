"""Advice: which rule speaks for which player."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firmware_py.music import advice
from firmware_py.music.advice import advice_of, best_phrase, sentences_of, weakest_phrase
from firmware_py.music.curve import PitchCurve
from firmware_py.music.marks import marks_for_song
from firmware_py.music.marks import marks_of as plain_marks_of
from firmware_py.music.note import Note
from firmware_py.music.songs_library import known_songs, load_song
from tests.unit.music import players
from tests.unit.music.melodies import melody_of
from tests.unit.music.players import Faults, play

SONG = load_song("ode-to-joy")
MELODY = SONG.melody_at(2.0)


def marks_of(curve, song=SONG):
    return marks_for_song(curve, song, 2.0)


def rules(curve):
    return [s.rule for s in sentences_of(marks_of(curve))]


def said(curve, rule):
    return next(s.text for s in sentences_of(marks_of(curve)) if s.rule == rule)


@pytest.mark.parametrize(
    ("faults", "rule", "figure"),
    [
        (Faults(tempo=1.03), "tempo", "3 % too fast"),
        (Faults(tempo=0.97), "tempo", "3 % too slow"),
        (Faults(late_s=0.25), "late", "ms behind"),
        (Faults(late_s=-0.15), "early", "ms ahead"),
        (Faults(cents=30), "bias", "30 cents sharp"),
        (Faults(cents=-45), "bias", "45 cents flat"),
        (Faults(cents_jitter=50), "spread", "from note to note"),
        (Faults(onset_jitter_s=0.09), "unsteady", "around their beat"),
        (Faults(missed=0.3), "missed", "were not played"),
        (Faults(cents=1200), "octave", "1 octave above"),
        (Faults(cents=-2400), "octave", "2 octaves below"),
    ],
)
def test_a_fault_brings_its_sentence_with_its_figure(faults, rule, figure):
    assert figure in said(play(MELODY, 3, faults), rule)


@pytest.mark.parametrize("name", known_songs())
def test_three_per_cent_too_fast_is_named_as_such_on_every_song(name):
    song = load_song(name)
    told = advice_of(marks_of(play(song.melody_at(2.0), 5, Faults(tempo=1.03)), song))
    assert any("3 % too fast" in sentence for sentence in told)


@pytest.mark.parametrize("kind", ["long rests", "slow", "mixed"])
@pytest.mark.parametrize(("tempo", "says"), [(1.03, "3 % too fast"), (0.97, "3 % too slow")])
def test_another_tempo_is_named_however_far_the_song_is_away_in_the_end(kind, tempo, says):
    for seed in range(5):
        melody = melody_of(kind, seed)
        marks = plain_marks_of(play(melody, seed, Faults(tempo=tempo)), melody)
        assert any(says in sentence for sentence in advice_of(marks)), f"{kind}, seed {seed}"
        assert sum(note.played is not None for note in marks.notes) >= 0.9 * len(melody)


@pytest.mark.parametrize("seed", range(5))
def test_nobodys_waving_is_taken_for_the_song_at_another_tempo(seed):
    melody = melody_of("slow", seed)
    for curve in (players.random_waving(melody, seed), players.random_in_scale_and_rhythm(melody, seed)):
        assert plain_marks_of(curve, melody).tempo_ratio == 1.0


def test_a_good_player_is_praised_and_pointed_onwards():
    assert rules(play(MELODY, 3)) == ["all-right", "harder", "expression"]


def test_a_silent_player_is_told_how_to_be_heard():
    assert rules(players.silent(MELODY))[:2] == ["silent", "silent"]


@pytest.mark.parametrize("curve", [players.held(MELODY, 64.0), players.random_waving(MELODY, 1)])
def test_who_did_not_play_the_song_is_not_told_about_cents(curve):
    assert rules(curve)[:2] == ["lost", "lost"]
    assert "bias" not in rules(curve)


def test_sounding_through_rests_is_named():
    melody = [Note(n * 1.6, 0.8, 60.0 + 2 * (n % 4)) for n in range(12)]
    good = play(melody, 1)
    frames = np.arange(len(good.pitch))
    sounding = ~np.isnan(good.pitch)
    line = np.interp(frames, frames[sounding], good.pitch[sounding])
    on = PitchCurve(good.rate_hz, line.astype(np.float32), line.astype(np.float32), np.ones(len(line), np.float32))
    assert "rests" in {s.rule for s in sentences_of(plain_marks_of(on, melody))}


def test_the_best_and_the_weakest_phrase_are_four_bars_in_a_row():
    half = marks_of(players.first_half(MELODY, 3))
    assert next(b.number for b in best_phrase(half)) <= 5
    assert [b.number for b in weakest_phrase(half)][-1] >= 12
    assert "bars" in said(players.first_half(MELODY, 3), "best-phrase")


@pytest.mark.parametrize("seed", range(12))
def test_there_are_always_three_different_sentences_that_end_in_a_full_stop(seed):
    faults = Faults(
        late_s=(seed % 5 - 2) / 10,
        cents=10 * (seed % 7 - 3),
        missed=seed / 12,
        wrong=(11 - seed) / 20,
        cents_jitter=4 * seed,
    )
    told = advice_of(marks_of(play(MELODY, seed, faults)))
    assert len(set(told)) == 3
    assert all(s.endswith(".") and "nan" not in s for s in told)


def test_a_passage_that_was_rushed_or_dragged_is_named_with_its_bars():
    for factor, how in ((1.07, "faster"), (0.93, "slower")):
        bar_s = SONG.seconds(SONG.bar_beats)
        rushed = rushing(MELODY, 2.0 + bar_s * 8, 2.0 + bar_s * 12, factor)
        told = said(play(rushed, 3, Faults(onset_jitter_s=0.002)), "drift")
        bars = [int(n) for n in re.findall(r"bars (\d+)–(\d+)", told)[0]]
        assert how in told
        assert bars in ([9, 11], [10, 12])


def rushing(notes, from_s, until_s, factor):
    """The notes, those between two times at another tempo; the player then finds the beat again."""
    return [
        replace(n, onset_s=from_s + (n.onset_s - from_s) / factor, duration_s=n.duration_s / factor)
        if from_s <= n.onset_s < until_s
        else n
        for n in notes
    ]


def test_repeated_notes_that_ran_together_are_told_from_notes_that_were_left_out():
    song = load_song("jingle-bells")
    curve = play(song.melody_at(2.0), 3, Faults(gap_s=0.0))
    told = sentences_of(marks_of(curve, song))
    assert "repeated notes ran into the one before" in next(s.text for s in told if s.rule == "run-on")
    assert "missed" not in {s.rule for s in told}
    assert "run-on" not in rules(play(MELODY, 3, Faults(missed=0.3)))


def test_notes_put_in_between_are_named():
    many = []
    for n in MELODY:
        half = n.duration_s / 2
        many += [replace(n, duration_s=half), replace(n, onset_s=n.onset_s + half, duration_s=half, pitch=n.pitch + 5)]
    assert "notes were too many" in said(play(many, 3), "extra")


@pytest.mark.parametrize(
    ("faults", "rule"),
    [
        (Faults(onset_jitter_s=0.12), "all-pitches"),
        (Faults(missed=0.3), "best-phrase"),
        (Faults(missed=0.35), "weakest-phrase"),
        (Faults(cents=82), "outline"),
    ],
)
def test_what_went_well_and_what_did_not_is_said_in_its_own_sentence(faults, rule):
    said_by = {s.rule for seed in range(3, 9) for s in sentences_of(marks_of(play(MELODY, seed, faults)))}
    assert rule in said_by


def test_the_next_step_depends_on_the_marks():
    marks = marks_of(play(MELODY, 3))
    assert [s.rule for s in advice._next_steps(replace(marks, total=96.0))] == ["harder", "expression"]
    assert [s.rule for s in advice._next_steps(replace(marks, total=60.0))] == ["again", "listen"]
    assert [s.rule for s in advice._next_steps(replace(marks, total=20.0))] == ["slower", "listen"]


def test_every_rule_of_the_module_is_named_in_a_test():
    rules_there = set(re.findall(r'Sentence\(\s*"([a-z-]+)"', Path(advice.__file__).read_text()))
    tested = Path(__file__).read_text()
    assert len(rules_there) >= 20
    assert {rule for rule in rules_there if f'"{rule}"' not in tested} == set()
