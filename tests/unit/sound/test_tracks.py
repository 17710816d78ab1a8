"""A session with a microphone: two WAV files, one clock, the same promises, on whatever disk."""

import errno
import os

import numpy as np
import pytest
import soundfile

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.errors import SessionFolderError
from firmware_py.lanes import BLOCK_FRAMES, MIC_BLOCK, MIC_FRAMES
from firmware_py.sound.wav_file import HEADER_BYTES, WavFile, complete_wav

from .test_recorder import RATE_HZ, Studio, block, ring


def room_block(first_frame):
    """A block of the microphone whose samples say which frame they are, in minus."""
    made = np.zeros((), MIC_BLOCK)
    made["first_frame"], made["frames"] = first_frame, MIC_FRAMES
    made["samples"] = -((np.arange(MIC_FRAMES) + first_frame) % 30_000 + 1)
    return made.tobytes()


class LiveStudio(Studio):
    def __init__(self, path, **more):
        self.microphone = ring(256, MIC_BLOCK.itemsize)
        super().__init__(path, tape_mic=self.microphone, **more)

    def hear(self, *first_frames):
        for first in first_frames:
            assert self.microphone.push(room_block(first))

    def room(self):
        return soundfile.read(self.folder.file(SessionFolder.MICROPHONE), dtype="int16")[0]


def frames(first, end):
    return [-(n % 30_000 + 1) for n in range(first, end)]


def test_the_room_is_recorded_frame_by_frame_beside_the_sound(tmp_path):
    there = LiveStudio(tmp_path)
    there.play(block(0), block(256))
    there.hear(0, 128, 256, 384)
    there.recorder.finish(512)
    assert there.room().tolist() == frames(0, 512)
    assert soundfile.info(tmp_path / "mic.wav").channels == 1
    assert there.sound().tolist() == list(range(1, 513))


def test_what_the_microphone_missed_is_silence_in_its_own_file_and_no_gap_of_the_sound(tmp_path):
    there = LiveStudio(tmp_path)
    there.play(block(0), block(256), block(512))
    there.hear(128, 512)
    there.recorder.finish(768)
    assert there.room().tolist() == [0] * 128 + frames(128, 256) + [0] * 256 + frames(512, 640) + [0] * 128
    assert there.recorder.silences == []


def test_without_a_microphone_there_is_no_file_of_it(tmp_path):
    Studio(tmp_path).recorder.finish()
    assert not (tmp_path / "mic.wav").exists()


def test_a_microphones_recording_that_is_there_is_left_alone_and_no_sound_is_begun_beside_it(tmp_path):
    (tmp_path / "mic.wav").write_bytes(b"mine")
    with pytest.raises(SessionFolderError, match=r"mic\.wav is there already"):
        LiveStudio(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mic.wav"]
    assert (tmp_path / "mic.wav").read_bytes() == b"mine"


def test_a_minute_of_room_is_reckoned_for_both(tmp_path):
    enough_for_one = 70 * RATE_HZ * 4
    with pytest.raises(SessionFolderError, match="room for 47 s, 60 s are needed"):
        LiveStudio(tmp_path, room=lambda _: enough_for_one)
    Studio(tmp_path, room=lambda _: enough_for_one).recorder.finish()


@pytest.mark.parametrize("fails", ["pwrite", "fdatasync"])
def test_a_disk_that_fails_leaves_both_files_valid_and_says_so_once(tmp_path, monkeypatch, fails):
    reasons = []
    there = LiveStudio(tmp_path, on_failure=reasons.append)

    def go_on(first, end):
        for n in range(first, end, BLOCK_FRAMES):
            there.play(block(n))
            there.hear(n, n + 128)
            there.now += 1
            there.recorder.step()

    go_on(0, 1024)

    def broken(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, fails, broken)
    go_on(1024, 2048)
    there.recorder.finish(2048)
    monkeypatch.undo()
    assert len(reasons) == 1
    assert "is full" in reasons[0]
    for found, wanted in ((there.sound().tolist(), range(1, 9999)), (there.room().tolist(), frames(0, 9999))):
        assert len(found) >= 1024
        assert found == list(wanted[: len(found)])


def test_both_are_on_the_disk_at_every_sync(tmp_path):
    there = LiveStudio(tmp_path)
    for n in range(0, 2048, BLOCK_FRAMES):
        there.play(block(n))
        there.hear(n, n + 128)
        there.now += 1
        there.recorder.step()
        assert len(there.sound()) == len(there.room()) == n + BLOCK_FRAMES


def left_behind(path, channels=1, written=1000):
    """A file as a power cut leaves it: told of up to some frame, with room set aside and more behind."""
    wav = WavFile(path, RATE_HZ, channels)
    wav.write_at(0, np.full((written, channels), 7, np.int16).tobytes())
    wav.sync()
    wav.reserve(50_000)
    wav.write_at(written, np.full((500, channels), 9, np.int16).tobytes())
    return wav


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("wanted", [0, 600, 1000, 1400])
def test_a_file_that_was_left_behind_is_completed_to_the_frame(tmp_path, channels, wanted):
    left_behind(tmp_path / "a.wav", channels)
    assert complete_wav(tmp_path / "a.wav", wanted)
    sound, _ = soundfile.read(tmp_path / "a.wav", dtype="int16", always_2d=True)
    assert sound.tolist() == [[7] * channels] * min(wanted, 1000) + [[0] * channels] * max(0, wanted - 1000)
    assert (tmp_path / "a.wav").stat().st_size == HEADER_BYTES + 2 * channels * wanted


@pytest.mark.parametrize("content", [b"", b"RIFF", bytes(200), b"RIFF" + bytes(4) + b"WAVE" + bytes(100)])
def test_what_is_no_recording_of_ours_is_not_completed(tmp_path, content):
    (tmp_path / "a.wav").write_bytes(content)
    assert not complete_wav(tmp_path / "a.wav", 1000)
    assert (tmp_path / "a.wav").read_bytes() == content
