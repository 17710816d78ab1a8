"""Types of the compiled single tones (``ext/_tones.pyx``, ``ext/include/backing_note.h`` and ``saws.h``)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

def add_note(
    mix: NDArray[np.float32],
    first_frame: int,
    *,
    kind: int,
    midi: float,
    seconds: float,
    gain: float,
    pan: float,
    rate_hz: int,
) -> None: ...
def add_drum(mix: NDArray[np.float32], first_frame: int, *, key: int, gain: float, rate_hz: int) -> None: ...

class SawBank:
    def __init__(self, hz: Sequence[float], *, gain: float = ..., rate_hz: int = ...) -> None: ...
    def render(self, out: NDArray[np.float32], block: int = ...) -> None: ...
