"""A process that shares no handle with the test: all it gets is a name."""

import signal
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware_py import shared_memory
from firmware_py._ring import Ring

ROOT = Path(__file__).parents[3]
CAPACITY = 16
SIZE = Ring.bytes_needed(CAPACITY)

PRELUDE = f"""
import os, signal, sys, time
from firmware_py._ring import Ring
from firmware_py.shared_memory import SharedSegment, clean_stale
name = sys.argv[1]
def say(*words): print(*words, flush=True)
def until(something, seconds=20.0):
    end = time.monotonic() + seconds
    while not something():
        if time.monotonic() > end: sys.exit("waited in vain")
        time.sleep(0.001)
CAPACITY, SIZE = {CAPACITY}, {SIZE}
"""

Start = Callable[..., "Stranger"]


class Stranger:
    """A process of its own that shares no handle with this one: all it gets is a name."""

    def __init__(self, name: str, script: str, **options: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PRELUDE + textwrap.dedent(script), name],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def tell(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)

    def end(self) -> str:
        """Close its input, wait for its end, and return all it still said."""
        said, wrong = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, wrong
        return said.strip()


@pytest.fixture
def name() -> Iterator[str]:
    chosen = f"test-{uuid.uuid4().hex[:12]}"
    yield chosen
    for left in shared_memory.SHM.glob(f"hand-dance-*-{chosen}*"):
        left.unlink()


@pytest.fixture
def start(name: str) -> Iterator[Start]:
    strangers: list[Stranger] = []

    def begin(script: str, **options: int) -> Stranger:
        strangers.append(Stranger(name, script, **options))
        return strangers[-1]

    yield begin
    for stranger in strangers:
        if stranger.process.poll() is None:
            stranger.kill()
        for pipe in (stranger.process.stdin, stranger.process.stdout, stranger.process.stderr):
            if pipe is not None and not pipe.closed:
                pipe.close()
