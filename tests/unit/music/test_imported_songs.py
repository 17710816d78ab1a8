"""Imported songs: kept whole or not at all, in a song file's own words, and gone again when they are removed."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from firmware_py.config import PlaySettings
from firmware_py.errors import SongError
from firmware_py.music import imported_songs
from firmware_py.music.imported_songs import keep_song, remove_song
from firmware_py.music.song import Part, Recording, ScoreNote
from firmware_py.music.songs_library import as_played, known_songs, load_song, mapping_for, summary
from firmware_py.music.tempo_map import TempoChange
from tests.unit.music.foreign_files import BASS, DRUMS, ODD_SONGS, SCALE, F, song_of

TUNE = replace(song_of(SCALE, parts=(BASS, DRUMS)), name="tune", backing="written")


@pytest.fixture
def recorded(tmp_path):
    path = tmp_path / "sound.wav"
    soundfile.write(path, np.linspace(-0.5, 0.5, 8000), 8000)
    return replace(TUNE, parts=(), backing="none", recording=Recording(str(path), 0.25, 1.0))


def test_a_kept_song_is_known_by_its_name_and_is_the_same(tmp_path):
    folder = tmp_path / "songs"
    keep_song(TUNE, folder)
    assert "tune" in known_songs((folder,))
    assert load_song("tune", (folder,)) == TUNE
    remove_song("tune", folder)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ODD_SONGS)
def test_odd_songs_are_kept_the_same(tmp_path, name):
    song = replace(ODD_SONGS[name], backing="none")
    keep_song(song, tmp_path)
    assert load_song("x", (tmp_path,)) == song


def test_parts_and_tempos_of_a_long_song_keep_their_places(tmp_path):
    late = F(1500 * 960 + 1, 960)
    melody = (ScoreNote(F(0), F(4), 60), ScoreNote(F(1600), F(4), 60))
    bass = Part("Bass", 32, (ScoreNote(late, F(1, 960), 40),))
    song = song_of(melody, parts=(bass,), tempo=300.0, tempos=(TempoChange(late, 290.0),))
    keep_song(replace(song, backing="written"), tmp_path)
    kept = load_song("x", (tmp_path,))
    assert (kept.parts, kept.tempos) == ((bass,), song.tempos)


def test_a_recording_is_kept_beside_its_song_and_goes_with_it(tmp_path, recorded):
    folder = tmp_path / "songs"
    keep_song(recorded, folder)
    kept = load_song("tune", (folder,))
    assert kept.recording.file.startswith(str(folder / "tune."))
    assert (kept.recording.start_s, kept.recording.seconds) == (0.25, 1.0)
    assert soundfile.info(kept.recording.file).format == "FLAC"
    keep_song(TUNE, folder, instead=True)
    assert [path.name for path in folder.iterdir()] == ["tune.toml"]


def test_a_name_that_is_taken_or_none_is_refused(tmp_path):
    keep_song(TUNE, tmp_path)
    with pytest.raises(SongError, match=r"is there already.*--replace"):
        keep_song(TUNE, tmp_path)
    with pytest.raises(SongError, match="comes with Hand Dance"):
        keep_song(replace(TUNE, name="twinkle"), tmp_path, taken=frozenset(["twinkle"]))
    for name in ("", "../x", "a/b", "free", "A b", "x" * 61):
        with pytest.raises(SongError, match="cannot be a song's name"):
            keep_song(replace(TUNE, name=name), tmp_path)
    with pytest.raises(SongError, match=r"no imported song .*imported are: tune"):
        remove_song("twinkle", tmp_path)


def test_a_failure_while_it_is_written_leaves_what_was_there(tmp_path, recorded, monkeypatch):
    keep_song(TUNE, tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(imported_songs.os, "replace", full)
    with pytest.raises(SongError, match=r"No space left on device.*make room"):
        keep_song(recorded, tmp_path, instead=True)
    assert load_song("tune", (tmp_path,)) == TUNE
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_a_song_with_a_recording_keeps_its_tempo_and_key(recorded):
    assert as_played(recorded, tempo_percent=100.0) == recorded
    assert as_played(recorded, transpose=-12).low == recorded.low - 12
    with pytest.raises(SongError, match=r"recording as its backing.*set play.tempo_percent to 100"):
        as_played(recorded, tempo_percent=80.0)
    with pytest.raises(SongError, match=r"set play\.transpose to 0, or to 12"):
        as_played(recorded, transpose=2)


def test_over_a_recording_without_notes_one_plays_freely(recorded):
    alone = replace(recorded, melody=(), beats_per_bar=1, tempo_bpm=60.0)
    assert mapping_for(alone, PlaySettings()) == mapping_for(None, PlaySettings())
    assert (summary(alone).seconds, summary(alone).parts) == (1.0, ("Recording",))


def test_a_songs_changes_of_tempo_keep_their_proportion():
    song = as_played(ODD_SONGS["changes of tempo"], tempo_percent=50.0)
    assert (song.tempo_bpm, [c.bpm for c in song.tempos]) == (60.0, [45.0, 30.0])
    assert song.tempo_map.beat_at(song.seconds(7)) == pytest.approx(7)
    assert song.wanted_at(song.seconds(6.5)).now == song.melody[6]
