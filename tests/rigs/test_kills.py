"""SIGKILL to the sound process at random instants of whole sessions: what is on the disk, then and at the end.

Five kills here; ``make kill-test`` sets HAND_DANCE_KILLS=100 and prints the count. The instrument is off and the backing
is the sound, because its frames are known one by one: every frame recorded must be the backing's frame of that number.
"""

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.music.songs_library import load_song
from firmware_py.sound.backing import render_backing
from tests.rigs.hand_dance import COMMAND, environment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]
Found = TypeVar("Found")

KILLS = int(os.environ.get("HAND_DANCE_KILLS", "5"))
PER_SESSION = 5  # the supervisor gives up on a process that dies more often in 20 s
SECONDS = 14.0
SONG = "ode-to-joy"
FRAME_ERROR = 2  # of 32767: rounding of level and sum
SEAM_S = 0.02  # sound fades in behind a gap, and fades out before the end


def _await(look: Callable[[], Found | None], what: str, within_s: float = 30) -> Found:
    limit = time.monotonic() + within_s
    while time.monotonic() < limit:
        if found := look():
            return found
        time.sleep(0.002)
    raise AssertionError(f"no {what} within {within_s} s")


def _sound_process(of: int) -> int | None:
    """The pid of the sound process that this supervisor has now, once it is past its start."""
    children = Path(f"/proc/{of}/task/{of}/children").read_text().split()
    for pid in children:
        try:
            if b"firmware_py.sound" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                return int(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return None


def _left_on_the_disk(folder: SessionFolder, copy: Path) -> int:
    """Frames of the WAV as a power cut at this instant would leave it, accepted by soundfile and sox."""
    shutil.copyfile(folder.file(SessionFolder.SOUND), copy)
    frames = soundfile.info(copy).frames
    sox = subprocess.run(["soxi", "-s", copy], capture_output=True, text=True, check=True, timeout=10)
    assert sox.stderr == ""
    assert int(sox.stdout) == frames
    assert len(soundfile.read(copy, dtype="int16")[0]) == frames
    return frames


def _session(state: Path, kills: int, chance: random.Random) -> None:
    """Play one session through so many kills, and look at its WAV after each and at the end."""
    set_so = {
        "HAND_DANCE_SOUND_INSTRUMENT_DB": "-90",
        "HAND_DANCE_SOUND_METRONOME_DB": "0",
        "HAND_DANCE_SOUND_BACKING_DB": "0",
    }
    arguments = ["play", "--camera", "ghost:plain=1", "--audio", "paced", "--song", SONG, "--no-letter"]
    play = subprocess.Popen(
        [*COMMAND, *arguments, "--seconds", str(SECONDS)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment(state), **set_so},
    )
    killed_s = []
    try:
        before = set((state / "sessions").glob("*")) if (state / "sessions").exists() else set()
        path = _await(lambda: next((p.parent for p in state.glob("sessions/*/sound.wav")), None), "recording")
        folder = SessionFolder(path)
        assert path not in before
        t0_ns = folder.record().t0_ns
        _await(lambda: time.monotonic_ns() > t0_ns, "beginning")
        pid = 0
        instants = sorted(chance.uniform(0.2, SECONDS - 2.5) for _ in range(kills))
        for instant in instants:
            pid = _await(lambda last=pid: (found := _sound_process(play.pid)) != last and found, "new sound process")
            _await(lambda at=instant: time.monotonic_ns() - t0_ns > at * 1e9, "instant to kill at")
            os.kill(pid, signal.SIGKILL)
            now_s = (time.monotonic_ns() - t0_ns) / 1e9
            killed_s.append(now_s)
            found_s = _left_on_the_disk(folder, state / "copy.wav") / 48_000
            silent_s = _silent_since(state / "copy.wav", found_s)
            assert found_s > now_s - 1.0 or silent_s, f"{now_s - found_s:.2f} s are missing on the disk"
        _, err = play.communicate(timeout=60)
    finally:
        play.kill()
        play.communicate()
    assert play.returncode == 0, err
    _judge(folder, killed_s)
    shutil.rmtree(folder.path)
