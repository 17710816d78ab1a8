"""How loud sound is to people, and the gain that brings it to a loudness without passing a peak.

Source: ITU-R BS.1770-5 (K weighting, gating, true peak), EBU R 128. Not here: the filters (``ext/include/loudness.h``)
and files (``post.mastering``).
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_py._loudness import PEAK_FRAMES, Meter

ABSOLUTE_GATE_LUFS: Final = -70.0
RELATIVE_GATE_LU: Final = -10.0
STEPS_A_BLOCK: Final = 4  # blocks of 400 ms, a new one every 100 ms
_OFFSET: Final = -0.691
_REACH: Final = 6  # a peak pulls the gain down so many groups of PEAK_FRAMES around it
_SMOOTHING: Final = np.hanning(2 * (_REACH - 2) + 3)[1:-1]


@dataclass(frozen=True)
class Loudness:
    """What was measured: integrated loudness in LUFS (-inf: nothing above the gate), true peak in dBTP.

    peaks: float64, the true peak (1.0 is full scale) of each PEAK_FRAMES frames.
    """

    lufs: float
    peak_dbtp: float
    peaks: NDArray[np.float64]


class LoudnessMeter:
    """Measures sound that comes in blocks of any size."""

    def __init__(self, rate_hz: int) -> None:
        self._meter = Meter(rate_hz)
        self._steps: list[NDArray[np.float64]] = []
        self._peaks: list[NDArray[np.float64]] = []

    def add(self, sound: NDArray[np.float32]) -> None:
        """Take the next frames: float32, shape (n, 2), 1.0 is full scale."""
        steps, peaks = self._meter.add(sound)
        self._steps.append(steps)
        self._peaks.append(peaks)

    def loudness(self) -> Loudness:
        """Return the loudness of everything so far; the meter is done with then."""
        _, last = self._meter.add(np.zeros((PEAK_FRAMES, 2), np.float32))  # so that the last frames' peak is told too
        peaks = np.concatenate((*self._peaks, last, [self._meter.peak]))
        highest = float(peaks.max())
        steps = np.concatenate(self._steps) if self._steps else np.empty(0)
        return Loudness(integrated_lufs(steps), 20 * math.log10(highest) if highest > 0 else -math.inf, peaks)


def integrated_lufs(steps: NDArray[np.float64]) -> float:
    """Return the gated loudness in LUFS of K-weighted mean squares, one for every 100 ms; -inf for silence."""
    if len(steps) == 0:
        return -math.inf
    width = min(STEPS_A_BLOCK, len(steps))  # sound shorter than a block is a block
    blocks = np.convolve(steps, np.full(width, 1 / width), "valid")
    above = blocks[blocks > _power(ABSOLUTE_GATE_LUFS)]
    if len(above) == 0:
        return -math.inf
    return _lufs(float(above[above > _power(_lufs(float(above.mean())) + RELATIVE_GATE_LU)].mean()))


def gains_below(peaks: NDArray[np.float64], gain: float, ceiling: float) -> NDArray[np.float64]:
    """Return a gain for each group of PEAK_FRAMES frames: ``gain``, bent down smoothly around peaks that would pass.

    Interpolated linearly between the groups' middles, no frame of a group gets more than its own peak allows.

    Parameters
    ----------
    peaks
        True peak of each group before the gain.
    gain, ceiling
        Factor wanted, and the largest magnitude allowed after it.
    """
    allowed = np.minimum(gain, ceiling / np.maximum(peaks, 1e-9))
    lowest = np.lib.stride_tricks.sliding_window_view(np.pad(allowed, _REACH, mode="edge"), 2 * _REACH + 1).min(axis=1)
    half = len(_SMOOTHING) // 2
    smoothed: NDArray[np.float64] = np.convolve(
        np.pad(lowest, half, mode="edge"), _SMOOTHING / _SMOOTHING.sum(), "valid"
    )
    return smoothed


def gain_at(gains: NDArray[np.float64], first_frame: int, frames: int) -> NDArray[np.float64]:
    """Return the gain of each of the frames from ``first_frame`` on, between the groups' middles."""
    middles = (np.arange(len(gains)) + 0.5) * PEAK_FRAMES
    # Only the groups around these frames: the whole song's are many.
    first = max(0, first_frame // PEAK_FRAMES - 1)
    around = slice(first, (first_frame + frames) // PEAK_FRAMES + 2)
    return np.interp(np.arange(first_frame, first_frame + frames), middles[around], gains[around])


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET) / 10))


def _lufs(power: float) -> float:
    return _OFFSET + 10 * math.log10(power)
