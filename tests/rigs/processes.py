"""Looks at the processes of a running session from outside, for tests that stop and kill them."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

Found = TypeVar("Found")


def awaited(look: Callable[[], Found | None], what: str, within_s: float = 30) -> Found:
    """Look until there is something to see; the thing looked at is another process's doing."""
    limit = time.monotonic() + within_s
    while time.monotonic() < limit:
        if found := look():
            return found
        time.sleep(0.002)
    raise AssertionError(f"no {what} within {within_s} s")


def sound_process(supervisor: int, last: int = 0) -> int | None:
    """The pid of the supervisor's sound process, other than the last one."""
    for task in Path(f"/proc/{supervisor}/task").iterdir():
        for pid in map(int, (task / "children").read_text().split()):
            with suppress(FileNotFoundError, ProcessLookupError):  # it ended while it was looked at
                if pid != last and b"firmware_py.sound" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                    return pid
    return None
