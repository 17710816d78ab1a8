"""The real sight process: killed, stopped, orphaned, and given what cannot be a camera."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from firmware_py.config import CameraSettings
from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.lanes import CONTROL, Lanes
from firmware_py.music.note import Note
from firmware_py.sight.ghost.part import GhostPart
from firmware_py.sight.plan import SightPlan

PART = GhostPart((Note(0.2, 2.5, 62.0),), seconds=3.0)
LIMIT_S = 30.0


class Rig:
    """A session's memory, and the sight process over it."""

    def __init__(self, state: Path) -> None:
        self.name = f"test-{uuid4().hex[:12]}"
        self.lanes = Lanes.create(self.name)
        self.lanes.hands.open_consumer()
        self.lanes.tape_hands.open_consumer()
        self.plan = SightPlan(
            self.name,
            CameraSettings(source="ghost"),
            state=str(state),
            realtime=False,
            synchronous=True,
            ghost=PART,
            parent_pid=os.getpid(),
        )
        self.processes: list[subprocess.Popen[str]] = []
        self.samples = np.zeros(0, HAND_SAMPLE)

    def start(self, **changes: Any) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "firmware_py.sight"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        assert process.stdin
        process.stdin.write(replace(self.plan, **changes).to_json())
        process.stdin.close()
        return process

    def start_waiting(self) -> subprocess.Popen[str]:
        """Start one without a session, which waits for a plan."""
        process = subprocess.Popen(
            [sys.executable, "-m", "firmware_py.sight"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        assert process.stdin
        process.stdin.write(replace(self.plan, lanes="", ghost=None).to_json() + "\n")
        process.stdin.flush()
        assert event(process)["event"] == "waiting"
        return process

    def hand_over(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin
        process.stdin.write(self.plan.to_json() + "\n")
        process.stdin.close()

    def begin(self, t0_ns: int) -> None:
        control = np.zeros(1, CONTROL)
        control["t0_ns"] = t0_ns
        self.lanes.control.write(control.tobytes())

    def take(self, until: int) -> None:
        """Take samples from both rings until so many have come, or the last."""
        out = np.zeros(256, HAND_SAMPLE)
        limit = time.monotonic() + LIMIT_S
        while len(self.samples) < until and not (len(self.samples) and self.samples["flags"][-1] & Flag.ENDED):
            assert time.monotonic() < limit, "no more samples came"
            came = self.lanes.hands.pop_into(out[: until - len(self.samples)])
            self.samples = np.concatenate((self.samples, out[:came]))
            self.lanes.tape_hands.discard()
            time.sleep(0.001)

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait(LIMIT_S)
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe:
                    pipe.close()
        self.lanes.close()


@pytest.fixture
def rig(models_state: Path) -> Iterator[Rig]:
    found = Rig(models_state)
    yield found
    found.close()


def event(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for the next event."""
    assert process.stdout
    line = process.stdout.readline()
    assert line, "the process ended instead"
    return dict(json.loads(line))


def test_a_ghost_plays_as_fast_as_it_is_read_and_the_process_ends(rig: Rig) -> None:
    process = rig.start()
    assert event(process)["event"] == "ready"
    rig.begin(1_000_000_000)
    rig.take(10_000)
    assert rig.samples["frame"].tolist() == list(range(181))
    ended = event(process)
    assert ended["event"] == "ended"
    assert ended["frames"] == 180
    assert ended["with_hand"] >= 140
    assert process.wait(LIMIT_S) == 0
    assert process.stderr
    assert process.stderr.read() == ""


def test_a_killed_process_that_is_started_anew_goes_on_with_the_right_frame(rig: Rig) -> None:
    process = rig.start()
    event(process)
    rig.begin(1_000_000_000)
    for until in (40, 90):
        rig.take(until)
        process.kill()
        process.wait(LIMIT_S)
        process = rig.start()
        event(process)
    rig.take(10_000)
    frames = rig.samples["frame"].astype(int)
    assert np.diff(frames).min() >= 1, "no frame twice"
    assert len(frames) >= 181 - 2, "at most the frame in hand is lost by a kill"
    assert (np.diff(rig.samples["t_capture_ns"].astype(np.int64)) > 0).all()


def test_in_real_time_a_killed_process_is_back_within_a_second_and_in_time(rig: Rig) -> None:
    process = rig.start(realtime=True, synchronous=False)
    event(process)
    rig.begin(time.monotonic_ns() + 50_000_000)
    rig.take(60)
    process.kill()
    process.wait(LIMIT_S)
    event(rig.start(realtime=True, synchronous=False))
    rig.take(10_000)
    assert np.diff(rig.samples["t_capture_ns"].astype(np.int64)).max() < 1_000_000_000
    late_ns = rig.samples["t_publish_ns"].astype(np.int64) - rig.samples["t_capture_ns"].astype(np.int64)
    assert late_ns.min() >= 0


def test_sigterm_ends_it_in_order_even_while_it_waits_for_the_start(rig: Rig) -> None:
    process = rig.start()
    event(process)
    process.terminate()
    assert process.wait(LIMIT_S) == 0


def test_sigterm_ends_it_in_order_while_it_waits_for_room(rig: Rig) -> None:
    process = rig.start()
    event(process)
    rig.begin(1_000_000_000)
    rig.take(1)
    process.terminate()
    assert process.wait(LIMIT_S) == 0


def test_ctrl_c_is_left_to_the_session(rig: Rig) -> None:
    process = rig.start()
    event(process)
    process.send_signal(signal.SIGINT)
    rig.begin(1_000_000_000)
    rig.take(10_000)
    assert process.wait(LIMIT_S) == 0


def test_it_dies_with_the_process_that_started_it(rig: Rig) -> None:
    starter = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-m", "firmware_py.sight"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdin.write(sys.argv[1].replace('"parent_pid": 0', f'"parent_pid": {os.getpid()}').encode())
child.stdin.close()
child.stdout.readline()
print(child.pid, flush=True)
os.kill(os.getpid(), 9)
"""
    plan = replace(rig.plan, parent_pid=0).to_json()
    done = subprocess.run([sys.executable, "-c", starter, plan], capture_output=True, text=True, timeout=LIMIT_S)
    orphan = Path(f"/proc/{done.stdout.strip()}/stat")
    limit = time.monotonic() + LIMIT_S
    while orphan.exists() and orphan.read_text().split()[2] != "Z":
        assert time.monotonic() < limit, "it outlived its parent"
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("source", "code", "says"),
    [
        ("gone.mp4", 1, "there is no clip"),
        ("webcam", 2, "known are auto, ghost"),
        ("ghost:lates=1", 2, "the ghost knows no 'lates=1'"),
    ],
)
def test_what_cannot_be_a_camera_is_told_in_one_sentence(source: str, code: int, says: str, rig: Rig) -> None:
    process = rig.start(camera=CameraSettings(source=source))
    failed = event(process)
    assert (failed["event"], failed["exit"]) == ("failed", code)
    assert says in failed["message"]
    assert process.wait(LIMIT_S) == code


def test_without_model_files_it_says_so_once_and_plays_by_colour(rig: Rig, tmp_path: Path) -> None:
    process = rig.start(state=str(tmp_path))
    assert event(process)["event"] == "ready"
    rig.begin(1_000_000_000)
    rig.take(10_000)
    assert process.wait(LIMIT_S) == 0
    assert process.stderr
    said = process.stderr.read()
    assert said.count("\n") == 1
    assert "hand-dance models" in said


def test_a_model_file_that_is_not_the_published_one_is_refused_with_how_to_fetch_it(
    rig: Rig, models_state: Path, tmp_path: Path
) -> None:
    shutil.copytree(models_state / "models", tmp_path / "models")
    with (tmp_path / "models" / "palm_detection_lite.tflite").open("r+b") as file:
        file.seek(1000)
        file.write(b"another")
    process = rig.start(state=str(tmp_path))
    assert event(process)["event"] == "ready"
    process.terminate()
    assert process.wait(LIMIT_S) == 0
    assert process.stderr
    said = process.stderr.read()
    assert "SHA-256" in said
    assert "fetch it again with: hand-dance models" in said


def test_a_process_that_waited_plays_the_session_whose_plan_comes_as_the_second_line(rig: Rig) -> None:
    process = rig.start_waiting()
    rig.hand_over(process)
    began_s = time.monotonic()
    assert event(process)["event"] == "ready"
    print(f"ready {time.monotonic() - began_s:.2f} s after its plan")
    rig.begin(1_000_000_000)
    rig.take(10_000)
    assert rig.samples["frame"].tolist() == list(range(181))
    assert process.wait(LIMIT_S) == 0


def test_a_process_that_waits_ends_with_its_input_and_when_it_is_told_to(rig: Rig) -> None:
    process = rig.start_waiting()
    assert process.stdin
    process.stdin.close()
    assert process.wait(LIMIT_S) == 0
    process = rig.start_waiting()
    process.terminate()
    assert process.wait(LIMIT_S) == 0


def test_the_second_start_is_ready_in_less_than_a_second(rig: Rig) -> None:
    event(rig.start())
    rig.processes[-1].kill()
    began = time.monotonic()
    event(rig.start())
    assert time.monotonic() - began < 1.0
