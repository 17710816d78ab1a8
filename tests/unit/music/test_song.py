"""Songs in beats: bars, upbeats, what is wanted when, tempo and transposition."""

from fractions import Fraction

import pytest

from firmware_py.errors import SongError
from firmware_py.music.song_file import parse_song
from firmware_py.music.songs_library import load_song

SMALL = """
title = "Small"
composer = "Nobody"
year = 1900
free_because = "written here"
level = 1
tempo_bpm = 120
metre = "3/4"
key = "G major"
pickup = 1
melody = "D4 | G4:2 R | B4:3~ | B4:2"
chords = "G | G | D7"
"""


@pytest.fixture
def song():
    return parse_song(SMALL, "small")


def test_an_upbeat_lies_at_the_end_of_a_whole_bar_so_that_bar_lines_are_multiples_of_a_bar(song):
    assert [(n.onset, n.duration) for n in song.melody] == [(2, 1), (3, 2), (6, 5)]
    assert (song.pickup, song.bars, song.end) == (1, 4, 12)
    assert [song.bar_number(n.onset) for n in song.melody] == [0, 1, 2]


def test_without_an_upbeat_bars_count_from_one():
    assert load_song("ode-to-joy").bar_number(Fraction(4)) == 2


def test_wanted_names_the_note_now_and_the_next_through_rests_and_both_ends(song):
    upbeat, low, tied = song.melody
    cases = {-1.0: (None, upbeat), 1.0: (upbeat, low), 1.49: (upbeat, low), 1.5: (low, tied), 2.6: (None, tied)}
    cases |= {3.0: (tied, None), 5.4: (tied, None), 5.5: (None, None), 99.0: (None, None)}
    assert {s: (song.wanted_at(s).now, song.wanted_at(s).next) for s in cases} == cases


def test_the_melody_on_a_time_line_begins_at_the_first_bar_line(song):
    first = song.melody_at(10.0)[0]
    assert (first.onset_s, first.duration_s, first.pitch) == (11.0, 0.5, 62.0)
    assert song.at_tempo(60).melody_at(10.0)[0].onset_s == 12.0


def test_transposing_moves_melody_parts_chords_and_key_but_no_drums():
    song = load_song("ode-to-joy")
    moved = song.transposed(3)
    assert (moved.key, moved.low, moved.high) == ("F major", song.low + 3, song.high + 3)
    assert [c.symbol for c in moved.chords][:2] == ["F", "C7"]
    for before, after in zip(song.parts, moved.parts, strict=True):
        shift = 0 if before.drums else 3
        assert [n.midi + shift for n in before.notes] == [n.midi for n in after.notes]
    assert song.transposed(0) is song


def test_a_song_that_would_leave_the_range_of_midi_is_refused(song):
    with pytest.raises(SongError, match="MIDI"):
        song.transposed(60)


@pytest.mark.parametrize("tempo", [0, -3, float("inf"), float("nan")])
def test_an_impossible_tempo_is_refused(song, tempo):
    with pytest.raises(SongError, match="tempo"):
        song.at_tempo(tempo)
