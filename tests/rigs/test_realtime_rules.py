"""The rules of the realtime process, seen from outside while it plays: what it takes from the heap, its page faults,
and every call it makes to the kernel.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.lanes import CONTROL, STATUS, STATUS_READY, Lanes
from firmware_py.music.mapping import Mapping
from firmware_py.sound.plan import SoundPlan

ROOT = Path(__file__).parents[2]
RATE_HZ = 48_000
MAPPING = Mapping(quantise=0.0, height_to_loudness=0.0)
WARM_S, WATCHED_S = 1.0, 1.5
# The clock sleep of the paced output, and once in a while the question whether the owner of the lanes still lives.
ALLOWED = {"clock_nanosleep", "fcntl"}


class Player:
    """A sound process that plays a moving hand, with the lanes it hangs on."""

    def __init__(self, *before, env=(), **plan):
        name = f"test-rules-{os.getpid()}"
        self.lanes = Lanes.create(name)
        self.lanes.hands.open_producer()
        self.lanes.tape_audio.open_consumer()
        told = SoundPlan(lanes=name, audio="paced", mapping=MAPPING, **plan)
        self.process = subprocess.Popen(
            [*before, sys.executable, "-m", "firmware_py.sound", told.to_json()],
            cwd=ROOT,
            env={**os.environ, **dict(env)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.until(lambda: self.told("flags") & STATUS_READY)
        self.wanted = np.zeros((), CONTROL)
        self.wanted["t0_ns"] = time.monotonic_ns() + 50_000_000
        self.lanes.control.write(self.wanted.tobytes())

    def told(self, field):
        return np.frombuffer(self.lanes.status.read(), STATUS)[0][field].item()

    def until(self, done, within_s=30.0):
        limit = time.monotonic() + within_s
        while not done():
            assert time.monotonic() < limit, "not within time"
            assert self.process.poll() is None, "the sound process has ended"
            time.sleep(0.01)

    def play(self, seconds):
        """Move the hand until so much more sound was made, with pauses in which it is away."""
        until = self.told("frames") + round(seconds * RATE_HZ)

        def step():
            sample = np.zeros((), HAND_SAMPLE)
            sample["t_capture_ns"] = time.monotonic_ns()
            if int(time.monotonic() * 8) % 4:
                sample["flags"] = Flag.PRESENT | Flag.SECOND_HAND
                area = MAPPING.area_of(60 + time.monotonic() * 10 % 12)
                sample["hands"][:] = (area, 0.5, 0.3, 0.5, 1.0)
            self.lanes.hands.push(sample.tobytes())
            while self.lanes.tape_audio.pop() is not None:
                pass
            return self.told("frames") >= until

        self.until(step)

    def close(self):
        self.wanted["stop_ns"] = time.monotonic_ns()  # no signal: it may not be our own child but the tracer's
        self.lanes.control.write(self.wanted.tobytes())
        try:
            self.process.wait(10)
        finally:
            self.process.kill()
            self.process.wait(10)
            self.lanes.close()


@pytest.fixture
def player():
    made = []

    def start(*before, **more):
        made.append(Player(*before, **more))
        return made[-1]

    yield start
    for one in made:
        one.close()


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    library = tmp_path_factory.mktemp("counter") / "malloc_counter.so"
    source = ROOT / "tests" / "rigs" / "malloc_counter.c"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
    return library


def test_nothing_is_taken_from_the_heap_while_it_plays(player, counter, tmp_path):
    count = tmp_path / "count"
    count.write_bytes(bytes(8))
    there = player(env={"LD_PRELOAD": str(counter), "HD_MALLOC_COUNT": str(count)})

    def calls():
        return int.from_bytes(count.read_bytes(), "little")

    there.play(WARM_S)
    before = calls()
    assert before > 1000, "the counter counts"
    there.play(WATCHED_S)
    assert calls() == before


def test_no_page_is_faulted_in_while_it_plays(player):
    there = player()

    def faults():
        fields = Path(f"/proc/{there.process.pid}/task/{there.process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[7]), int(fields[9])  # minor, major

    there.play(WARM_S)
    before = faults()
    there.play(WATCHED_S)
    assert faults() == before


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_the_kernel_is_asked_for_nothing_but_sleep_while_it_plays(player, tmp_path):
    trace = tmp_path / "trace"
    there = player("strace", "-f", "-ttt", "-o", str(trace))
    there.play(WARM_S)
    first = time.time()
    there.play(WATCHED_S)
    last = time.time()
    calls = re.findall(r"^\d+ +([\d.]+) (?:<\.\.\. )?(\w+)", trace.read_text(), re.MULTILINE)
    seen = [name for at, name in calls if first <= float(at) <= last]
    assert seen.count("clock_nanosleep") > WATCHED_S * RATE_HZ / 128 / 4
    assert set(seen) <= ALLOWED
