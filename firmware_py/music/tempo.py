"""The player's tempo against the song's: over the whole performance, and bar by bar as the tempo curve.

Both are medians of slopes (Theil 1950, Sen 1968) between the onsets that were wanted and those that were played, so a
few strays do not bend them. Not here: which notes belong together (``judge``), what is said of it (``advice``).
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

MATCHES: Final = 8
SURE: Final = 0.012  # a smaller difference of tempo is not worth a word
STEADY_S: Final = 0.12
AROUND_BARS: Final = 1  # on each side of a bar: one bar alone has too few onsets to tell a tempo from a stray
LOCAL_MATCHES: Final = 4
MOST_ONSETS: Final = 400
Pairs = Sequence[tuple[float, float]]  # onsets wanted and played, in seconds, in order


def tempo_ratio(pairs: Pairs) -> float:
    """Return the player's tempo over the song's, 1.0 where it is not sure."""
    if len(pairs) < MATCHES:
        return 1.0
    wanted, played = np.array(pairs[:: max(1, len(pairs) // MOST_ONSETS)]).T
    slope = _slope(wanted, played)
    left_over = played - slope * wanted
    jitter = float(np.median(np.abs(left_over - np.median(left_over))))
    if abs(1 / slope - 1) < SURE or jitter > STEADY_S:
        return 1.0
    return 1 / slope


def tempo_curve(onsets: Mapping[int, Pairs]) -> dict[int, float]:
    """Return the tempo ratio of each bar, measured over it and the bar on each side; bars with too few onsets lack.

    onsets: by the bar's number.
    """
    found: dict[int, float] = {}
    for bar in onsets:
        pairs = [pair for n in range(bar - AROUND_BARS, bar + AROUND_BARS + 1) for pair in onsets.get(n, ())]
        if len(pairs) >= LOCAL_MATCHES:
            wanted, played = np.array(pairs).T
            slope = _slope(wanted, played)
            if slope > 0:
                found[bar] = 1 / slope
    return found


def _slope(wanted: NDArray[np.float64], played: NDArray[np.float64]) -> float:
    """Return seconds played per second wanted, between onsets that lie well apart."""
    apart = np.subtract.outer(wanted, wanted)
    far = apart > 0.25 * (wanted[-1] - wanted[0])
    return float(np.median(np.subtract.outer(played, played)[far] / apart[far]))
