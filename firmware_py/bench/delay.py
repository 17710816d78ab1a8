"""``hand-dance bench delay``: from a hand sample in the ring to the change at the sound device, on a real ALSA device.

The device is a null sink of a sound server of its own, which plays in real time (``sound_server``). Beside it the same
is asked of a plain program with sounddevice. Not here: the camera's delay, a sound card's (``calibrate delay``).
"""

import importlib.util
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import IO, Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from firmware_py.bench.sound_server import DEVICE, Listener, SoundServer
from firmware_py.errors import BenchError
from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.lanes import CONTROL, STATUS, STATUS_READY, Lanes
from firmware_py.music.mapping import Mapping
from firmware_py.sound.plan import SoundPlan

RATE_HZ: Final = 48_000
EVENTS: Final = 500
MARGIN_NS: Final = 4_000_000  # of D beyond the device's buffer: a tick of control, and waking up
SOUNDS_S: Final = 0.03  # the hand is there
RESTS_S: Final = 0.11  # and away: longer than the release
CAMERA_S: Final = 0.008  # between hand samples
HEARD: Final = 100  # of 32767: above it there is a change
READY_WITHIN_S: Final = 20.0


@dataclass(frozen=True)
class Delay:
    """Of one player, ms; events: how many were heard; missed: how many were not."""

    p1_ms: float
    p50_ms: float
    p99_ms: float
    events: int
    missed: int


@dataclass(frozen=True)
class DelayFigures(Delay):
    """What the benchmark found; ``as_json`` is what the command prints."""

    delay_ms: float  # D, chosen just above the device's buffer
    xruns: int
    late_samples: int
    period_frames: int
    periods: int
    realtime: bool
    peers: dict[str, Delay] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)  # peers that are not here, and how to get them

    def as_json(self) -> dict[str, Any]:
        """Plain data for ``json.dumps``."""
        return asdict(self)


def measure(events: int = EVENTS, *, period_frames: int = 128, periods: int = 4, peers: bool = True) -> DelayFigures:
    """Measure so many events, each 0.14 s and a little, and again for each peer.

    Raises
    ------
    BenchError
        There is no sound server, or what should play does not.
    """
    with SoundServer(RATE_HZ) as server:
        own = _own(server, events, period_frames, periods)
        found, absent = {}, {}
        if peers and importlib.util.find_spec("sounddevice") is None:
            absent["sounddevice"] = "it is not installed: pip install sounddevice, apt install libportaudio2"
        elif peers:
            found["sounddevice"] = _sounddevice(server, events, period_frames)
    return DelayFigures(**{**own, "peers": found, "absent": absent})


def _own(server: SoundServer, events: int, period_frames: int, periods: int) -> dict[str, Any]:
    """Measure the project's sound process."""
    mapping = Mapping(quantise=0.0, height_to_loudness=0.0)
    name = f"bench-delay-{os.getpid()}"
    delay_ns = period_frames * periods * 1_000_000_000 // RATE_HZ + MARGIN_NS
    lanes = Lanes.create(name)
    listener = Listener(server)
    plan = SoundPlan(
        lanes=name,
        audio=f"alsa:{DEVICE}",
        mapping=mapping,
        patch="sine",
        period_frames=period_frames,
        periods=periods,
        delay_ns=delay_ns,
        parent_pid=os.getpid(),
    )
    process = _start(["-m", "firmware_py.sound"], server)
    try:
        stdin = cast(IO[bytes], process.stdin)
        stdin.write(plan.to_json().encode())
        stdin.close()
        lanes.hands.open_producer()

        def told() -> np.void:
            status: np.void = np.frombuffer(lanes.status.read(), STATUS)[0]
            return status

        _await(lambda: bool(told()["flags"] & STATUS_READY), process, "the sound process")
        control = np.zeros((), CONTROL)
        control["t0_ns"] = time.monotonic_ns() + 50_000_000
        lanes.control.write(control.tobytes())
        before = int(told()["xruns"])
        sample = np.zeros((), HAND_SAMPLE)

        def hand(there: bool) -> None:
            sample["t_capture_ns"] = sample["t_publish_ns"] = time.monotonic_ns()
            sample["flags"] = Flag.PRESENT if there else 0
            sample["hands"][0] = (mapping.area_of(76.0), 0.5, 0.0, 0.5, 1.0)
            lanes.hands.push(sample.tobytes())

        pushed = _events(hand, events)
        status = told()
        delay = _found(pushed, *listener.close())
    finally:
        _end(process)
        lanes.close()
    return {
        **vars(delay),
        "delay_ms": delay_ns / 1e6,
        "xruns": int(status["xruns"]) - before,
        "late_samples": int(status["late_samples"]),
        "period_frames": int(status["period_frames"]),
        "periods": int(status["periods"]),
        "realtime": bool(status["flags"] & 2),
    }


def _sounddevice(server: SoundServer, events: int, period_frames: int) -> Delay:
    """Measure a plain program with sounddevice, told by a pipe."""
    listener = Listener(server)
    process = _start(["-m", "firmware_py.bench.sounddevice_peer", DEVICE, str(RATE_HZ), str(period_frames)], server)
    try:
        stdout = cast(IO[bytes], process.stdout)
        if not stdout.readline():
            raise BenchError("the sounddevice program does not start; see the lines above")
        to = cast(IO[bytes], process.stdin).fileno()
        pushed = _events(lambda there: os.write(to, b"1" if there else b"0"), events)
        return _found(pushed, *listener.close())
    finally:
        _end(process)


def _start(command: list[str], server: SoundServer) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, *command],
        env=server.environment | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def _end(process: "subprocess.Popen[bytes]") -> None:
    with process:  # closes its pipes
        process.kill()


def _await(done: Callable[[], bool], process: "subprocess.Popen[bytes]", who: str) -> None:
    limit = time.monotonic() + READY_WITHIN_S
    while not done():
        if process.poll() is not None or time.monotonic() > limit:
            raise BenchError(f"{who} does not play; see the lines above")
        time.sleep(0.01)


def _events(hand: Callable[[bool], object], events: int) -> NDArray[np.float64]:
    """Let a hand come and go so often, at instants that keep no step with the device; return when it came, seconds."""
    chance = random.Random(1)  # noqa: S311 - nothing secret
    pushed = []
    _keep(hand, False, 1.0)  # the device's first write may take long
    for _ in range(events):
        pushed.append(time.monotonic())
        _keep(hand, True, SOUNDS_S)
        _keep(hand, False, RESTS_S + chance.uniform(0, 0.01))
    _keep(hand, False, 0.3)
    return np.array(pushed)


def _keep(hand: Callable[[bool], object], there: bool, seconds: float) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        hand(there)
        time.sleep(min(CAMERA_S, left))


def _found(pushed: NDArray[np.float64], samples: NDArray[np.int16], heard_s: NDArray[np.float64]) -> Delay:
    """Find for each event the first frame after it that sounds, in a silence."""
    loud = np.flatnonzero(np.abs(samples) > HEARD)
    starts = loud[np.diff(loud, prepend=-RATE_HZ) > RATE_HZ * 0.02] if len(loud) else loud
    onsets = heard_s[starts]
    at = np.searchsorted(onsets, pushed)
    delays = onsets[np.minimum(at, len(onsets) - 1)] - pushed if len(onsets) else np.empty(0)
    good = delays[(delays > 0) & (delays < SOUNDS_S + RESTS_S)]
    if not len(good):
        raise BenchError("not one change was heard at the device; listen with parec -d spk.monitor")
    p1, p50, p99 = (round(float(one) * 1e3, 3) for one in np.percentile(good, (1, 50, 99)))
    return Delay(p1, p50, p99, len(good), len(pushed) - len(good))
