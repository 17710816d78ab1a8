"""The recorder: whole recordings, gaps at their place, full disks, and death at any instant."""

import errno
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from firmware_py._ring import Ring
from firmware_py.archive.session_folder import SessionFolder
from firmware_py.errors import SessionFolderError
from firmware_py.hand_sample import HAND_SAMPLE
from firmware_py.lanes import BLOCK_FRAMES, TAPE_BLOCK
from firmware_py.niceness import RECORDER_NICE
from firmware_py.sound.recorder import Recorder
from firmware_py.sound.track import Silence
from firmware_py.sound.wav_file import WavFile

RATE_HZ = 48_000
ROOT = Path(__file__).parents[3]


def ring(capacity, record_bytes):
    raw = np.zeros(Ring.bytes_needed(capacity, record_bytes) + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return Ring(raw[start : start + len(raw) - 64], capacity=capacity, record_bytes=record_bytes)


def block(first_frame, frames=BLOCK_FRAMES):
    """A tape block whose samples say which frame they are."""
    made = np.zeros((), TAPE_BLOCK)
    made["first_frame"], made["frames"] = first_frame, frames
    made["samples"][:, 0] = made["samples"][:, 1] = (np.arange(BLOCK_FRAMES) + first_frame) % 30_000 + 1
    return made.tobytes()


class Studio:
    def __init__(self, path, **more):
        self.folder = SessionFolder(path)
        self.audio, self.hands = ring(64, TAPE_BLOCK.itemsize), ring(64, HAND_SAMPLE.itemsize)
        self.now = 0.0
        more = {"room": lambda _: 1 << 40, "clock": lambda: self.now} | more
        self.recorder = Recorder(self.folder, tape_audio=self.audio, tape_hands=self.hands, rate_hz=RATE_HZ, **more)

    def play(self, *blocks):
        for made in blocks:
            assert self.audio.push(made)

    def sound(self):
        return soundfile.read(self.folder.file("sound.wav"), dtype="int16")[0][:, 0]


@pytest.fixture
def studio(tmp_path):
    return Studio(tmp_path)


def test_what_is_on_the_tapes_is_in_the_files(studio):
    samples = np.zeros(5, HAND_SAMPLE)
    samples["frame"] = range(5)
    for sample in samples:
        studio.hands.push(sample.tobytes())
    studio.play(block(0), block(256), block(512, 100))
    studio.recorder.finish()
    assert studio.sound().tolist() == list(range(1, 613))
    assert studio.folder.samples().tobytes() == samples.tobytes()
    assert studio.recorder.failure == ""


def test_a_gap_is_silence_at_its_true_place_and_is_told(studio):
    studio.play(block(0))
    studio.recorder.step()
    studio.play(block(2560))
    studio.recorder.finish()
    sound = studio.sound()
    assert len(sound) == 2560 + 256
    assert np.count_nonzero(sound[256:2560]) == 0
    assert sound[2560:].tolist() == list(range(2561, 2817))
    assert studio.recorder.silences == [Silence(256, 2560)]


def test_the_length_asked_for_is_exact_and_missing_frames_are_told(studio):
    studio.play(block(0))
    studio.recorder.finish(frames=1000)
    assert len(studio.sound()) == 1000
    assert studio.recorder.silences == [Silence(256, 1000)]


def test_frames_beyond_the_end_are_cut_off(studio):
    studio.play(block(0), block(256))
    studio.recorder.finish(frames=300)
    assert studio.sound().tolist() == list(range(1, 301))


def test_blocks_played_twice_after_a_restart_are_taken_once(studio):
    studio.play(block(0), block(256), block(256), block(512))
    studio.recorder.finish()
    assert studio.sound().tolist() == list(range(1, 769))


def test_a_block_spoiled_in_shared_memory_is_passed_over(studio):
    studio.play(block(0), block(-512), block(256, BLOCK_FRAMES))
    spoiled = np.frombuffer(block(512), TAPE_BLOCK).copy()
    spoiled["frames"] = 4_000_000_000
    studio.play(spoiled.tobytes())
    studio.recorder.finish()
    assert len(studio.sound()) == 512


def test_a_recording_is_never_written_over(tmp_path):
    Studio(tmp_path).recorder.finish()
    before = (tmp_path / "sound.wav").read_bytes()
    with pytest.raises(SessionFolderError, match="never written over"):
        Studio(tmp_path)
    assert (tmp_path / "sound.wav").read_bytes() == before


def test_nothing_half_made_is_left_when_the_second_file_cannot_be_made(tmp_path):
    (tmp_path / "hand.samples").mkdir()
    with pytest.raises(SessionFolderError):
        Studio(tmp_path)
    assert not (tmp_path / "sound.wav").exists()


def test_a_folder_that_is_missing_or_unwritable_is_one_clear_error(tmp_path):
    with pytest.raises(SessionFolderError, match="no recording can be made"):
        Studio(tmp_path / "missing")


def test_a_recording_is_not_begun_without_room_for_a_minute(tmp_path):
    with pytest.raises(SessionFolderError, match="room for 30 s, 60 s are needed"):
        Studio(tmp_path, room=lambda _: 30 * RATE_HZ * 4)
    assert list(tmp_path.iterdir()) == []


def test_with_less_than_a_minute_of_room_the_end_is_asked_for_once_and_still_recorded(tmp_path):
    room = [1 << 30]
    reasons = []
    studio = Studio(tmp_path, room=lambda _: room[0], on_failure=reasons.append)
    studio.play(block(0))
    studio.now += 1
    studio.recorder.step()
    assert reasons == []
    room[0] = 30 * RATE_HZ * 4
    for n in range(1, 4):
        studio.play(block(256 * n))
        studio.now += 1
        studio.recorder.step()
    studio.recorder.finish()
    assert reasons == [studio.recorder.shortage]
    assert "has room for 40 s, 60 s are needed" in reasons[0]  # 30 s free, and 10 s set aside for this recording
    assert studio.recorder.failure == ""
    assert studio.sound().tolist() == list(range(1, 1025))


def test_room_that_another_takes_is_noticed_while_the_end_can_still_be_recorded(tmp_path, monkeypatch):
    reasons = []
    studio = Studio(tmp_path, on_failure=reasons.append)

    def taken(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(WavFile, "reserve", taken)
    for n in range(3):
        studio.play(block(256 * n))
        studio.now += 1
        studio.recorder.step()
    studio.recorder.finish()
    assert len(reasons) == 1
    assert "no room set aside" in reasons[0]
    assert studio.sound().tolist() == list(range(1, 769))


@pytest.mark.parametrize("fails", ["pwrite", "fdatasync", "write"])
@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_fails_leaves_a_valid_file_and_says_so_once(tmp_path, monkeypatch, fails, fault):
    reasons = []
    studio = Studio(tmp_path, on_failure=reasons.append)
    for n in range(4):
        studio.play(block(n * 256))
        studio.now += 1
        studio.recorder.step()

    def broken(*_):
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr(os, fails, broken)
    for n in range(4, 8):
        studio.play(block(n * 256))
        studio.hands.push(np.zeros((), HAND_SAMPLE).tobytes())
        studio.now += 1
        studio.recorder.step()
    studio.recorder.finish(frames=2048)
    monkeypatch.undo()
    assert len(reasons) == 1
    assert ("is full" in reasons[0]) == (fault == errno.ENOSPC)
    sound = studio.sound()
    assert 1024 <= len(sound) <= 2048
    assert sound.tolist() == list(range(1, len(sound) + 1))


def test_the_kernel_refusing_to_grow_the_file_leaves_it_valid(tmp_path):
    code = """
import resource, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from test_recorder import Studio, block
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
studio = Studio(Path(sys.argv[1]))
for n in range(8):
    studio.play(block(n * 256)); studio.now += 1; studio.recorder.step()
studio.recorder.finish()
print(studio.recorder.failure)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path, Path(__file__).parent],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "is full (File too large)" in done.stdout
    sound, _ = soundfile.read(tmp_path / "sound.wav", dtype="int16")
    assert sound[:, 0].tolist() == list(range(1, len(sound) + 1))
    assert len(sound) == 1024


WRITER = """
import sys, time
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from test_recorder import Studio, block
studio = Studio(Path(sys.argv[1]), clock=time.monotonic)
studio.recorder.start()
began, n = time.monotonic(), 0
print("begun", flush=True)
while True:
    if studio.audio.push(block(n * 256)):
        n += 1
    wait = began + n * 256 / 48000 - time.monotonic()
    if wait > 0:
        time.sleep(wait)
    print(n * 256, flush=True)
"""


@pytest.mark.parametrize("seed", range(6))
def test_a_recorder_killed_at_any_instant_leaves_a_valid_wav_that_lacks_at_most_a_second(tmp_path, seed):
    command = [sys.executable, "-c", WRITER, tmp_path, Path(__file__).parent]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "begun\n"
        deadline = time.monotonic() + random.Random(seed).uniform(0.1, 1.6)
        played = 0
        while time.monotonic() < deadline:
            played = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
    sound, _ = soundfile.read(tmp_path / "sound.wav", dtype="int16")
    assert sound[:, 0].tolist() == [n % 30_000 + 1 for n in range(len(sound))]
    assert len(sound) >= played - RATE_HZ
    sox = subprocess.run(["soxi", "-s", tmp_path / "sound.wav"], capture_output=True, text=True, check=True, timeout=10)
    assert int(sox.stdout) == len(sound)
    assert sox.stderr == ""


def test_while_it_records_it_goes_before_whoever_sees_frames(studio, monkeypatch):
    asked = []
    monkeypatch.setattr(os, "setpriority", lambda _which, who, value: asked.append((who, value)))
    studio.recorder.start()
    studio.recorder.finish()
    assert asked == [(0, RECORDER_NICE)]
