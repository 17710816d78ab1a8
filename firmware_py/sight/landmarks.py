"""The 21 landmarks of one hand inside a turned window, with presence and side: the landmark network.

Not here: where to look (``crop``) and what the points say about the hand's shape (``anatomy``).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from firmware_py.sight.crop import Crop
from firmware_py.sight.lightness import hand_lit
from firmware_py.sight.network import Network

Side = Literal["left", "right"]


def side_of(rightness: float) -> Side:
    """Return the side that a rightness of 0…1 says."""
    return "right" if rightness > 0.5 else "left"


@dataclass(frozen=True, slots=True)
class Landmarks:
    """What the landmark network says about one window.

    points: float32, shape (21, 3): x, y in frame pixels and depth on the same scale, nearer is smaller; wrist,
    then four points from root to tip of thumb, index, middle, ring and little finger. presence: 0…1 that the
    window holds a hand. rightness: 0…1 that it is the player's right hand, in a picture that is not mirrored.
    """

    points: NDArray[np.float32]
    presence: float
    rightness: float

    @property
    def side(self) -> Side:
        """The player's own hand, as a person would say."""
        return side_of(self.rightness)


class LandmarkNetwork:
    """Finds the landmarks of the hand in a window of a frame."""

    def __init__(self, path: Path) -> None:
        """Load the network of ``path``; raises ModelFilesError."""
        self._network = Network(path)

    def look(self, rgb: NDArray[np.uint8], crop: Crop) -> Landmarks:
        """Return what is in the window ``crop`` of ``rgb`` (uint8, shape (height, width, 3))."""
        side = self._network.side
        self._network.run(hand_lit(crop.cut(rgb, side)))
        points = self._network.output("Identity").reshape(21, 3)
        matrix = crop.matrix(side)
        placed = np.empty((21, 3), dtype=np.float32)
        placed[:, :2] = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
        placed[:, 2] = points[:, 2] * (crop.side / side)
        return Landmarks(
            points=placed,
            presence=float(self._network.output("Identity_1")[0]),
            rightness=float(self._network.output("Identity_2")[0]),
        )
