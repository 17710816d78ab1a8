"""Sound at another sampling rate: a windowed sinc, one set of taps for each phase that the two rates have.

For recordings, once and ahead of time; nothing here is for the realtime process.
"""

from fractions import Fraction
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray

_HALF_TAPS: Final = 32  # to either side, at the lower of the two rates
_KAISER_BETA: Final = 9.0  # about 90 dB of what lies beyond the band
_EDGE: Final = 0.945  # of the lower rate's half is kept untouched
_PHASES_AT_ONCE: Final = 1 << 18  # frames that are worked on together


def resampled(sound: NDArray[np.float32], from_hz: int, to_hz: int) -> NDArray[np.float32]:
    """Return sound at another rate, its first frame at the same instant.

    sound: float32, shape (n, channels). Band-limited to the lower rate; silence is taken to lie before and behind.
    """
    if from_hz == to_hz:
        return sound
    ratio = Fraction(to_hz, from_hz)
    up, down = ratio.numerator, ratio.denominator
    cutoff = _EDGE * min(1.0, up / down)
    half = ceil(_HALF_TAPS * max(1.0, down / up))
    taps = _taps(up, half, cutoff)
    frames = ceil(len(sound) * ratio)
    padded = np.pad(sound, ((half, half + ceil(down / up) + 1), (0, 0)))
    out = np.empty((frames, sound.shape[1]), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half, axis=0)
    for phase in range(min(up, frames)):
        # Output n·up + phase lies at input n·down + whole + share.
        whole, share = divmod(phase * down, up)
        count = len(range(phase, frames, up))
        rows = windows[whole + 1 :: down][:count]
        for first in range(0, count, _PHASES_AT_ONCE):
            out[phase + first * up :: up][: min(_PHASES_AT_ONCE, count - first)] = (
                rows[first : first + _PHASES_AT_ONCE] @ taps[share]
            )
    return out


def _taps(phases: int, half: int, cutoff: float) -> NDArray[np.float32]:
    """Return float32, shape (phases, 2·half): the taps for each share of a frame."""
    share = np.arange(phases)[:, None] / phases
    distance = np.arange(-half + 1, half + 1)[None, :] - share
    window = np.i0(_KAISER_BETA * np.sqrt(np.maximum(0.0, 1 - (distance / half) ** 2))) / np.i0(_KAISER_BETA)
    taps = cutoff * np.sinc(cutoff * distance) * window
    even: NDArray[np.float32] = (taps / taps.sum(axis=1, keepdims=True)).astype(np.float32)
    return even
