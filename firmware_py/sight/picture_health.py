"""Says when a picture cannot show a hand: too dark, too bright, or standing still. Cleared when it is well again.

Not here: frames that do not come at all (``process``), exposure (``exposure``).
"""

import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

DARK: Final = "the picture is too dark to see a hand; take the cap off the camera or switch a light on"
BRIGHT: Final = "the picture is too bright to see a hand; turn the camera away from the lamp or the window"
FROZEN: Final = "the picture stands still; if it stays so, plug the camera in again"
TOLD_AFTER_S: Final = 1.0
FROZEN_AFTER_S: Final = 2.0
CLEARED_AFTER_S: Final = 0.3
DARK_BELOW: Final = 36  # luma; black is 16 in television's range, 0 in a computer's
BRIGHT_ABOVE: Final = 228  # luma; white is 235 or 255
REST: Final = 0.02  # share of the picture that may be otherwise: a far hand in the light of a lamp
SLOW_HZ: Final = 3.0  # pictures that follow each other so slowly are shown one by one, and may be alike

_WAIT_S: Final = {"": CLEARED_AFTER_S, FROZEN: 0.0}


class PictureHealth:
    """Watches one camera's frames.

    rate_hz: frames a second to expect. drawn: the pictures are drawn, so that two of them may well be the same to the
    last bit; a sensor's never are.
    """

    def __init__(self, rate_hz: float, *, drawn: bool = False) -> None:
        self._may_freeze = not drawn and rate_hz > SLOW_HZ
        self._told = ""
        self._other = ""
        self._other_s = 0.0
        self._print = 0
        self._changed_s: float | None = None

    @property
    def trouble(self) -> str:
        """What is wrong with the picture, in one sentence; empty when nothing is."""
        return self._told

    def saw(self, i420: NDArray[np.uint8], t_s: float) -> bool:
        """Take one frame, captured at ``t_s`` seconds; returns whether ``trouble`` has changed."""
        found = self._found(i420, t_s)
        if found == self._told:
            self._other = found
            return False
        if found != self._other:
            self._other, self._other_s = found, t_s
        if t_s - self._other_s < _WAIT_S.get(found, TOLD_AFTER_S):
            return False
        self._told = found
        return True

    def _found(self, i420: NDArray[np.uint8], t_s: float) -> str:
        height = i420.shape[0] * 2 // 3
        sample = np.ascontiguousarray(i420[:height:6, ::6])
        seen = zlib.crc32(sample.data)
        if self._changed_s is None or seen != self._print:
            self._print, self._changed_s = seen, t_s
        if np.count_nonzero(sample >= DARK_BELOW) < REST * sample.size:
            return DARK
        if np.count_nonzero(sample <= BRIGHT_ABOVE) < REST * sample.size:
            return BRIGHT
        if self._may_freeze and t_s - self._changed_s >= FROZEN_AFTER_S:
            return FROZEN
        return ""
