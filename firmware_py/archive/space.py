"""How much can still be recorded where sessions are kept. Not here: ending a recording in time (``sound.recorder``)."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SECOND_BYTES: Final = 48_000 * 2 * (2 + 1) + 60 * 64  # sound.wav, mic.wav, hand.samples
FULL_BYTES: Final = 50 * 10**6  # a session of two minutes with its letter
NEARLY_FULL_BYTES: Final = 500 * 10**6


@dataclass(frozen=True)
class Space:
    """Room on a card. seconds: of recording, with a microphone. full: no more sessions. nearly_full: tell somebody."""

    free_bytes: int

    @property
    def seconds(self) -> float:
        """Seconds that can still be recorded."""
        return self.free_bytes / SECOND_BYTES

    @property
    def full(self) -> bool:
        """Whether the next session may not fit."""
        return self.free_bytes < FULL_BYTES

    @property
    def nearly_full(self) -> bool:
        """Whether the next sessions may not fit."""
        return self.free_bytes < NEARLY_FULL_BYTES


def space_of(state: Path) -> Space:
    """Return the room for this state folder, made or not yet. Raises OSError where that cannot be asked."""
    there = next(folder for folder in (state, *state.parents) if folder.exists())
    found = os.statvfs(there)
    return Space(found.f_bavail * found.f_frsize)
