"""When the machine itself stood still: the host of a virtual machine gave its processors to others for a while.

On each processor a program that does next to nothing sleeps a millisecond at a time, at a priority above the sound, its
device and all else that runs here. Whatever keeps it from waking keeps everybody from it, and no program of this
machine can do that for long. Beside each stall stands what the kernel says the host has taken in it. Not here: what a
stall did to the sound (``delay``).

Run as ``python -m firmware_py.bench.stalls PROCESSOR PARENT_PID`` for one of them; it writes a line for each stall.
"""

import gc
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from firmware_py.parent import die_with
from firmware_py.sound.realtime import PRIORITY

ABOVE: Final = PRIORITY + 20  # every other program of a benchmark
SLEEP_S: Final = 0.001
LEAST_S: Final = 0.002  # beyond the sleep; a kernel that is not a real-time one needs some of it for itself
LOOK_EVERY: Final = 64  # sleeps, after which the host's taking is read anew, so that a stall's is its own


@dataclass(frozen=True)
class Stall:
    """A stretch in which a processor ran nothing of this machine, seconds of CLOCK_MONOTONIC; stolen_s: by the host."""

    processor: int
    start_s: float
    end_s: float
    stolen_s: float

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end_s - self.start_s


class StallWatch:
    """Watches every processor from ``with`` to its end; ``close`` returns what was seen.

    ``granted`` is false where the priority is refused: then nothing is seen, because it would not mean anything.
    """

    def __init__(self) -> None:
        self._watchers: list[subprocess.Popen[str]] = []
        self._seen: list[Stall] = []
        self.granted = False

    def __enter__(self) -> Self:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        for processor in sorted(os.sched_getaffinity(0)):
            command = [sys.executable, "-m", "firmware_py.bench.stalls", str(processor), str(os.getpid())]
            self._watchers.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True))
        first = [watcher.stdout.readline() for watcher in self._watchers if watcher.stdout]
        self.granted = all(line == "watching\n" for line in first)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> list[Stall]:
        """Stop; return the stalls in the order they ended. May be called twice."""
        for watcher in self._watchers:
            watcher.terminate()
        for watcher in self._watchers:
            said, _ = watcher.communicate(timeout=10)
            self._seen += [_read(line) for line in said.splitlines()]
        self._watchers.clear()
        return sorted(self._seen, key=lambda stall: stall.end_s)


def _read(line: str) -> Stall:
    processor, start_s, end_s, stolen_s = line.split()
    return Stall(int(processor), float(start_s), float(end_s), float(stolen_s))


def stolen_s(processor: int | None = None) -> float:
    """Return the time that the machine's host has given to others so far, of a processor or of all, seconds."""
    name = "cpu " if processor is None else f"cpu{processor} "
    line = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith(name))
    return int(line.split()[8]) / os.sysconf("SC_CLK_TCK")


def main(processor: int, parent_pid: int) -> None:
    """Watch one processor until SIGTERM."""
    die_with(parent_pid)
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: stopping.append(number))
    try:
        os.sched_setaffinity(0, {processor})
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(ABOVE))
    except OSError as error:
        print(f"refused: {error.strerror}", flush=True)
        return
    gc.disable()
    print("watching", flush=True)
    seen, before, turns = [], stolen_s(processor), 0
    last_ns = time.monotonic_ns()
    while not stopping:
        time.sleep(SLEEP_S)
        now_ns, turns = time.monotonic_ns(), turns + 1
        if now_ns - last_ns > (SLEEP_S + LEAST_S) * 1e9:
            taken = stolen_s(processor)
            seen.append((last_ns / 1e9 + SLEEP_S, now_ns / 1e9, taken - before))
            before = taken
        elif turns % LOOK_EVERY == 0:
            before = stolen_s(processor)
        last_ns = now_ns
    for stall in seen:
        print(processor, *stall)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
