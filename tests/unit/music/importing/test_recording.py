"""Recordings: what plays as a backing, at its own rate and length, and what is no recording."""

import subprocess

import numpy as np
import pytest
import soundfile

from firmware_py.errors import SongError
from firmware_py.music.importing import recording
from firmware_py.music.importing.reading import read_foreign
from firmware_py.music.importing.recording import seconds_of, write_flac

TONE = 0.5 * np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100)


@pytest.fixture
def sound(tmp_path):
    def writing(name="tune.wav", samples=TONE, rate=44_100, **how):
        path = tmp_path / name
        soundfile.write(path, samples, rate, **how)
        return path

    return writing


@pytest.mark.parametrize("name", ["tune.wav", "tune.flac", "tune.ogg", "tune.mp3"])
def test_a_sound_file_is_a_song_without_notes(sound, name):
    found = read_foreign(sound(name))
    assert found.song.melody == ()
    assert found.song.title == "tune"
    assert found.song.recording.seconds == pytest.approx(1.0, abs=0.06)
    assert "freely" in found.remarks[0]


def test_what_is_written_as_flac_is_the_same_sound(sound, tmp_path):
    seconds = write_flac(sound(samples=np.stack([TONE, -TONE, TONE], axis=1)), tmp_path / "out.flac")
    kept, rate = soundfile.read(tmp_path / "out.flac")
    assert (seconds, rate, kept.shape) == (1.0, 44_100, (44_100, 2))
    assert np.abs(kept - np.stack([TONE, -TONE], axis=1)).max() < 1e-4


def test_samples_that_are_no_numbers_become_silence(sound, tmp_path):
    wild = TONE.copy()
    wild[::7] = np.nan
    wild[3::7] = np.inf
    write_flac(sound(samples=wild, subtype="FLOAT"), tmp_path / "out.flac")
    kept, _ = soundfile.read(tmp_path / "out.flac")
    assert np.all(np.isfinite(kept))


def test_what_only_ffmpeg_knows_is_decoded_by_it(sound, tmp_path):
    path = tmp_path / "tune.m4a"
    subprocess.run(["ffmpeg", "-v", "error", "-i", sound(), "-c:a", "aac", path], check=True, timeout=60)
    assert seconds_of(path) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("text", ["#EXTM3U\n#EXTINF:1,\n{}\n", "ffconcat version 1.0\nfile '{}'\n"])
def test_a_list_of_other_files_is_no_recording(sound, tmp_path, text):
    path = tmp_path / "list.m4a"
    path.write_text(text.format(sound().name))
    with pytest.raises(SongError, match="no sound that can be read"):
        seconds_of(path)


def test_without_ffmpeg_it_is_said_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(recording.shutil, "which", lambda _: None)
    path = tmp_path / "tune.m4a"
    path.write_bytes(b"\0\0\0\x18ftypM4A " + bytes(100))
    with pytest.raises(SongError, match="install ffmpeg"):
        seconds_of(path)


def test_one_that_is_too_long_empty_or_not_there_is_refused(sound, tmp_path):
    with pytest.raises(SongError, match="lasts 11 minutes; a song lasts at most 10"):
        read_foreign(sound("long.wav", np.zeros(8000 * 660, np.int16), 8000))
    with pytest.raises(SongError, match="the recording is empty"):
        read_foreign(sound("none.wav", np.zeros(0)))
    with pytest.raises(SongError, match="is not there; name the recording"):
        seconds_of(tmp_path / "gone.wav")
    with pytest.raises(SongError, match="which has no tracks"):
        read_foreign(sound(), track="1")
    (tmp_path / "empty.mid").write_bytes(b"")
    with pytest.raises(SongError, match="is empty"):
        read_foreign(tmp_path / "empty.mid")
