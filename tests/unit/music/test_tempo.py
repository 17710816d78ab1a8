"""The tempo of a performance, whole and bar by bar."""

from dataclasses import replace

import pytest

from firmware_py.music.marks import marks_for_song
from firmware_py.music.songs_library import load_song
from firmware_py.music.tempo import tempo_curve, tempo_ratio
from tests.unit.music import players
from tests.unit.music.players import Faults, play

SONG = load_song("ode-to-joy")
START_S = 2.0
MELODY = SONG.melody_at(START_S)
EVEN = Faults(onset_jitter_s=0.002, cents_jitter=2.0)


def rushed(notes, from_s, factor):
    """The notes, each second after ``from_s`` played in 1 / factor seconds."""

    def moved(s):
        return s if s < from_s else from_s + (s - from_s) / factor

    return [replace(n, onset_s=moved(n.onset_s), duration_s=moved(n.end_s) - moved(n.onset_s)) for n in notes]


def test_an_even_player_has_an_even_curve_on_the_beat():
    bars = marks_for_song(play(MELODY, 1, EVEN), SONG, START_S).bars
    assert [b.tempo_ratio for b in bars] == pytest.approx([1.0] * len(bars), abs=0.01)
    assert [b.late_ms for b in bars] == pytest.approx([0.0] * len(bars), abs=35.0)


def test_the_bars_in_which_a_player_rushes_are_seen_and_the_others_are_not():
    middle_s = START_S + SONG.seconds(SONG.bar_beats) * 8
    rushing = rushed(MELODY, middle_s, 1.06)
    bars = marks_for_song(play(rushing, 1, EVEN), SONG, START_S).bars
    found = {b.number: b.tempo_ratio for b in bars}
    assert [found[n] for n in range(1, 8)] == pytest.approx([1.0] * 7, abs=0.01)
    assert [found[n] for n in range(10, 15)] == pytest.approx([1.06] * 5, abs=0.012)


def test_bars_that_were_not_played_have_no_tempo():
    bars = marks_for_song(players.first_half(MELODY, 1), SONG, START_S).bars
    assert bars[-1].tempo_ratio is None
    assert bars[-1].late_ms is None
    assert bars[2].tempo_ratio is not None


def test_too_few_onsets_have_no_tempo_and_a_stray_does_not_bend_it():
    line = [(float(n), n * 0.97) for n in range(12)]
    assert tempo_ratio(line) == pytest.approx(1 / 0.97)
    assert tempo_ratio([*line[:5], (5.0, 5.6), *line[6:]]) == pytest.approx(1 / 0.97, abs=1e-3)
    assert tempo_ratio(line[:7]) == 1.0
    assert tempo_curve({1: line[:3]}) == {}
    assert tempo_curve({}) == {}
