"""The sound process itself, started as its supervisor starts it: plays, ends, dies, comes back."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.lanes import BLOCK_FRAMES, CONTROL, STATUS, STATUS_ENDED, STATUS_READY, Lanes
from firmware_py.sound.plan import SoundPlan
from firmware_py.sound.recorder import Recorder

from .conftest import DELAY_NS, PLAIN

ROOT = Path(__file__).parents[3]
RATE_HZ = 48_000
SECOND_NS = 1_000_000_000


class Stage:
    """Lanes, a recorder, and sound processes over them."""

    def __init__(self, folder, audio, **plan):
        self.lanes = Lanes.create(f"test-sound-{os.getpid()}")
        self.plan = SoundPlan(
            lanes=f"test-sound-{os.getpid()}", audio=audio, mapping=PLAIN, delay_ns=DELAY_NS, realtime=False, **plan
        )
        self.folder = SessionFolder(folder)
        self.processes = []
        self.lanes.hands.open_producer()

    def start(self):
        process = subprocess.Popen(
            [sys.executable, "-m", "firmware_py.sound", self.plan.to_json()],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        return process

    def record(self):
        return Recorder(
            self.folder, tape_audio=self.lanes.tape_audio, tape_hands=self.lanes.tape_hands, rate_hz=RATE_HZ
        )

    def told(self):
        return np.frombuffer(self.lanes.status.read(), STATUS)[0]

    def until(self, done, within_s=20.0):
        limit = time.monotonic() + within_s
        while not done():
            assert time.monotonic() < limit, f"not within {within_s} s; status: {self.told()}"
            time.sleep(0.002)

    def want(self, **fields):
        wanted = np.zeros((), CONTROL)
        for name, value in fields.items():
            wanted[name] = value
        self.lanes.control.write(wanted.tobytes())

    def sound(self):
        return soundfile.read(self.folder.file("sound.wav"), dtype="int16")[0]

    def close(self):
        for process in self.processes:
            process.kill()
            process.communicate(timeout=10)
        self.lanes.close()


@pytest.fixture
def stage(tmp_path):
    with contextlib.ExitStack() as closing:

        def made(audio, **plan):
            new = Stage(tmp_path, audio, **plan)
            closing.callback(new.close)
            return new

        yield made


def push_all(stage, recorder, samples):
    """Feed samples as fast as there is room, recording meanwhile."""
    for sample in samples:
        stage.until(lambda s=sample: recorder.step() >= 0 and stage.lanes.hands.push(s.tobytes()))


def test_offline_renders_a_session_to_the_frame_and_ends(stage, hand_samples, sound_of):
    there = stage("offline", patch="air")
    samples = hand_samples([60.0 + n % 12 for n in range(130)])
    samples["t_capture_ns"] += SECOND_NS
    recorder = there.record()
    process = there.start()
    t0_ns = int(samples["t_capture_ns"][0]) + DELAY_NS
    there.want(t0_ns=t0_ns, stop_ns=t0_ns + 2 * SECOND_NS)
    push_all(there, recorder, samples)
    there.until(lambda: recorder.step() >= 0 and int(there.told()["flags"]) & STATUS_ENDED)
    assert process.wait(10) == 0
    recorder.finish(2 * RATE_HZ)
    samples["t_capture_ns"] -= SECOND_NS
    assert there.sound().tobytes() == sound_of(samples, patch="air", seconds=2.0).tobytes()
    assert recorder.silences == []


def test_an_offline_process_killed_in_the_middle_is_continued_without_a_gap(stage, hand_samples):
    there = stage("offline")
    samples = hand_samples([69.0] * 250)
    recorder = there.record()
    process = there.start()
    t0_ns = int(samples["t_capture_ns"][0]) + DELAY_NS
    there.want(t0_ns=t0_ns, stop_ns=t0_ns + 4 * SECOND_NS)
    push_all(there, recorder, samples[:100])
    there.until(lambda: recorder.step() >= 0 and int(there.told()["frames"]) > RATE_HZ)
    process.kill()
    process.wait(10)
    again = there.start()
    push_all(there, recorder, samples[100:])
    there.until(lambda: recorder.step() >= 0 and int(there.told()["flags"]) & STATUS_ENDED)
    assert again.wait(10) == 0
    recorder.finish(4 * RATE_HZ)
    assert recorder.silences == []
    sound = there.sound()
    assert len(sound) == 4 * RATE_HZ
    loud = np.abs(sound[: len(sound) // 480 * 480, 0]).reshape(-1, 480).max(axis=1) > 1000
    assert np.count_nonzero(~loud) < 20  # only the seam and the ends are soft


def test_a_live_process_killed_in_the_middle_comes_back_at_the_true_place(stage):
    there = stage("paced")
    recorder = there.record()
    recorder.start()
    process = there.start()
    there.until(lambda: int(there.told()["flags"]) & STATUS_READY)
    t0_ns = time.monotonic_ns() + 50_000_000
    there.want(t0_ns=t0_ns, stop_ns=t0_ns + 2 * SECOND_NS)
    there.until(lambda: int(there.told()["frames"]) > RATE_HZ // 2)
    process.kill()
    process.wait(10)
    dead_ns = time.monotonic_ns()
    again = there.start()
    there.until(lambda: int(there.told()["t_ns"]) > dead_ns)
    back_ns = time.monotonic_ns()
    there.until(lambda: int(there.told()["flags"]) & STATUS_ENDED)
    assert again.wait(10) == 0
    recorder.finish(2 * RATE_HZ)
    assert len(there.sound()) == 2 * RATE_HZ
    [gap] = recorder.silences
    for frame, instant_ns in ((gap.first_frame, dead_ns), (gap.end_frame, back_ns)):
        assert frame / RATE_HZ == pytest.approx((instant_ns - t0_ns) / 1e9, abs=0.1)
    assert gap.end_frame - gap.first_frame < RATE_HZ


def test_sigterm_fades_out_and_ends(stage):
    there = stage("paced")
    recorder = there.record()
    process = there.start()
    there.until(lambda: int(there.told()["flags"]) & STATUS_READY)
    there.want(t0_ns=time.monotonic_ns())
    there.until(lambda: int(there.told()["frames"]) > 4800)
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0
    recorder.finish()
    assert int(there.told()["flags"]) & STATUS_ENDED
    assert 4800 < recorder.frames == int(there.told()["frames"])


class Hand:
    """A hand before a camera of 60 frames a second; ``show`` takes as long as it lasts."""

    def __init__(self, there):
        self.there, self.shown = there, []

    def show(self, seconds, *, present=True, off_ns=0):
        """Push samples in real time; ``off_ns`` is added to their times."""
        for _ in range(round(seconds * 60)):
            sample = np.zeros((), HAND_SAMPLE)
            now_ns = time.monotonic_ns()
            sample["t_capture_ns"] = max(0, now_ns + off_ns)
            sample["flags"] = Flag.PRESENT if present else 0
            sample["hands"][0] = (PLAIN.area_of(69.0), 0.5, 0.0, 0.5, 1.0)
            self.there.lanes.hands.push(sample.tobytes())
            time.sleep(1 / 60)
        return now_ns


def loud(sound):
    """Whether each hundredth of a second sounds."""
    return np.abs(sound[: len(sound) // 480 * 480, 0]).reshape(-1, 480).max(axis=1) > 60


@pytest.mark.parametrize("silent_s", [float(os.environ.get("HAND_DANCE_SILENT_S", "1.5"))])
def test_a_ring_that_falls_silent_and_times_that_cannot_be_leave_no_tone_and_the_hand_sounds_again(stage, silent_s):
    there = stage("paced", patch="sine")
    recorder = there.record()
    recorder.start()
    process = there.start()
    there.until(lambda: int(there.told()["flags"]) & STATUS_READY)
    hand = Hand(there)
    t0_ns = time.monotonic_ns() + 50_000_000
    there.want(t0_ns=t0_ns)
    hand.show(0.5)
    refused = [-60 * SECOND_NS, -SECOND_NS, 3600 * SECOND_NS, 3 * SECOND_NS, -(2**62)]
    last_ns = hand.show(0.1)
    for off_ns in refused:
        hand.show(1 / 60, off_ns=off_ns)
    time.sleep(silent_s)
    back_ns = time.monotonic_ns()
    hand.show(0.5)
    end_ns = time.monotonic_ns()
    there.want(t0_ns=t0_ns, stop_ns=end_ns)
    there.until(lambda: int(there.told()["flags"]) & STATUS_ENDED)
    assert process.wait(10) == 0
    recorder.finish()
    assert int(there.told()["bad_samples"]) == len(refused)
    sounds = loud(there.sound())

    def between(begin_ns, stop_ns):
        return sounds[round((begin_ns - t0_ns) / 1e7) : round((stop_ns - t0_ns) / 1e7)]

    # D, one interval and 80 ms of holding on, then the patch's release
    assert between(last_ns - 100_000_000, last_ns + DELAY_NS).all()
    assert not between(last_ns + DELAY_NS + 350_000_000, back_ns).any(), "a note is stuck"
    assert between(back_ns + DELAY_NS + 60_000_000, end_ns - 40_000_000).all()


def test_a_delay_that_is_told_is_kept_by_the_process_that_comes_after_a_dead_one(stage):
    told_ns = 110_000_000
    there = stage("paced", patch="sine")
    recorder = there.record()
    recorder.start()
    process = there.start()
    there.until(lambda: int(there.told()["flags"]) & STATUS_READY)
    hand = Hand(there)
    t0_ns = time.monotonic_ns() + 50_000_000
    there.want(t0_ns=t0_ns, delay_us=told_ns // 1000)
    onsets_ns = []
    for again in (False, True):
        if again:
            process.kill()
            process.wait(10)
            told = int(there.told()["t_ns"])
            process = there.start()
            there.until(lambda told=told: int(there.told()["t_ns"]) > told)
        hand.show(0.5, present=False)
        onsets_ns.append(time.monotonic_ns())
        hand.show(0.4)
    there.want(t0_ns=t0_ns, stop_ns=time.monotonic_ns(), delay_us=told_ns // 1000)
    there.until(lambda: int(there.told()["flags"]) & STATUS_ENDED)
    assert process.wait(10) == 0
    recorder.finish()
    sound = np.abs(there.sound()[:, 0].astype(int)) > 60
    for onset_ns in onsets_ns:
        first = round((onset_ns - t0_ns) * RATE_HZ / 1e9)
        heard_s = np.argmax(sound[first:]) / RATE_HZ
        assert heard_s == pytest.approx(told_ns / 1e9, abs=0.012)


def orphan(tmp_path, plan, *, tied, stopped=False):
    """Start a sound process under a supervisor that dies at once; return its number."""
    code = """
import dataclasses, os, signal, subprocess, sys
from firmware_py.lanes import Lanes
from firmware_py.sound.plan import SoundPlan
plan = SoundPlan.from_json(sys.argv[1])
lanes = Lanes.create(plan.lanes)
plan = dataclasses.replace(plan, parent_pid=os.getpid() if sys.argv[2] == "tied" else 0)
child = subprocess.Popen(
    [sys.executable, "-m", "firmware_py.sound", plan.to_json()], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
)
child.stdout.readline()
if sys.argv[3] == "stopped":
    child.send_signal(signal.SIGSTOP)
print(child.pid, flush=True)
os._exit(0)
"""
    words = [plan.to_json(), "tied" if tied else "loose", "stopped" if stopped else "running"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    )
    return int(done.stdout)


def lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize(("tied", "stopped"), [(False, False), (True, True)])
def test_a_process_whose_supervisor_died_ends_running_or_stopped(tmp_path, tied, stopped):
    name = f"test-orphan-{os.getpid()}"
    # The untied one must notice by asking for the owner of the lanes; the stopped one can ask for nothing.
    plan = SoundPlan(lanes=name, audio="paced", mapping=PLAIN, realtime=False, period_frames=16)
    pid = orphan(tmp_path, plan, tied=tied, stopped=stopped)
    try:
        limit = time.monotonic() + 10
        while lives(pid):
            assert time.monotonic() < limit, "the orphan plays on"
            time.sleep(0.01)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        Path(f"/dev/shm/hand-dance-{os.getuid()}-{name}").unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"patch": "kazoo"}, 2, "no patch is called 'kazoo'; there are: air, bass"),
        ({"audio": "tape"}, 2, "no audio output is called 'tape'; allowed are auto, alsa"),
        ({"audio": "alsa:nope"}, 1, "sound device 'nope' cannot play"),
        ({"backing": "/nowhere.npy"}, 1, "/nowhere.npy is no backing"),
        ({"lanes": "nobody-made-these"}, 1, "nobody-made-these"),
    ],
)
def test_a_plan_that_cannot_be_played_is_told_in_one_sentence(stage, changes, code, says):
    there = stage("paced")
    there.plan = SoundPlan(**(vars(there.plan) | changes))
    process = there.start()
    said, err = process.communicate(timeout=20)
    assert process.returncode == code
    assert [(event["event"], event["exit"]) for event in map(json.loads, said.splitlines())] == [("failed", code)]
    assert says in json.loads(said)["message"]
    assert err == ""


def test_text_that_is_no_plan_is_refused():
    done = subprocess.run(
        [sys.executable, "-m", "firmware_py.sound"],
        cwd=ROOT,
        input="{}",
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert done.returncode == 2
    assert "no plan of a sound process" in json.loads(done.stdout)["message"]


def test_the_tape_is_a_grid_of_blocks(stage):
    there = stage("paced", period_frames=96)
    there.start()
    there.until(lambda: int(there.told()["flags"]) & STATUS_READY)
    there.want(t0_ns=time.monotonic_ns() + 30_000_000)
    there.until(lambda: len(there.lanes.tape_audio) >= 8)
    records = [there.lanes.tape_audio.pop() for _ in range(8)]
    firsts = [int(np.frombuffer(record, "<i8", 1)[0]) for record in records]
    assert firsts == [n * BLOCK_FRAMES for n in range(8)]
