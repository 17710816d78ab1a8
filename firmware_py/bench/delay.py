"""``hand-dance bench delay``: from a hand sample in the ring to the change at the sound device, on a real ALSA device.

The device is a null sink of a sound server of its own, which plays in real time (``sound_server``). Beside it the same
is asked of plain programs with sounddevice and pyo. Not here: the camera's delay, a sound card's (``calibrate delay``).
"""

import importlib.util
import os
import random
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from firmware_py.bench.busy import BusyNeighbours
from firmware_py.bench.player import Player, Program
from firmware_py.bench.sound_server import DEVICE, Listener, SoundServer
from firmware_py.bench.stalls import Stall, StallWatch, stolen_s
from firmware_py.errors import BenchError
from firmware_py.lanes import STATUS_REALTIME
from firmware_py.music.mapping import Mapping
from firmware_py.sound.plan import SoundPlan

RATE_HZ: Final = 48_000
EVENTS: Final = 500
PITCH: Final = 76.0
MARGIN_NS: Final = 4_000_000  # of D beyond the device's buffer: a tick of control, and waking up
SOUNDS_S: Final = 0.03  # the hand is there
RESTS_S: Final = 0.11  # and away: longer than the release
CHANCE_S: Final = 0.01  # and up to so much longer
EVENTS_PER_MINUTE: Final = round(60 / (SOUNDS_S + RESTS_S + CHANCE_S / 2))
CAMERA_S: Final = 0.008  # between hand samples
AFTER_STALL_S: Final = 0.03  # until a buffer that ran dry in a stall is found out
HEARD: Final = 100  # of 32767: above it there is a change
PEERS: Final = {  # name, and how to get it
    "sounddevice": "pip install sounddevice, apt install libportaudio2",
    "pyo": "pip install pyo",
}


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
    delay_end_ms: float  # D at the end: it follows a buffer that repeated xruns have made longer
    seconds: float  # that were played
    busy: bool  # every processor was kept busy by others
    realtime: bool  # SCHED_FIFO was granted
    xruns: int
    xruns_in_stalls: int  # those of them that came while, or just after, the whole machine stood still
    stalls: int  # times that a processor ran nothing of this machine, for half the buffer or longer
    stalls_share: float  # of the time that counts as in a stall or just after: so many xruns would be there by chance
    stall_longest_ms: float
    late_samples: int
    tape_drops: int
    render_share_max: float  # of the time that there is for rendering
    stolen_ms: float  # processor time that the host of a virtual machine took away meanwhile: no priority helps there
    stolen_in_stalls_ms: float
    period_frames: int
    periods: int
    peers: dict[str, Delay] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)  # peers that are not here, and how to get them

    def as_json(self) -> dict[str, Any]:
        """Plain data for ``json.dumps``."""
        return asdict(self)


def measure(
    events: int = EVENTS, *, period_frames: int = 128, periods: int = 4, peers: bool = True, busy: bool = False
) -> DelayFigures:
    """Measure so many events, each 0.14 s and a little, and again for each peer, at most EVENTS of them.

    busy: meanwhile other programs keep every processor busy.

    Raises
    ------
    BenchError
        There is no sound server, or what should play does not.
    """
    with SoundServer(RATE_HZ) as server, BusyNeighbours() if busy else nullcontext():
        own = _own(server, events, period_frames, periods)
        found, absent = {}, {}
        for name, how in PEERS.items() if peers else ():
            if importlib.util.find_spec(name) is None:
                absent[name] = f"it is not installed: {how}"
            else:
                found[name] = _peer(name, server, min(events, EVENTS), period_frames)
    return DelayFigures(**own, busy=busy, peers=found, absent=absent)


def _own(server: SoundServer, events: int, period_frames: int, periods: int) -> dict[str, Any]:
    """Measure the project's sound process."""
    buffer_ns = period_frames * periods * 1_000_000_000 // RATE_HZ
    delay_ns = buffer_ns + MARGIN_NS
    plan = SoundPlan(
        lanes=f"bench-delay-{os.getpid()}",
        audio=f"alsa:{DEVICE}",
        mapping=Mapping(quantise=0.0, height_to_loudness=0.0),
        patch="sine",
        period_frames=period_frames,
        periods=periods,
        delay_ns=delay_ns,
        parent_pid=os.getpid(),
    )
    with Listener(server) as listener, StallWatch() as watch, Player(plan, server.environment) as player:
        begin, stolen = time.monotonic(), stolen_s()
        pushed = _events(lambda there: player.hand(PITCH if there else None), events)
        player.check()
        seconds, stolen = time.monotonic() - begin, stolen_s() - stolen
        counters, status, xruns, delay_s = player.counters, player.told(), [*player.xruns_within_s], player.delay_s
        stalls = [one for one in watch.close() if one.seconds >= buffer_ns / 2e9 and one.end_s >= begin]
        delay = _found(pushed, *listener.close())
    return {
        **vars(delay),
        "delay_ms": round(delay_ns / 1e6, 3),
        "delay_end_ms": round(delay_s * 1e3, 3),
        "seconds": round(seconds, 1),
        "realtime": bool(status["flags"] & STATUS_REALTIME),
        "xruns": len(xruns),
        "xruns_in_stalls": in_stalls(xruns, stalls),
        "stalls": len(stalls),
        "stalls_share": round(min(1.0, sum(one.seconds + AFTER_STALL_S for one in stalls) / seconds), 4),
        "stall_longest_ms": round(max((one.seconds for one in stalls), default=0.0) * 1e3, 1),
        "late_samples": counters.late_samples,
        "tape_drops": counters.tape_drops,
        "render_share_max": round(player.render_share_max, 4),
        "stolen_ms": round(stolen * 1e3),
        "stolen_in_stalls_ms": round(sum(one.stolen_s for one in stalls) * 1e3),
        "period_frames": int(status["period_frames"]),
        "periods": int(status["periods"]),
    }


def in_stalls(xruns_within_s: Sequence[tuple[float, float]], stalls: Sequence[Stall]) -> int:
    """Return how many xruns came in a stall or just after it.

    xruns_within_s: two instants of CLOCK_MONOTONIC that each of them came between, seconds.
    """
    return sum(
        any(stall.start_s <= until_s and from_s <= stall.end_s + AFTER_STALL_S for stall in stalls)
        for from_s, until_s in xruns_within_s
    )


def _peer(name: str, server: SoundServer, events: int, period_frames: int) -> Delay:
    """Measure a plain program with this library, told by a pipe."""
    with Listener(server) as listener:
        module = f"firmware_py.bench.{name}_peer"
        program = Program(["-m", module, DEVICE, str(RATE_HZ), str(period_frames)], server.environment)
        try:
            while (line := program.stdout.readline()) != b"ready\n":
                if not line:
                    raise program.failure(f"the {name} program does not start")
            to = program.stdin.fileno()
            try:
                pushed = _events(lambda there: os.write(to, b"1" if there else b"0"), events)
            except BrokenPipeError as error:
                raise program.failure(f"the {name} program has ended") from error
            return _found(pushed, *listener.close())
        finally:
            program.end()


def _events(hand: Callable[[bool], object], events: int) -> NDArray[np.float64]:
    """Let a hand come and go so often, at instants that keep no step with the device; return when it came, seconds."""
    chance = random.Random(1)  # noqa: S311 - nothing secret
    pushed = []
    _keep(hand, False, 1.0)  # the device's first write may take long
    for _ in range(events):
        pushed.append(time.monotonic())
        _keep(hand, True, SOUNDS_S)
        _keep(hand, False, RESTS_S + chance.uniform(0, CHANCE_S))
    _keep(hand, False, 0.3)
    return np.array(pushed)


def _keep(hand: Callable[[bool], object], there: bool, seconds: float) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        hand(there)
        time.sleep(min(CAMERA_S, left))


def _found(pushed: NDArray[np.float64], samples: NDArray[np.int16], heard_s: NDArray[np.float64]) -> Delay:
    """Find for each event the first frame after it that sounds, in a silence; percentiles over what was heard."""
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
