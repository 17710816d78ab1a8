"""What is wanted now and next: the note, the seconds left and until, the bar and beat, and whether a pitch is right."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.music.follow import Follower
from firmware_py.music.song_file import parse_song
from firmware_py.music.songs_library import load_song
from tests.unit.music.test_song import SMALL

SONG = parse_song(SMALL, "small")  # 3/4 at 120: an upbeat D4 at 1.0 s, G4 1.5…2.5, rest, B4 3.0…5.5
UPBEAT, LOW, TIED = SONG.melody


@pytest.mark.parametrize(
    ("song_s", "now", "following", "left_s", "until_s"),
    [
        (-1.0, None, UPBEAT, 0.0, 2.0),
        (1.1, UPBEAT, LOW, 0.4, 0.4),
        (1.5, LOW, TIED, 1.0, 1.5),
        (2.75, None, TIED, 0.0, 0.25),
        (3.5, TIED, None, 2.0, 0.0),
        (99.0, None, None, 0.0, 0.0),
    ],
)
def test_it_names_both_notes_and_counts_down_to_them(song_s, now, following, left_s, until_s):
    found = Follower(SONG).at(song_s)
    assert (found.now, found.next) == (now, following)
    assert (found.left_s, found.until_s) == (pytest.approx(left_s), pytest.approx(until_s))


def test_bars_are_those_of_the_page_and_beats_are_counted_in_them():
    follower = Follower(SONG)
    assert [(f.bar, f.beat) for f in map(follower.at, (-0.1, 0.0, 1.1, 1.6, 2.9, 3.0))] == [
        (-1, 3),
        (0, 1),
        (0, 3),
        (1, 1),
        (1, 3),
        (2, 1),
    ]


def test_a_pitch_is_right_in_any_octave_up_to_where_the_marks_give_it_its_full_worth():
    found = Follower(SONG).at(1.6)  # G4 is wanted
    assert [found.is_right(p) for p in (67.0, 67.39, 66.61, 55.0, 79.2, 67.41, 66.5, 61.0)] == [True] * 5 + [False] * 3
    assert found.cents_off(66.5) == pytest.approx(-50)
    assert found.cents_off(54.75) == pytest.approx(-25)


def test_nothing_is_right_or_wrong_in_a_rest_or_in_silence():
    follower = Follower(SONG)
    assert follower.at(2.75).is_right(67.0) is None
    assert follower.at(1.6).is_right(math.nan) is None


@given(st.floats(-20, 200))
def test_it_agrees_with_the_song_at_every_instant(song_s):
    song = load_song("greensleeves")
    found, wanted = Follower(song).at(song_s), song.wanted_at(song_s)
    assert found.next == wanted.next or abs(found.until_s) < 1e-9 or found.left_s < 1e-9
    assert found.until_s >= 0
    assert found.left_s >= 0
