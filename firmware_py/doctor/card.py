"""The card that sessions are kept on: its room and its speed."""

import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from firmware_py.archive.space import Space, space_of
from firmware_py.doctor.check import Patient
from firmware_py.doctor.finding import Finding, Level

BLOCKS: Final = 16
BLOCK: Final = 256 << 10  # bytes, about a second of the recording
SLOW_BYTES_S: Final = 4e6
TOO_SLOW_BYTES_S: Final = 1e6  # the recording needs 0.3 MB/s, and the letter is made beside it
LONG_S: Final = 2.0  # the recording's reserve is longer, not much


def space(patient: Patient) -> list[Finding]:
    """Look how much can still be recorded."""
    title = "Room"
    state = patient.config.state
    try:
        room = space_of(state)
    except OSError as error:
        remedy = f"make the folder {state}, or name another one with --state"
        return [Finding("space", title, Level.RED, f"{state} cannot be looked at ({error.strerror})", remedy)]
    level = Level.RED if room.full else Level.AMBER if room.nearly_full else Level.GREEN
    says = f"{_bytes(room.free_bytes)} free, {_minutes(room)} of recording"
    remedy = (
        "" if level is Level.GREEN else "delete sessions you have (hand-dance sessions delete), or use a larger card"
    )
    return [
        Finding("space", title, level, says, remedy, {"free_bytes": room.free_bytes, "seconds": round(room.seconds)})
    ]


def speed(patient: Patient) -> list[Finding]:
    """Write a few megabytes as the recording does, each block on the card before the next, and take them away."""
    title = "Card"
    state = patient.config.state
    try:
        total_s, longest_s = _write(state)
    except OSError as error:
        remedy = f"mount {state} writable, free some space, or change the card: it may be worn out"
        return [Finding("card", title, Level.RED, f"{state} cannot be written ({error.strerror})", remedy)]
    rate = BLOCKS * BLOCK / max(total_s, 1e-6)
    level = Level.GREEN
    if rate < TOO_SLOW_BYTES_S:
        level = Level.RED
    elif rate < SLOW_BYTES_S or longest_s > LONG_S:
        level = Level.AMBER
    remedy = "" if level is Level.GREEN else "use a faster card (class A1 or better), or a USB stick as --state"
    says = f"writes {rate / 1e6:.1f} MB/s, the longest wait {longest_s * 1000:.0f} ms"
    figures = {"bytes_per_s": round(rate), "longest_ms": round(longest_s * 1000, 1)}
    return [Finding("card", title, level, says, remedy, figures)]


def _write(state: Path) -> tuple[float, float]:
    """Return how long all blocks took, and the longest of them, in seconds."""
    block = os.urandom(BLOCK)  # some cards and file systems cheat on zeros
    there = state if state.is_dir() else next(parent for parent in state.parents if parent.is_dir())
    handle, name = tempfile.mkstemp(prefix=".doctor-", dir=there)
    waits = []
    try:
        for _ in range(BLOCKS):
            begun = time.monotonic()
            os.write(handle, block)
            os.fdatasync(handle)
            waits.append(time.monotonic() - begun)
    finally:
        os.close(handle)
        with suppress(OSError):
            Path(name).unlink()
    return sum(waits), max(waits)


def _bytes(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def _minutes(room: Space) -> str:
    minutes = room.seconds / 60
    return f"{minutes / 60:.0f} h" if minutes >= 120 else f"{minutes:.0f} min"
