"""Types of the compiled loudness meter (``ext/_loudness.pyx``, ``ext/include/loudness.h``)."""

import numpy as np
from numpy.typing import NDArray

PEAK_FRAMES: int

class Meter:
    def __init__(self, rate_hz: int) -> None: ...
    def add(self, sound: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
    @property
    def peak(self) -> float: ...
