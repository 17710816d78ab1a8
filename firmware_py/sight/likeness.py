"""What the tracker needs to know of a hand that the finder saw: its shape, its colours, and where it was.

Made where the finder runs, from the very frame it looked at; adopted by the tracker some frames later. Not here:
the measuring itself (``_mask``) and the corrections for motion since (``tracker``).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_py._mask import Colours, Mask, Shape
from firmware_py.sight import anatomy
from firmware_py.sight.finder import FoundHand

Pose = tuple[float, float, float]  # centre x, y and scale of a grid, in cells of 2x2 pixels

MARGIN: Final = 0.8  # palm breadths of room around the hand that the shape's grid holds
_KEEP: Final = 0.85  # of the known colours at each look: a memory of about half a second at 12 Hz
_EASED_OUTSIDE: Final = 0.35  # what is left of the shape's log-odds when colour alone tells hand from room
_EASED_INSIDE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Likeness:
    """A hand as the finder saw it in frame ``number``, ready to be followed.

    pose: where the shape's grid lay in that frame (centre x, y and scale, cells of 2x2 pixels). fill, dx, dy: how
    the measure stood to the shape's expectation there. quality: 0…1, how well colour alone tells the hand from
    what is close to it. support: mean colour probability of the hand's surest places in that frame.
    """

    hand: FoundHand
    number: int
    shape: Shape
    odds: bytes
    pose: Pose
    fill: float
    dx: float
    dy: float
    quality: float
    support: float


class Portraitist:
    """Learns the colours of one hand from look to look and makes its likenesses. One thread uses it."""

    def __init__(self) -> None:
        self._colours = Colours()
        self._mask = Mask()

    def forget(self) -> None:
        """The next hand is another one."""
        self._colours.forget()

    def likeness(
        self,
        hand: FoundHand,
        i420: NDArray[np.uint8],
        number: int,
        rival: tuple[Shape, Pose] | None = None,
        *,
        drawn: tuple[Shape, Pose] | None = None,
    ) -> Likeness:
        """Return the likeness of ``hand`` seen in the frame ``i420``.

        rival: shape and pose of the other hand. drawn: of this one, where it is drawn already.
        """
        shape, pose = drawn or draw(hand)
        other, other_pose = rival if rival else (None, None)
        quality = self._colours.learn(i420, shape, pose, keep=_KEEP, rival=other, rival_pose=other_pose)
        odds = self._colours.odds
        adopt(self._mask, shape, odds, quality)
        self._mask.pose = pose
        self._mask.measure(i420)
        fill, dx, dy = self._mask.standing
        return Likeness(hand, number, shape, odds, pose, fill, dx, dy, quality, self._mask.support)


def adopt(mask: Mask, shape: Shape, odds: bytes, quality: float) -> None:
    """Let ``mask`` measure by this shape and these colours, which tell hand from room by ``quality``, 0…1."""
    mask.adopt(shape, odds, outside=1 - (1 - _EASED_OUTSIDE) * quality, inside=1 - (1 - _EASED_INSIDE) * quality)


def draw(hand: FoundHand) -> tuple[Shape, Pose]:
    """Return the shape of ``hand`` and the pose that puts it where the hand is, in cells of 2x2 pixels."""
    capsules = anatomy.capsules(hand.landmarks)
    x, y, width, height = anatomy.box(hand.landmarks)
    cx, cy = x + width / 2, y + height / 2
    half = max(width, height) / 2 + MARGIN * hand.breadth
    capsules[:, [0, 3]] -= cx
    capsules[:, [1, 4]] -= cy
    capsules /= half
    wx, wy, dx, dy = anatomy.forearm_line(hand.landmarks)
    wrist = ((wx - cx) / half, (wy - cy) / half, dx, dy)
    return Shape(capsules, hand.breadth / half, wrist), (cx / 2, cy / 2, half / 2)
