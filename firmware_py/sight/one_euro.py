"""The One-Euro filter: steady when the hand is still, quick when it moves.

Casiez, Roussel, Vogel: "1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy Input in Interactive
Systems", CHI 2012. Not here: what is filtered with which settings (``tracker``).
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OneEuroSettings:
    """least_hz: cut-off for a value that stands still. quickness: how much each unit a second adds to it, in Hz.
    speed_hz: cut-off of the estimate of the speed.
    """  # noqa: D205

    least_hz: float
    quickness: float
    speed_hz: float


class OneEuro:
    """One value, filtered; samples may come at uneven times."""

    def __init__(self, settings: OneEuroSettings) -> None:
        self._settings = settings
        self._t_s = math.nan
        self._value = math.nan
        self._speed = 0.0

    @property
    def speed(self) -> float:
        """Filtered change a second."""
        return self._speed

    def reset(self) -> None:
        """Forget everything: the next value passes as it is."""
        self._t_s = math.nan
        self._speed = 0.0

    def __call__(self, value: float, t_s: float) -> float:
        """Return ``value``, taken at ``t_s`` seconds, filtered; a time that does not advance gives the last answer."""
        if math.isnan(self._t_s):
            self._t_s, self._value = t_s, value
            return value
        step_s = t_s - self._t_s
        if step_s <= 0:
            return self._value
        speed = (value - self._value) / step_s
        self._speed += _weight(self._settings.speed_hz, step_s) * (speed - self._speed)
        cutoff_hz = self._settings.least_hz + self._settings.quickness * abs(self._speed)
        self._value += _weight(cutoff_hz, step_s) * (value - self._value)
        self._t_s = t_s
        return self._value


def _weight(cutoff_hz: float, step_s: float) -> float:
    turn = 2 * math.pi * cutoff_hz * step_s
    return turn / (turn + 1)
