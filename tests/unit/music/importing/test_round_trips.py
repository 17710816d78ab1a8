"""A song that goes out as MIDI or MusicXML comes back as it was: by our own readers, and by music21's."""

from fractions import Fraction

import pytest

from firmware_py.music.importing.reading import read_foreign
from firmware_py.music.song_file import WRITTEN, format_song, parse_song
from firmware_py.music.song_midi import song_midi
from firmware_py.music.songs_library import known_songs, load_song
from firmware_py.report.musicxml import musicxml_of
from firmware_py.report.song_sheet import song_sheet
from tests.unit.music.foreign_files import BASS, DRUMS, ODD_SONGS, SCALE, facts_of, song_of

SONGS = {name: load_song(name) for name in known_songs()} | ODD_SONGS
NAMES = sorted(SONGS)


@pytest.fixture(scope="module")
def music21():
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import music21

    return music21


@pytest.mark.parametrize("name", NAMES)
def test_a_song_comes_back_from_midi_with_its_tempo(name, read):
    back = read(song_midi(SONGS[name])).song
    assert facts_of(back) == facts_of(SONGS[name])
    assert back.tempos == SONGS[name].tempos
    assert back.tempo_bpm == pytest.approx(SONGS[name].tempo_bpm, abs=0.001)
    assert back.title == SONGS[name].title


@pytest.mark.parametrize("name", NAMES)
def test_a_song_comes_back_from_musicxml(name, read):
    back = read(musicxml_of(song_sheet(SONGS[name]))).song
    assert facts_of(back) == facts_of(SONGS[name])
    assert (back.title, back.composer) == (SONGS[name].title, SONGS[name].composer)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_imported_reads_in_music21_as_the_same_notes(name, read, music21):
    song = read(song_midi(SONGS[name])).song
    score = music21.converter.parseData(musicxml_of(song_sheet(song)).decode(), format="musicxml")
    first = song.bar_beats - song.pickup if song.pickup else 0
    found = [
        (
            Fraction(n.offset).limit_denominator(96) + first,
            Fraction(n.quarterLength).limit_denominator(96),
            n.pitch.midi,
        )
        for n in score.stripTies().flatten().notes
    ]
    assert found == [(n.onset, n.duration, n.midi) for n in SONGS[name].melody]


@pytest.mark.parametrize("name", NAMES)
def test_an_imported_song_is_written_as_a_song_file_and_read_again_the_same(name, read):
    song = read(song_midi(SONGS[name])).song
    assert parse_song(format_song(song), song.name) == song


def test_the_other_tracks_of_a_midi_file_are_the_backing(read):
    back = read(song_midi(song_of(SCALE, parts=(BASS, DRUMS)))).song
    assert back.backing == WRITTEN
    assert [(p.name, p.program, p.drums) for p in back.parts] == [("Bass", 32, False), ("Drums", 0, True)]
    assert [p.notes for p in back.parts] == [BASS.notes, DRUMS.notes]


def test_a_song_that_was_imported_twice_is_the_same_song(read, tmp_path):
    content = song_midi(SONGS["greensleeves"])
    (tmp_path / "again").write_bytes(content)
    assert read(content).song == read_foreign(tmp_path / "again").song
