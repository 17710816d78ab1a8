"""The delay D as it follows from the ages that hand samples had when they could first be heard.

D must be as short as it can be and still never change: long enough that nearly every sample is there in time, with the
one after it, between which the instrument interpolates. Not here: taking the ages (``ext/include/delay.h``), deciding
when (``session.count_in``).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from firmware_py.lanes import ARRIVALS_KEPT

PLANNED_S: Final = 0.060  # until it is measured, and where it cannot be
SHORTEST_S: Final = 0.015
LONGEST_S: Final = 0.200
SLOW_S: Final = 0.080  # a player feels that the sound comes after the hand
MARGIN_S: Final = 0.003  # a tick of the engine, and the camera's unsteadiness
SHARE: Final = 99.0  # per cent of the samples in time for the interpolation; one more interval, and they are just late
WARM_UP: Final = 12  # frames at first, while caches and networks are cold; of few, a quarter
LEAST_FRAMES: Final = 8
PLENTY: Final = 36  # frames worth waiting for


@dataclass(frozen=True)
class MeasuredDelay:
    """D, and what it was measured by: so many frames, their ages, and the time from one to the next (medians)."""

    delay_us: int
    frames: int
    age_p50_ms: float
    age_p99_ms: float
    interval_ms: float

    @property
    def slow(self) -> bool:
        """Whether camera and machine are too slow for a good instrument."""
        return self.delay_us > SLOW_S * 1e6

    @property
    def figures(self) -> dict[str, float]:
        """Return what is kept of it in session.json."""
        return {
            "frames": self.frames,
            "age_p50_ms": self.age_p50_ms,
            "age_p99_ms": self.age_p99_ms,
            "interval_ms": self.interval_ms,
        }

    @property
    def warning(self) -> str:
        """Return what is to be said of a slow one; empty where there is nothing to say."""
        if not self.slow:
            return ""
        return (
            f"the sound comes {self.delay_us / 1e3:.0f} ms after the hand: a picture every {self.interval_ms:.0f} ms,"
            f" and {self.age_p99_ms:.0f} ms until it is heard; below {SLOW_S * 1e3:.0f} ms is good: use a faster"
            " camera, more light, or a shorter audio buffer"
        )


def plenty(arrivals: np.void) -> bool:
    """Whether a record of ARRIVALS holds frames enough for a measurement that need not be waited for any longer."""
    return int(arrivals["count"]) >= PLENTY


def delay_by(arrivals: np.void) -> MeasuredDelay | None:
    """Return the D that a record of ARRIVALS asks for; None while it holds fewer than LEAST_FRAMES frames.

    D is SHARE per cent's age, one frame's interval and MARGIN_S, within SHORTEST_S…LONGEST_S, in whole microseconds.
    """
    count = int(arrivals["count"])
    if count < LEAST_FRAMES:
        return None
    first = min(WARM_UP, count // 4) if count <= ARRIVALS_KEPT else 0  # later the first ones are overwritten
    kept = slice(first, min(count, ARRIVALS_KEPT))
    ages, intervals = arrivals["age_us"][kept], arrivals["interval_us"][kept]
    age = float(np.percentile(ages, SHARE, method="higher"))
    interval = float(np.median(intervals))
    delay_us = round(min(LONGEST_S * 1e6, max(SHORTEST_S * 1e6, age + interval + MARGIN_S * 1e6)))
    return MeasuredDelay(
        delay_us=delay_us,
        frames=count,
        age_p50_ms=round(float(np.median(ages)) / 1e3, 3),
        age_p99_ms=round(age / 1e3, 3),
        interval_ms=round(interval / 1e3, 3),
    )
