"""D along a session: a hand sample sounds at ``t_capture + D``, and D may have been made longer on the way.

It is one value from the first note to the last, unless the sound device needed a longer buffer in between. Not here:
how D is found (``sound.arrival``), and when it moves (``session.delay_follow``).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

LONGEST_S: Final = 60.0  # no instrument is played with more


@dataclass(frozen=True)
class DelayMove:
    """D was ``from_s`` and is ``to_s``, seconds, for what is heard from ``at_s`` seconds after t0 on.

    Raises ValueError where that cannot be.
    """

    at_s: float
    from_s: float
    to_s: float

    def __post_init__(self) -> None:
        if not (0 <= self.at_s < math.inf and 0 <= self.from_s <= LONGEST_S and 0 <= self.to_s <= LONGEST_S):
            raise ValueError(f"{self} is no move of D: at_s is 0 or more, from_s and to_s are 0 to {LONGEST_S:g}")


def delays_of(captured_s: NDArray[np.float64], delay_s: float, moves: Sequence[DelayMove] = ()) -> NDArray[np.float64]:
    """Return the D that each hand sample was heard with.

    Parameters
    ----------
    captured_s
        When the samples were taken, float64, shape (n,), seconds after t0.
    delay_s, moves
        D at the beginning, and its moves in the order of time.

    Returns
    -------
    float64, shape (n,), seconds.
    """
    delays = np.full(captured_s.shape, delay_s)
    for move in moves:
        delays[captured_s + delays >= move.at_s] = move.to_s
    return delays


def longest_delay_s(delay_s: float, moves: Sequence[DelayMove] = ()) -> float:
    """Return the longest D of a session, seconds."""
    return max([delay_s, *(move.to_s for move in moves)])
