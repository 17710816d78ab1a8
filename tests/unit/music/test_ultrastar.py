"""UltraStar's ten thousand points."""

import numpy as np
import pytest

from firmware_py.music.marks import marks_of
from firmware_py.music.songs_library import load_song
from firmware_py.music.ultrastar import rank_of, ultrastar_of
from tests.unit.music import players
from tests.unit.music.players import Faults, play

MELODY = load_song("ode-to-joy").melody_at(1.0)


def points(cents, bars=None):
    cents = np.asarray(cents, dtype=np.float64)
    return ultrastar_of(cents, np.arange(len(cents)), np.ones(len(cents)), bars).total


def test_all_right_is_ten_thousand_in_any_octave_and_silence_is_nothing():
    assert points([0, 40, -40, 1210, -2390]) == 10_000
    assert points([np.nan] * 4) == 0
    assert points([100, -100, 250, 600]) == 0


def test_notes_share_nine_thousand_and_lines_of_two_bars_one_thousand():
    assert points([0, 0, 0, np.nan], [1, 1, 1, 1]) == 7500
    assert points([0, 0, 0, np.nan], [1, 2, 2, 3]) == 7250  # of the two lines the second has nothing
    assert points([0, 0, np.nan, np.nan], [0, 1, 2, 3]) == 4500 + 500  # an upbeat is a line of its own: 1, ½, 0


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
