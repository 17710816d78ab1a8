"""UltraStar's ten thousand points."""

import numpy as np
import pytest

from firmware_py.music.marks import marks_for_song, marks_of
from firmware_py.music.songs_library import known_songs, load_song
from firmware_py.music.ultrastar import rank_of, ultrastar_of
from tests.unit.music import players
from tests.unit.music.players import Faults, play

MELODY = load_song("ode-to-joy").melody_at(1.0)


def points(cents, bars=None, counted=None):
    """Each instant is a note of one beat."""
    cents = np.asarray(cents, dtype=np.float64)
    counted = np.ones(len(cents), bool) if counted is None else np.asarray(counted)
    return ultrastar_of(cents, counted, np.arange(len(cents)), np.ones(len(cents)), bars, 1.0).total


def points_of_one_note(cents, counted=None):
    """One note of a second in beats of a quarter."""
    cents = np.asarray(cents, dtype=np.float64)
    counted = np.ones(len(cents), bool) if counted is None else np.asarray(counted)
    return ultrastar_of(cents, counted, np.zeros(len(cents), int), np.ones(1), None, 0.25).total


def test_all_right_is_ten_thousand_in_any_octave_and_silence_is_nothing():
    assert points([0, 40, -40, 1210, -2390]) == 10_000
    assert points([np.nan] * 4) == 0
    assert points([100, -100, 250, 600]) == 0


def test_notes_share_nine_thousand_and_lines_of_two_bars_one_thousand():
    assert points([0, 0, 0, np.nan], [1, 1, 1, 1]) == 7500
    assert points([0, 0, 0, np.nan], [1, 2, 2, 3]) == 7250  # of the two lines the second has nothing
    assert points([0, 0, np.nan, np.nan], [0, 1, 2, 3]) == 4500 + 500  # an upbeat is a line of its own: 1, ½, 0


def test_a_beat_is_won_or_lost_whole():
    right, wrong = [0.0], [200.0]
    assert points_of_one_note(right * 8) == 10_000
    assert points_of_one_note(wrong + right * 7) == 10_000  # half of the first beat is enough
    assert points_of_one_note(wrong * 3 + right * 5) == 7500
    assert points_of_one_note(right * 3 + wrong * 5) == 5000


def test_what_is_free_is_taken_for_what_it_leads_to_or_follows():
    free, asked = [False], [True]
    assert points_of_one_note([200.0] * 2 + [0.0] * 6, free * 2 + asked * 6) == 10_000
    assert points_of_one_note([0.0] * 6 + [np.nan] * 2, asked * 6 + free * 2) == 10_000
    assert points_of_one_note([np.nan] * 8, asked * 6 + free * 2) == 0
    assert points([0, np.nan], [1, 1], [True, False]) == 5000  # a neighbour's beat stands for nothing


@pytest.mark.parametrize("name", known_songs())
@pytest.mark.parametrize("gap_s", [0.0, 0.060, 0.110])
def test_a_perfect_player_comes_near_ten_thousand_on_every_song(name, gap_s):
    song = load_song(name)
    melody = song.melody_at(2.0)
    for seed in (20_260, 20_261):
        found = marks_for_song(play(melody, seed, Faults(gap_s=gap_s)), song, 2.0).ultrastar
        assert found.total >= 9_900, f"{name}, seed {seed}: {found.total}"
        assert found.rank == "Ultrastar"


def test_a_line_that_lacks_two_points_counts_as_whole():
    beats = np.arange(4500)  # of two points each, nine in a line
    lines = (2 * (beats // 9) + 1).tolist()
    assert points(np.where(beats % 9 == 4, np.nan, 0.0), lines) == 8000 + 1000
    assert points(np.where(beats % 9 >= 7, np.nan, 0.0), lines) == 7000 + 880  # 14 of 16 points


@pytest.mark.parametrize(
    ("total", "rank"),
    [(0, "Tone Deaf"), (2010, "Amateur"), (5000, "Wannabe"), (9000, "Superstar"), (10_000, "Ultrastar")],
)
def test_ranks_are_those_of_the_game(total, rank):
    assert rank_of(total) == rank


def test_a_good_player_is_an_ultrastar_and_a_poor_one_is_not():
    assert marks_of(play(MELODY, 1), MELODY).ultrastar.rank == "Ultrastar"
    assert marks_of(play(MELODY, 1, Faults(wrong=0.8)), MELODY).ultrastar.total < 5000
    assert marks_of(players.silent(MELODY), MELODY).ultrastar.total == 0
