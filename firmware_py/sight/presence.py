"""Whether a hand is there: one lost frame is not an absence, a hand that left is silence within 80 ms.

Not here: what counts as evidence of a hand in a frame (``tracker``).
"""

import math
from typing import Final

_LEAST_FRAMES: Final = 2
_LONGEST_DOUBT_S: Final = 0.035  # on top of the frame that the hand was last seen in


class Presence:
    """Presence of one hand with hysteresis, fed once a frame."""

    def __init__(self, rate_hz: float) -> None:
        """Expect ``rate_hz`` frames a second, > 0.

        Absence needs two frames without the hand in a row; cameras so fast that two frames pass in less than
        35 ms need as many as pass in that time, so that the answer is at most 80 ms late from 25 frames a second up.
        """
        self._frames = max(_LEAST_FRAMES, math.floor(_LONGEST_DOUBT_S * rate_hz))
        self._lost = self._frames

    @property
    def present(self) -> bool:
        """Whether the hand is there."""
        return self._lost < self._frames

    @property
    def doubted(self) -> bool:
        """Whether it is held to be there although the last frame did not show it."""
        return 0 < self._lost < self._frames

    def saw(self, evidence: bool) -> bool:
        """Take one frame's evidence and return whether the hand is there; a hand that shows is there at once."""
        self._lost = 0 if evidence else min(self._lost + 1, self._frames)
        return self.present

    def leave(self) -> None:
        """The hand is known to be gone."""
        self._lost = self._frames
