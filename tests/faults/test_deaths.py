"""SIGKILL to sight or sound in mid-session: back within a second, the session goes on, the gap is noted."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import soundfile

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.sound.arrival import LONGEST_S, SHORTEST_S
from tests.rigs.hand_dance import run, start

pytestmark = pytest.mark.slow

Found = TypeVar("Found")
SECONDS = 9.0
PLAY = ("play", "--camera", "ghost:plain=1", "--audio", "paced", "--no-letter")


def _await(look: Callable[[], Found | None], what: str, within_s: float = 30) -> Found:
    """Look until there is something to see; the thing looked at is another process's doing."""
    limit = time.monotonic() + within_s
    while time.monotonic() < limit:
        found = look()
        if found:
            return found
        os.sched_yield()
    raise AssertionError(f"no {what} within {within_s} s")


def _child(of: subprocess.Popen[str], module: str) -> int | None:
    """The pid of the child that runs this module."""
    with suppress(FileNotFoundError, ProcessLookupError):  # it died while it was looked at
        for task in Path(f"/proc/{of.pid}/task").iterdir():
            for pid in (task / "children").read_text().split():
                if module in Path(f"/proc/{pid}/cmdline").read_text().split("\0"):
                    return int(pid)
    return None


def _samples_reach(state: Path, seconds: float) -> SessionFolder | None:
    """The session's folder, once its hand samples reach so far."""
    for path in (state / "sessions").glob("*/hand.samples"):
        folder = SessionFolder(path.parent)
        samples, t0_ns = folder.samples(), folder.record().t0_ns
        if t0_ns and len(samples) and int(samples["t_capture_ns"][-1]) - t0_ns > seconds * 1e9:
            return folder
    return None


@pytest.mark.parametrize("process", ["sight", "sound"])
def test_a_killed_process_is_back_within_a_second_and_the_session_goes_on(state: Path, process: str) -> None:
    play = start(state, *PLAY, "--seconds", str(SECONDS))
    try:
        folder = _await(lambda: _samples_reach(state, 4.0), "hand samples")
        pid = _await(lambda: _child(play, f"firmware_py.{process}"), process)
        os.kill(pid, signal.SIGKILL)
        _await(lambda: (_child(play, f"firmware_py.{process}") or pid) != pid, f"new {process}")
        _, err = play.communicate(timeout=60)
    finally:
        play.kill()
    assert play.returncode == 0, err
    record = folder.record()
    assert record.delay_how == "measured"
    assert SHORTEST_S <= record.delay_s <= LONGEST_S
    (gap,) = record.gaps
    assert (gap.process, gap.reason) == (process, "killed by SIGKILL")
    assert 0 < gap.end_s - gap.start_s < 1.0
    sound, rate = soundfile.read(folder.file(SessionFolder.SOUND), dtype="int16", always_2d=True)
    assert len(sound) / rate == pytest.approx(SECONDS, abs=0.02)
    assert np.any(sound[-rate:]), "nothing sounds in the last second"
    times = folder.samples()["t_capture_ns"]
    assert np.all(np.diff(times.astype(np.int64)) > 0)
    assert (int(times[-1]) - record.t0_ns) / 1e9 == pytest.approx(SECONDS, abs=0.3)
    if process == "sound":
        assert np.diff(times.astype(np.int64)).max() < 0.2e9, "sight missed frames while sound was dead"
        silent = ~np.any(sound, axis=1)
        middle = silent[int(gap.start_s * rate) : int(gap.end_s * rate)]
        assert middle.mean() > 0.5, "the gap in the recording is not where session.json says"


def test_a_supervisor_that_is_killed_leaves_no_process_and_a_recording_that_can_be_completed(state: Path) -> None:
    play = start(state, *PLAY, "--seconds", "20")
    folder = _await(lambda: _samples_reach(state, 3.0), "hand samples")
    children = [_child(play, f"firmware_py.{process}") for process in ("sight", "sound")]
    play.kill()
    play.communicate(timeout=10)
    for pid in children:
        _await(lambda pid=pid: not Path(f"/proc/{pid}").exists(), f"end of process {pid}", 5)
    assert soundfile.info(folder.file(SessionFolder.SOUND)).duration > 2.0
    done = run(state, "report", folder.path)
    assert done.code == 0, done.err
    assert folder.file(SessionFolder.SCORE).read_bytes().startswith(b"%PDF")


def test_an_interrupt_ends_the_session_in_order(state: Path) -> None:
    play = start(state, *PLAY, "--seconds", "30")
    folder = _await(lambda: _samples_reach(state, 2.0), "hand samples")
    play.send_signal(signal.SIGINT)
    _, err = play.communicate(timeout=20)
    assert play.returncode == 0, err
    record = folder.record()
    assert record.end == "stopped by SIGINT"
    assert 2.0 < record.seconds < 25
    assert folder.file(SessionFolder.SCORE).exists()


def test_a_second_play_is_refused_with_the_pid_of_the_first(state: Path) -> None:
    play = start(state, *PLAY, "--seconds", "30")
    try:
        _await(lambda: _samples_reach(state, 0.5), "hand samples")
        second = run(state, "play", "--camera", "ghost", "--audio", "offline")
    finally:
        play.kill()
        play.communicate(timeout=10)
    assert second.code == 1
    assert str(play.pid) in second.err
    assert len(list((state / "sessions").iterdir())) == 1


@pytest.mark.parametrize("process", ["sight", "sound"])
def test_a_process_that_hangs_is_ended_and_started_anew(state: Path, process: str) -> None:
    play = start(state, *PLAY, "--seconds", str(SECONDS))
    try:
        folder = _await(lambda: _samples_reach(state, 3.0), "hand samples")
        os.kill(_await(lambda: _child(play, f"firmware_py.{process}"), process), signal.SIGSTOP)
        _, err = play.communicate(timeout=60)
    finally:
        play.kill()
    assert play.returncode == 0, err
    (gap,) = folder.record().gaps
    assert (gap.process, gap.reason) == (process, "killed by SIGKILL")
