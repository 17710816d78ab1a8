"""A growing WAV: readable at every instant, exact in length, never written over."""

import os
import struct

import numpy as np
import pytest
import soundfile

from firmware_py.sound.wav_file import HEADER_BYTES, WavFile, wav_header


def tone(frames, value=1000):
    return np.full((frames, 2), value, np.int16).tobytes()


def test_a_new_file_is_an_empty_wav(tmp_path):
    wav = WavFile(tmp_path / "a.wav", 48_000)
    info = soundfile.info(tmp_path / "a.wav")
    assert (info.frames, info.samplerate, info.channels, info.subtype) == (0, 48_000, 2, "PCM_16")
    wav.close()


def test_the_file_is_a_wav_of_the_last_sync_at_every_instant(tmp_path):
    path = tmp_path / "a.wav"
    wav = WavFile(path, 44_100)
    for n in range(1, 6):
        wav.write_at(wav.frames, tone(1000, n))
        assert soundfile.info(path).frames == 1000 * (n - 1)
        wav.sync()
        sound, _ = soundfile.read(path, dtype="int16")
        assert len(sound) == 1000 * n
        assert sound[-1].tolist() == [n, n]
    wav.close()


def test_skipped_frames_are_silence_at_their_place(tmp_path):
    path = tmp_path / "a.wav"
    wav = WavFile(path, 48_000)
    wav.write_at(0, tone(10))
    wav.write_at(50, tone(10))
    wav.sync()
    wav.close()
    sound, _ = soundfile.read(path, dtype="int16")
    assert np.flatnonzero(sound[:, 0]).tolist() == [*range(10), *range(50, 60)]


def test_what_is_written_is_never_written_over(tmp_path):
    path = tmp_path / "a.wav"
    wav = WavFile(path, 48_000)
    assert wav.write_at(0, tone(10, 1)) == 10
    assert wav.write_at(5, tone(10, 2)) == 5
    assert wav.write_at(2, tone(4, 3)) == 0
    wav.sync()
    wav.close()
    assert soundfile.read(path, dtype="int16")[0][:, 0].tolist() == [1] * 10 + [2] * 5


def test_a_file_that_is_there_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        WavFile(path, 48_000)
    assert path.read_bytes() == b"mine"


@pytest.mark.parametrize("frames", [0, 700, 1000, 1500])
def test_cut_or_padded_to_the_frame(tmp_path, frames):
    path = tmp_path / "a.wav"
    wav = WavFile(path, 48_000)
    wav.write_at(0, tone(1000))
    wav.cut_or_pad(frames)
    wav.close()
    sound, _ = soundfile.read(path, dtype="int16")
    assert len(sound) == frames
    assert np.count_nonzero(sound[:, 0]) == min(frames, 1000)
    assert path.stat().st_size == HEADER_BYTES + 4 * frames


def test_closing_leaves_out_what_the_header_does_not_tell_of(tmp_path):
    path = tmp_path / "a.wav"
    wav = WavFile(path, 48_000)
    wav.write_at(0, tone(100))
    wav.sync()
    wav.write_at(100, tone(100))
    wav.close()
    wav.close()
    assert path.stat().st_size == HEADER_BYTES + 400


def test_past_four_gib_the_header_is_rf64_of_the_same_length(tmp_path):
    frames = 1_200_000_000
    header = wav_header(frames, 48_000)
    assert len(header) == HEADER_BYTES == len(wav_header(10, 48_000))
    assert header[:4] == b"RF64"
    assert struct.unpack_from("<QQQ", header, 20) == (4 * frames + HEADER_BYTES - 8, 4 * frames, frames)
    path = tmp_path / "long.wav"
    path.write_bytes(header)
    os.truncate(path, HEADER_BYTES + 4 * frames)  # a hole: no disk is used
    assert soundfile.info(path).frames == frames


def test_a_recording_that_grows_past_four_gib_stays_readable_on_both_sides_of_the_border(tmp_path):
    border = (0xFFFF_FFFF - HEADER_BYTES) // 4
    path = tmp_path / "long.wav"
    wav = WavFile(path, 48_000)
    wav.write_at(0, tone(100, 1))
    wav.write_at(border - 50, tone(50, 2))  # between them a hole: no disk is used
    wav.sync()
    for frames, form in ((border, b"RIFF"), (border + 50, b"RF64"), (border + 100, b"RF64")):
        if frames > wav.frames:
            wav.write_at(wav.frames, tone(frames - wav.frames, 3))
            wav.sync()
        with path.open("rb") as file:
            assert file.read(4) == form
        with soundfile.SoundFile(path) as sound:
            assert sound.frames == frames
            sound.seek(frames - 50)
            assert set(sound.read(dtype="int16")[:, 0].tolist()) == {2 if frames == border else 3}
            sound.seek(0)
            assert sound.read(200, dtype="int16")[:, 0].tolist() == [1] * 100 + [0] * 100
    wav.close()
    assert path.stat().st_size == HEADER_BYTES + 4 * (border + 100)


def test_room_is_set_aside_without_making_the_file_longer_and_given_back_at_the_end(tmp_path):
    path = tmp_path / "a.wav"
    wav = WavFile(path, 48_000)
    wav.write_at(0, tone(1000))
    wav.sync()
    used = path.stat().st_blocks
    wav.reserve(100_000)
    assert wav.reserved_frames == 100_000
    assert path.stat().st_size == HEADER_BYTES + 4000
    assert (path.stat().st_blocks - used) * 512 >= 380_000
    wav.write_at(1000, tone(1000))
    assert wav.reserved_frames == 99_000
    wav.sync()
    wav.close()
    assert path.stat().st_size == HEADER_BYTES + 8000
    assert path.stat().st_blocks * 512 <= 20_000


def test_room_that_is_not_there_is_an_oserror_and_leaves_the_file_as_it_is(tmp_path):
    path = tmp_path / "a.wav"
    wav = WavFile(path, 48_000)
    wav.write_at(0, tone(10))
    wav.sync()
    with pytest.raises(OSError, match=r"No space left|File too large"):
        wav.reserve(1 << 44)
    assert wav.reserved_frames == 0
    wav.close()
    assert soundfile.info(path).frames == 10
