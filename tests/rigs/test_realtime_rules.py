"""The rules of the realtime process, seen from outside while it plays: what it takes from the heap, its page faults,
the collector's runs, every call it makes to the kernel, and where it gives the processor away.

ALSA's device ``null`` is hardware that never makes anyone wait: what the loop asks for there, it asks for itself. On a
sound server's device the plugin's own calls come to it.
"""

import ctypes.util
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from firmware_py.bench.sound_server import DEVICE, Listener, SoundServer
from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.lanes import CONTROL, STATUS, STATUS_READY, Lanes
from firmware_py.music.mapping import Mapping
from firmware_py.sound.plan import SoundPlan

ROOT = Path(__file__).parents[2]
RATE_HZ = 48_000
MAPPING = Mapping(quantise=0.0, height_to_loudness=0.0)
WARM_S, WATCHED_S = 0.7, 1.0
# Once in a while the question whether the owner of the lanes still lives.
ALLOWED = {"fcntl"}
# What ALSA's plugin does with its server under one write: look for room, wake its thread, wait for it.
ALLOWED_ON_A_SERVER = ALLOWED | {"poll", "futex", "read", "write", "getpid"}
NULL = {"audio": "alsa:null", "realtime": False}  # at the real-time priority a loop without a wait is a runaway
no_alsa = pytest.mark.skipif(
    not (ctypes.util.find_library("asound") and importlib.util.find_spec("alsaaudio")),
    reason="not installed: libasound2 and pyalsaaudio",
)
no_server = pytest.mark.skipif(
    not (
        shutil.which("pulseaudio")
        and shutil.which("parec")
        and any(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so"))
    ),
    reason="not installed: pulseaudio, pulseaudio-utils, libasound2-plugins",
)
no_strace = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
COUNT_COLLECTIONS = """
import gc, mmap, os, sys
with open(os.environ["HD_COUNT"], "r+b") as file:
    count = mmap.mmap(file.fileno(), 8)
gc.callbacks.append(lambda phase, _: phase == "start" and count.__setitem__(0, (count[0] + 1) % 256))
from firmware_py.sound.process import main
sys.exit(main(sys.argv[1:]))
"""


class Player:
    """A sound process that plays a moving hand, with the lanes it hangs on."""

    def __init__(self, *before, env=(), program=("-m", "firmware_py.sound"), **plan):
        name = f"test-rules-{os.getpid()}"
        self.lanes = Lanes.create(name)
        self.lanes.hands.open_producer()
        self.lanes.tape_audio.open_consumer()
        told = SoundPlan(lanes=name, mapping=MAPPING, **{"audio": "paced", **plan})
        self.process = subprocess.Popen(
            [*before, sys.executable, *program, told.to_json()],
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
    def start(*before, **more):
        start.made.append(Player(*before, **more))
        return start.made[-1]

    start.made = []
    yield start
    for one in start.made:
        one.close()


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    library = tmp_path_factory.mktemp("counter") / "malloc_counter.so"
    source = ROOT / "tests" / "rigs" / "malloc_counter.c"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
    return library


PATHS = [pytest.param({"audio": "paced"}, id="paced"), pytest.param(NULL, id="alsa", marks=no_alsa)]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_taken_from_the_heap_while_it_plays(player, counter, tmp_path, path):
    count = tmp_path / "count"
    count.write_bytes(bytes(8))
    there = player(env={"LD_PRELOAD": str(counter), "HD_MALLOC_COUNT": str(count)}, **path)

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


def test_the_collector_never_runs_while_it_plays(player, tmp_path):
    count = tmp_path / "count"
    count.write_bytes(bytes(8))
    there = player(env={"HD_COUNT": str(count)}, program=("-c", COUNT_COLLECTIONS))
    there.play(WARM_S)
    before = count.read_bytes()[0]
    assert before > 0, "the counter counts: it is emptied before it is put to rest"
    there.play(WATCHED_S)
    assert count.read_bytes()[0] == before


def switches(process):
    """How often the main thread has given the processor away of its own accord."""
    status = Path(f"/proc/{process.pid}/task/{process.pid}/status").read_text()
    return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.MULTILINE)[1])


@no_alsa
def test_where_the_write_does_not_wait_the_processor_is_never_given_away(player):
    there = player(**NULL)
    there.play(WARM_S)
    before = switches(there.process)
    there.play(WATCHED_S)
    assert switches(there.process) == before


def test_it_waits_once_a_block_and_only_in_the_write(player):
    there = player()
    there.play(WARM_S)
    frames, before = there.told("frames"), switches(there.process)
    there.play(WATCHED_S)
    blocks = (there.told("frames") - frames) / there.told("period_frames")
    assert 0 < switches(there.process) - before <= blocks + 2


class Traced:
    """The kernel calls of a player's main thread in a stretch of its playing."""

    def __init__(self, player, trace, **plan):
        there = player("strace", "-f", "-ttt", "-o", str(trace), **plan)
        there.play(WARM_S)
        first = time.time()
        there.play(WATCHED_S)
        last = time.time()
        lines = trace.read_text()
        main = lines.partition(" ")[0]  # the thread that the program begins with
        calls = re.findall(r"^(\d+) +([\d.]+) (?:<\.\.\. )?(\w+)", lines, re.MULTILINE)
        self.names = [name for thread, at, name in calls if thread == main and first <= float(at) <= last]


@no_strace
def test_the_kernel_is_asked_for_nothing_but_sleep_while_it_plays(player, tmp_path):
    seen = Traced(player, tmp_path / "trace").names
    assert seen.count("clock_nanosleep") > WATCHED_S * RATE_HZ / 128 / 4
    assert set(seen) <= ALLOWED | {"clock_nanosleep"}


@no_alsa
@no_strace
def test_on_a_device_the_loop_itself_asks_the_kernel_for_nothing(player, tmp_path):
    assert set(Traced(player, tmp_path / "trace", **NULL).names) <= ALLOWED


@no_alsa
@no_server
@no_strace
def test_on_a_servers_device_no_file_is_touched_and_nothing_is_mapped(player, tmp_path):
    with SoundServer(RATE_HZ) as server, Listener(server):
        plan = {"audio": f"alsa:{DEVICE}", "period_frames": 256, "periods": 8}  # a traced program is slow
        seen = Traced(player, tmp_path / "trace", env=server.environment, **plan).names
        for there in player.made:
            there.close()
        player.made.clear()
    assert seen, "the plugin waits for its server"
    assert set(seen) <= ALLOWED_ON_A_SERVER
