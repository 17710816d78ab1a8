"""Vibrato of a held note: how fast its pitch swings, and how far.

Rate and extent as studies of singers and strings give them (Prame 1994, 1997: 4 to 8 swings a second; the extent is
half of the way from the highest to the lowest point). Not here: finding the notes (``notes``), a patch's own vibrato,
which is no doing of the hand and not in the curve.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

SLOWEST_HZ: Final = 3.5
FASTEST_HZ: Final = 9.0
ARRIVAL_S: Final = 0.080  # of the note, in which the hand still glides
SHORTEST_S: Final = 0.400  # then left: fewer than two swings tell no rate
LEAST_CENTS: Final = 5.0  # of extent: below it nobody hears one
REGULAR: Final = 0.5  # share of all unrest that the one swing must be; a trembling hand's is spread over many rates
LOOKS_HZ: Final = 50.0  # so often a second is enough for the fastest
_STEP_HZ: Final = 0.1


@dataclass(frozen=True, slots=True)
class Vibrato:
    """rate_hz: swings a second, 3.5…9. extent_cents: how far to each side of the note, 5 and more."""

    rate_hz: float
    extent_cents: float


def vibrato_of(pitch: NDArray[np.float64], rate_hz: float) -> Vibrato | None:
    """Return the vibrato of one note, None where it has none that is regular, wide and long enough.

    pitch: float64, shape (n,), MIDI numbers along the note, NaN in lost frames; rate_hz: values a second.
    """
    every = max(1, round(rate_hz / LOOKS_HZ))
    held = pitch[round(ARRIVAL_S * rate_hz) :: every] * 100.0
    at_s = np.arange(len(held)) * (every / rate_hz)
    there = np.isfinite(held)
    if there.sum() * every < SHORTEST_S * rate_hz:
        return None
    held, at_s = held[there], at_s[there]
    unrest = held - np.polyval(np.polyfit(at_s - at_s.mean(), held, 1), at_s - at_s.mean())
    if unrest.std() * np.sqrt(2.0) < LEAST_CENTS:
        return None
    rates = np.arange(SLOWEST_HZ, FASTEST_HZ + _STEP_HZ / 2, _STEP_HZ)
    # the swing of each rate by least squares: for these rates and lengths sine and cosine are as good as orthogonal
    swings = 2.0 * np.exp(-2j * np.pi * np.outer(rates, at_s)) @ unrest / len(unrest)
    best = int(np.abs(swings).argmax())
    extent = float(np.abs(swings[best]))
    if extent < LEAST_CENTS or 0.5 * extent**2 < REGULAR * float(np.mean(unrest**2)) or best in (0, len(rates) - 1):
        return None
    return Vibrato(float(rates[best]), extent)
