"""Songs wider than a reach: within it by octaves, and told where."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.config import PlaySettings
from firmware_py.music.folding import Folded, folded, told_apart
from firmware_py.music.passage import Passage
from firmware_py.music.reach import Reach
from firmware_py.music.song import ScoreNote
from firmware_py.music.songs_library import as_played, known_songs, load_song, span_for
from tests.unit.music.foreign_files import F, notes, song_of

WIDE = song_of(notes((0, 4, 60), (4, 4, 64), (8, 2, 91), (10, 2, 67), (12, 4, 33), (16, 4, 72)))


def test_the_usual_reach_plays_every_shipped_song_as_it_is_written():
    for name in known_songs():
        assert span_for(load_song(name), PlaySettings()) == 0


@pytest.mark.parametrize(("ratio", "semitones"), [(10, 39), (3, 18), (2, 11)])
def test_a_longer_reach_tells_more_semitones_apart(ratio, semitones):
    assert told_apart(Reach(0.05, 0.05 * ratio)) == semitones


def test_notes_outside_are_played_in_the_nearest_octave_within_and_their_bars_are_told():
    found = folded(WIDE, 12)
    assert [n.midi for n in found.song.melody] == [60, 64, 67, 67, 69, 72]
    assert found.bars == (3, 4)
    assert [(n.onset, n.duration) for n in found.song.melody] == [(n.onset, n.duration) for n in WIDE.melody]


def test_a_song_that_fits_stays_as_it_is():
    assert folded(WIDE, 58) == Folded(WIDE)
    assert folded(replace(WIDE, melody=()), 12).bars == ()


def test_a_passage_is_folded_as_the_whole_song_is():
    alone = as_played(WIDE, practised=Passage(4, 4), span=12)
    assert [n.midi for n in alone.melody] == [69]


def test_who_sets_it_off_plays_as_written():
    short = Reach(0.05, 0.1)
    assert span_for(WIDE, PlaySettings(), short) == 12
    assert span_for(WIDE, PlaySettings(fold="off"), short) == 0


@given(st.lists(st.integers(0, 127), min_size=1, max_size=40), st.integers(0, 60))
def test_whatever_the_song_it_fits_and_every_note_keeps_its_name(pitches, semitones):
    song = song_of(tuple(ScoreNote(F(n), F(1), midi) for n, midi in enumerate(pitches)))
    found = folded(song, semitones).song
    assert found.high - found.low <= max(12, semitones)
    assert [n.midi % 12 for n in found.melody] == [midi % 12 for midi in pitches]
