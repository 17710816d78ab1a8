"""A passage to practise: a song of its own, cut at bar lines, repeated, with its metre and tempo right each time."""

from contextlib import suppress
from dataclasses import replace
from fractions import Fraction

import pytest

from firmware_py.errors import SongError
from firmware_py.music.bars import MetreChange
from firmware_py.music.judge import BarMark
from firmware_py.music.passage import WHOLE, Passage, bars_of_song, passage, with_bars
from firmware_py.music.song import Part, Recording, ScoreChord, ScoreNote, Song
from firmware_py.music.songs_library import as_played, known_songs, load_song
from firmware_py.music.tempo_map import TempoChange


def notes(*written: tuple[int, int, int]) -> tuple[ScoreNote, ...]:
    return tuple(ScoreNote(Fraction(onset), Fraction(beats), midi) for onset, beats, midi in written)


SONG = Song(
    name="small",
    title="Small",
    composer="Nobody",
    year=1900,
    free_because="written here",
    level=1,
    tempo_bpm=120.0,
    beats_per_bar=4,
    beat_unit=4,
    key="C major",
    melody=notes((0, 4, 60), (4, 2, 62), (6, 4, 64), (10, 2, 65), (12, 3, 67), (15, 3, 69)),  # 4/4 4/4 4/4 3/4 3/4
    parts=(
        Part("Pads", 88, notes((2, 8, 48), (12, 6, 50))),
        Part("Drums", 0, notes((0, 4, 36), (3, 2, 38), (8, 1, 36)), drums=True),
    ),
    chords=(ScoreChord(Fraction(0), Fraction(8), "C"), ScoreChord(Fraction(8), Fraction(10), "G7")),
    tempos=(TempoChange(Fraction(4), 60.0), TempoChange(Fraction(10), 90.0)),
    metres=(MetreChange(Fraction(12), 3, 4),),
)


def onsets(written: tuple[ScoreNote, ...]) -> list[tuple[int, int, int]]:
    return [(int(n.onset), int(n.duration), n.midi) for n in written]


def test_the_whole_song_once_is_the_song_itself():
    assert passage(SONG, WHOLE) is SONG


def test_notes_held_over_its_borders_are_cut_and_a_drum_is_not_struck_again():
    made = passage(SONG, Passage(2, 2))
    assert onsets(made.melody) == [(0, 2, 62), (2, 2, 64)]
    assert onsets(made.parts[0].notes) == [(0, 4, 48)]
    assert onsets(made.parts[1].notes) == []
    assert [(c.onset, c.duration, c.symbol) for c in made.chords] == [(0, 4, "C")]
    assert made.title == "Small (bar 2)"


def test_each_time_follows_the_one_before_without_a_gap():
    made = passage(SONG, Passage(2, 3, times=3))
    assert onsets(made.melody)[:3] == [(0, 2, 62), (2, 4, 64), (6, 2, 65)]
    assert [n - 8 for n, _, _ in onsets(made.melody)[3:6]] == [0, 2, 6]
    assert (made.bars, made.title) == (6, "Small (bars 2 to 3, 3 times)")


def test_every_time_begins_at_the_tempo_and_in_the_metre_of_its_place():
    made = passage(SONG, Passage(3, 4, times=2))
    assert (made.tempo_bpm, made.tempos) == (
        60.0,
        (TempoChange(Fraction(2), 90.0), TempoChange(Fraction(7), 60.0), TempoChange(Fraction(9), 90.0)),
    )
    assert (made.beats_per_bar, made.bar_grid.length_of(1), made.bar_grid.length_of(2)) == (4, 3, 4)
    assert made.seconds(made.end) == pytest.approx(2 * (SONG.seconds(15) - SONG.seconds(8)))


def test_a_passage_within_one_tempo_has_no_change_of_it():
    made = passage(SONG, Passage(1, 1, times=4))
    assert (made.tempo_bpm, made.tempos, made.metres) == (120.0, (), ())


def test_it_rises_by_per_cent_of_the_songs_own_tempo_each_time():
    made = as_played(SONG, tempo_percent=70, practised=Passage(1, 1, times=4, rise=10 / 70))
    assert [made.tempo_bpm, *(t.bpm for t in made.tempos)] == pytest.approx([84, 96, 108, 120])


def test_an_upbeat_belongs_to_a_passage_from_the_beginning_and_to_no_other():
    song = load_song("amazing-grace")
    assert song.pickup
    assert passage(song, Passage(0, 2)).pickup == song.pickup
    later = passage(song, Passage(1, 2))
    assert (later.pickup, later.bar_number(later.melody[0].onset)) == (0, 1)


@pytest.mark.parametrize("name", known_songs())
def test_every_shipped_song_cut_into_bars_and_put_together_sounds_as_long_as_before(name):
    song = load_song(name)
    beats = Fraction(0)
    for bar in range(1, song.bars + (0 if song.pickup else 1)):
        with suppress(SongError):  # a bar of rests
            beats += sum(n.duration for n in passage(song, Passage(bar, bar)).melody)
    upbeat = sum(min(n.end, song.bar_beats) - n.onset for n in song.melody if n.onset < song.bar_beats)
    assert beats + (upbeat if song.pickup else 0) == sum(n.duration for n in song.melody)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Passage(6, 0), "--from names bar 6; small has bars 1 to 5"),
        (Passage(2, 9), "--to names bar 9; small has bars 1 to 5"),
        (Passage(3, 2), "from bar 3 to bar 2 runs backwards"),
        (Passage(times=0), "at least once"),
        (Passage(times=900), "900 times bars 1 to 5 of small last .* minutes; 60 can be practised"),
    ],
)
def test_a_passage_that_cannot_be_is_refused_with_what_there_is(asked, says):
    with pytest.raises(SongError, match=says):
        passage(SONG, asked)


def test_a_passage_of_rests_is_refused():
    with pytest.raises(SongError, match="no note to play in bar 1"):
        passage(replace(SONG, melody=SONG.melody[1:]), Passage(1, 1))


def test_a_song_over_a_recording_is_played_whole():
    recorded = replace(SONG, recording=Recording("take.wav", 0.0, 10.0))
    with pytest.raises(SongError, match=r"recording as its backing.*leave out --from, --to and --loop"):
        passage(recorded, Passage(2, 3))
    assert passage(recorded, WHOLE) is recorded


def test_its_bars_are_named_where_they_were_left_open():
    assert with_bars(SONG, Passage(2, 0, 3)) == Passage(2, 5, 3)
    assert with_bars(SONG, Passage(times=2)) == Passage(1, 5, 2)
    assert with_bars(load_song("amazing-grace"), Passage(to_bar=4)) == Passage(0, 4)
    assert with_bars(SONG, WHOLE) == WHOLE


def test_what_became_of_a_bar_each_time_is_told_together_under_its_number_in_the_song():
    played = (
        BarMark(1, 0.2, 1, 4, 90.0, 1.1),
        BarMark(2, 1.0, 4, 4, None, None),
        BarMark(3, 0.6, 3, 4, 10.0, 1.0),
        BarMark(4, 0.5, 2, 4, 20.0, None),
    )
    assert bars_of_song(Passage(5, 6, 2), played) == (
        BarMark(5, pytest.approx(0.4), 4, 8, 50.0, pytest.approx(1.05)),
        BarMark(6, 0.75, 6, 8, 20.0, None),
    )
    assert bars_of_song(WHOLE, played) == played


def test_a_bar_of_a_passage_is_known_as_the_bar_of_the_song_that_it_is():
    assert [Passage(5, 7, 2).bar_of_song(n) for n in range(1, 7)] == [5, 6, 7, 5, 6, 7]
    assert [Passage(0, 1, 2).bar_of_song(n) for n in range(4)] == [0, 1, 0, 1]
    assert WHOLE.bar_of_song(9) == 9
