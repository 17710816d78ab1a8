"""The levels of the mix as they are now: set by the configuration, changed while somebody plays.

Any thread may change one; the session's loop passes changes on to the sound process, which ramps to them. Not here: the
mixing (``ext/include/engine.h``), or which key changes what (``panel``).
"""

import threading
from collections.abc import Mapping
from typing import Final, Self

from firmware_py.config import SoundSettings
from firmware_py.errors import UsageError
from firmware_py.sound.backing import GUIDE_LEVELS_DB

LEAST_DB: Final = -90.0  # silence
MOST_DB: Final = 6.0
STEP_DB: Final = 3.0  # of one press
NAMES: Final = ("instrument_db", "backing_db", "metronome_db", "guide_db", "master_db", "mic_db")


class Levels:
    """Levels in dB by their names in the CONTROL cell, from LEAST_DB, which is silence, to MOST_DB."""

    def __init__(self, levels_db: Mapping[str, float]) -> None:
        """Begin with these; one that is not named is 0 dB, the microphone's silence."""
        self._lock = threading.Lock()
        self._levels_db = {**dict.fromkeys(NAMES, 0.0), "mic_db": LEAST_DB}
        self.changes = 0  # so far: who passes them on compares
        for name, decibels in levels_db.items():
            self.set(name, decibels)

    @classmethod
    def of(cls, settings: SoundSettings) -> Self:
        """Return the levels of the configuration."""
        return cls(
            {
                "instrument_db": settings.instrument_db,
                "backing_db": settings.backing_db,
                "metronome_db": settings.metronome_db,
                "guide_db": GUIDE_LEVELS_DB[settings.guide],
                "master_db": settings.master_db,
                "mic_db": settings.mic_db,
            }
        )

    def set(self, name: str, decibels: float) -> float:
        """Set a level, kept within its range, and return it. Raises UsageError for an unknown name or no number."""
        with self._lock:
            return self._set(name, decibels)

    def change(self, name: str, by_db: float) -> float:
        """Raise or lower a level and return it. Raises UsageError for an unknown name or no number."""
        with self._lock:
            return self._set(name, self._levels_db.get(name, 0.0) + by_db)

    def now_db(self) -> dict[str, float]:
        """Return all levels."""
        with self._lock:
            return dict(self._levels_db)

    def _set(self, name: str, decibels: float) -> float:
        if name not in self._levels_db:
            raise UsageError(f"no level is called {name!r}; there are {', '.join(NAMES)}")
        if decibels != decibels:
            raise UsageError(f"{name} is {decibels}; allowed is a number from {LEAST_DB:g} to {MOST_DB:g}")
        kept = max(LEAST_DB, min(MOST_DB, decibels))
        if kept != self._levels_db[name]:
            self._levels_db[name] = kept
            self.changes += 1
        return kept
