"""The way into a fist, where a fist ends a note: what sounded of it is neither a note nor played wrongly.

A hand that closes looks smaller at once, and is known for a fist only when the finder has looked: for a tenth of a
second or two it sounds like a hand that moves away. Not here: what silences a fist (``mapping``, the instrument).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_py.hand_sample import Flag
from firmware_py.music.curve import PitchCurve
from firmware_py.music.delay import DelayMove, delays_of

CLOSING_S: Final = 0.300  # the longest that closing and finding the fist take
STILL_S: Final = 0.040
HELD: Final = 0.3  # semitones in that time at most: a note that is held
FALL: Final = 1.0  # semitones from there: the hand was closing


def without_closings(
    curve: PitchCurve,
    samples: NDArray[np.void],
    *,
    t0_ns: int,
    delay_s: float,
    delay_moves: Sequence[DelayMove] = (),
) -> PitchCurve:
    """Return a curve that is silent from where a hand began to close to a fist.

    samples: dtype HAND_SAMPLE, in the order they were pushed; a hand that is present and silent is one. t0_ns, delay_s,
    delay_moves: as for ``curve_of``. A hand that moves away and then closes is taken for one that closes, in its last
    300 ms.
    """
    heard = curve.heard_pitch
    sounding = np.isfinite(heard)
    captured_s = (samples["t_capture_ns"].astype(np.int64) - t0_ns).astype(np.float64) * 1e-9
    at_s = captured_s + delays_of(captured_s, delay_s, delay_moves)
    there = (samples["flags"] & Flag.PRESENT) != 0
    loudness = curve.loudness.copy()
    for end in (np.flatnonzero(sounding[:-1] & ~sounding[1:]) + 1).tolist():
        seen = int(np.searchsorted(at_s, end / curve.rate_hz, side="right"))
        if not there[max(0, seen - 1) : seen + 2].all():
            continue  # the hand has left
        first = max(0, end - round(CLOSING_S * curve.rate_hz))
        if not sounding[first:end].all():
            first = end - int(np.argmin(sounding[first:end][::-1]))
        begins = _falls_from(heard[first:end], round(STILL_S * curve.rate_hz))
        loudness[first + begins : end] = 0.0
    return replace(curve, loudness=loudness)


def _falls_from(pitch: NDArray[np.float64], still: int) -> int:
    """Return where a pitch leaves the last place at which it was held before it fell; its length where it did not."""
    lowest_after = np.minimum.accumulate(pitch[::-1])[::-1]
    held = np.abs(pitch[still:] - pitch[:-still]) < HELD
    falls = np.flatnonzero(held & (pitch[still:] - lowest_after[still:] > FALL))
    return int(falls[-1]) + still + 1 if len(falls) else len(pitch)
