"""The backing made from chords: complete, in range, of the harmony."""

import itertools
from fractions import Fraction

import pytest

from firmware_py.errors import SongError
from firmware_py.music.arranging import STYLES, arrange
from firmware_py.music.chords import parse_chord
from firmware_py.music.song import ScoreChord
from firmware_py.music.songs_library import known_songs, load_song


def chord_at(song, beat):
    return next(parse_chord(c.symbol) for c in song.chords if c.onset <= beat < c.onset + c.duration)


@pytest.mark.parametrize("name", known_songs())
@pytest.mark.parametrize("style", STYLES)
def test_every_note_lies_in_the_song_in_its_chord_and_in_a_range_that_sounds_well(name, style):
    song = load_song(name)
    parts = arrange(song.chords, beats_per_bar=song.beats_per_bar, beat_unit=song.beat_unit, end=song.end, style=style)
    assert (style == "none") == (parts == ())
    for part in parts:
        assert part.notes
        for note in part.notes:
            assert 0 <= note.onset < note.end <= song.end
            if not part.drums:
                chord = chord_at(song, note.onset)
                assert note.midi % 12 in {*chord.classes, chord.bass}
                assert (33 <= note.midi <= 45) if part.name == "Bass" else (43 <= note.midi <= 76)


@pytest.mark.parametrize("name", known_songs())
def test_the_bass_plays_the_root_where_each_chord_begins_and_never_two_notes_at_once(name):
    song = load_song(name)
    bass = next(p for p in song.parts if p.name == "Bass").notes
    starts = {n.onset: n.midi % 12 for n in bass}
    assert all(starts[c.onset] == parse_chord(c.symbol).bass for c in song.chords)
    assert all(b.onset >= a.end for a, b in itertools.pairwise(bass))


def test_pad_voices_move_by_small_steps():
    pad = next(p for p in load_song("ode-to-joy").parts if p.name == "Pad").notes
    chords = [sorted(n.midi for n in pad if n.onset == t) for t in sorted({n.onset for n in pad})]
    steps = [abs(a - b) for x, y in itertools.pairwise(chords) for a, b in zip(x, y, strict=True)]
    assert max(steps) <= 5


def test_drums_end_on_the_first_beat_of_the_last_bar():
    song = load_song("ode-to-joy")
    drums = next(p for p in song.parts if p.drums).notes
    assert max(n.onset for n in drums) == song.end - song.bar_beats


def test_an_unknown_style_is_refused():
    with pytest.raises(SongError, match=r"'punk'.*band"):
        arrange(
            [ScoreChord(Fraction(0), Fraction(4), "C")], beats_per_bar=4, beat_unit=4, end=Fraction(4), style="punk"
        )
