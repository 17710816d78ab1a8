"""The real sound process with a hand that a benchmark moves: its lanes, its counters, its processor time.

Its tape is emptied all along, as the recorder does. Not here: what is heard of it (``sound_server``), what is asked of
it (``delay``, ``playing``).
"""

import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, Popen
from types import TracebackType
from typing import IO, Final, Self, cast

import numpy as np

from firmware_py.errors import BenchError
from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.lanes import CONTROL, STATUS, STATUS_READY, Lanes
from firmware_py.session.delay_follow import DelayFollower
from firmware_py.sound.plan import SoundPlan

READY_WITHIN_S: Final = 20.0
LEAD_NS: Final = 50_000_000
LOOK_S: Final = 0.01
RENDER_SETTLED_S: Final = 1.0  # what rendering cost is told smoothed: the first blocks are not like the others


@dataclass(frozen=True)
class Counters:
    """What the process had counted by an instant of its playing."""

    xruns: int
    late_samples: int
    bad_samples: int
    tape_drops: int


def processor_s(task: Path) -> float:
    """Return the processor time of a thread, user and system, seconds; ``task`` is its folder in /proc.

    To the nanosecond where the kernel keeps a schedstat, else to its tick.
    """
    try:
        return int((task / "schedstat").read_text().split()[0]) / 1e9
    except FileNotFoundError:
        fields = (task / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Program:
    """A child with pipes; what it says to people is kept, and told when it fails."""

    def __init__(self, command: list[str], environment: Mapping[str, str]) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the program
        self.process = Popen(
            [sys.executable, *command],
            env={**environment, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=PIPE,
            stdout=PIPE,
            stderr=self._said,
        )
        self.stdin = cast(IO[bytes], self.process.stdin)
        self.stdout = cast(IO[bytes], self.process.stdout)

    def failure(self, what: str) -> BenchError:
        """Return the error that says what it does not do, with its own last words."""
        self._said.seek(0)
        words = self._said.read().decode(errors="replace").strip().splitlines()
        return BenchError(f"{what}: {words[-1] if words else 'it says nothing'}")

    def end(self) -> None:
        """End it by force, and close its pipes."""
        with self.process:
            self.process.kill()
        self._said.close()


class Player:
    """A sound process that plays from ``with`` to its end; ``plan`` but for the lanes and the parent is its own."""

    def __init__(self, plan: SoundPlan, environment: Mapping[str, str], levels_db: Mapping[str, float] | None = None):
        self._plan, self._environment, self._levels_db = plan, environment, levels_db or {}
        self.render_share_max = 0.0
        self.xruns_within_s: list[tuple[float, float]] = []  # the looks before and after each, of CLOCK_MONOTONIC
        self._follower = DelayFollower()
        self._sample = np.zeros((), HAND_SAMPLE)

    def __enter__(self) -> Self:
        self.lanes = Lanes.create(self._plan.lanes)
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="tape", daemon=True)
        try:
            self._program = Program(["-m", "firmware_py.sound"], self._environment)
            with self._program.stdin as stdin:
                stdin.write(self._plan.to_json().encode())
            self.lanes.hands.open_producer()
            self.lanes.tape_audio.open_consumer()
            self._until(lambda: bool(self.told()["flags"] & STATUS_READY))
            self._began = self._counted()
            self._control = np.zeros((), CONTROL)
            self._control["t0_ns"] = time.monotonic_ns() + LEAD_NS
            self._control["delay_us"] = self._plan.delay_ns // 1000
            for level, decibels in self._levels_db.items():
                self._control[level] = decibels
            self.lanes.control.write(self._control.tobytes())
            self._watcher.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._watcher.is_alive():
            self._watcher.join()
        if hasattr(self, "_program"):
            self._program.end()
        self.lanes.close()

    def hand(self, pitch: float | None, second: float | None = None) -> None:
        """Push one hand sample, taken now: the pitches (MIDI numbers) of the hands, None where there is none."""
        sample = self._sample
        sample["t_capture_ns"] = sample["t_publish_ns"] = time.monotonic_ns()
        sample["flags"] = (Flag.PRESENT if pitch is not None else 0) | (Flag.SECOND_HAND if second is not None else 0)
        for number, one in enumerate((pitch, second)):
            if one is not None:
                sample["hands"][number] = (self._plan.mapping.area_of(one), 0.5, 0.3, 0.5, 1.0)
        self.lanes.hands.push(sample.tobytes())

    def told(self) -> np.void:
        """Return the status of the process now."""
        status: np.void = np.frombuffer(self.lanes.status.read(), STATUS)[0]
        return status

    @property
    def counters(self) -> Counters:
        """What it counted since the session began."""
        now = self._counted()
        return Counters(*(getattr(now, name) - getattr(self._began, name) for name in vars(now)))

    @property
    def delay_s(self) -> float:
        """D as it is now, as a session would let it follow the device's buffer."""
        return self._follower.delay_s(self._plan.delay_ns / 1e9)

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._program.process.pid

    def processor_s(self) -> float:
        """Return the processor time of all its threads so far, user and system, seconds."""
        return sum(map(processor_s, Path(f"/proc/{self.pid}/task").iterdir()))

    def check(self) -> None:
        """Raise BenchError if it plays no more."""
        if self._program.process.poll() is not None:
            raise self._program.failure("the sound process has ended")

    def _counted(self) -> Counters:
        told = self.told()
        return Counters(*(int(told[name]) for name in Counters.__dataclass_fields__))

    def _until(self, done: Callable[[], bool]) -> None:
        limit = time.monotonic() + READY_WITHIN_S
        while not done():
            self.check()
            if time.monotonic() > limit:
                raise self._program.failure("the sound process does not play")
            time.sleep(0.01)

    def _watch(self) -> None:
        begin = before_s = time.monotonic()
        xruns = self._began.xruns
        while not self._stop.wait(LOOK_S):
            self.lanes.tape_audio.discard()
            told, now_s = self.told(), time.monotonic()
            if now_s - begin > RENDER_SETTLED_S:
                self.render_share_max = max(self.render_share_max, float(told["render_share"]))
            self.xruns_within_s += [(before_s, now_s)] * (int(told["xruns"]) - xruns)
            before_s, xruns = now_s, int(told["xruns"])
            if self._follower.step(now_s - begin, self._plan.delay_ns / 1e9, told):
                self._control["delay_us"] = round(self.delay_s * 1e6)
                self.lanes.control.write(self._control.tobytes())
