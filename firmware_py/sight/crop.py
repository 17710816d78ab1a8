"""Turned square windows on a frame: where the landmark network looks. Not here: the networks themselves."""

import math
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware_py.sight.palm import Palm

_WRIST, _MIDDLE_KNUCKLE = 0, 9
_STEADY = np.array([0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18])  # up to the first joint of each finger: tips wander


@dataclass(frozen=True, slots=True)
class Crop:
    """A square of ``side`` frame pixels about (x, y), turned by ``angle`` (radians) so that the fingers point up."""

    x: float
    y: float
    side: float
    angle: float

    @classmethod
    def around_palm(cls, palm: Palm) -> Self:
        """Return the window for a hand whose palm was found: 2.6 palm boxes wide, half a box towards the fingers."""
        wrist, middle = palm.points[0], palm.points[2]
        angle = _upright(wrist, middle)
        x0, y0, x1, y1 = palm.box
        side = max(x1 - x0, y1 - y0)
        return cls._shifted((x0 + x1) / 2, (y0 + y1) / 2, side, angle, towards_fingers=0.5, scale=2.6)

    @classmethod
    def around_landmarks(cls, points: NDArray[np.float32]) -> Self:
        """Return the window for the next look at a hand whose landmarks (frame pixels, shape (21, >=2)) are known."""
        flat = points[:, :2]
        aim = (flat[6] + flat[14]) / 4 + flat[10] / 2  # middle of the first joints
        angle = _upright(flat[_WRIST], aim)
        cos, sin = math.cos(angle), math.sin(angle)
        turned = flat[_STEADY] @ np.array([[cos, -sin], [sin, cos]], dtype=np.float32)
        low, high = turned.min(axis=0), turned.max(axis=0)
        mx, my = (float(v) for v in (low + high) / 2)
        side = float((high - low).max())
        return cls._shifted(mx * cos - my * sin, mx * sin + my * cos, side, angle, towards_fingers=0.1, scale=2.0)

    @classmethod
    def _shifted(cls, x: float, y: float, side: float, angle: float, *, towards_fingers: float, scale: float) -> Self:
        up = towards_fingers * side
        return cls(x + math.sin(angle) * up, y - math.cos(angle) * up, side * scale, angle)

    def matrix(self, pixels: int) -> NDArray[np.float64]:
        """Return the affine map, shape (2, 3), from window pixels (0…pixels) to frame pixels."""
        scale = self.side / pixels
        cos, sin = math.cos(self.angle) * scale, math.sin(self.angle) * scale
        half = pixels / 2
        return np.array([[cos, -sin, self.x - half * (cos - sin)], [sin, cos, self.y - half * (sin + cos)]])

    def cut(self, rgb: NDArray[np.uint8], pixels: int) -> NDArray[np.uint8]:
        """Return the window as uint8 RGB, shape (pixels, pixels, 3); black where it leaves the frame."""
        out = cv2.warpAffine(
            rgb,
            self.matrix(pixels),
            (pixels, pixels),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
        )
        return np.asarray(out, dtype=np.uint8)

    def moved(self, dx: float, dy: float, scale: float = 1.0) -> "Crop":
        """Return the window after the hand moved by (dx, dy) pixels and grew by ``scale``."""
        return Crop(self.x + dx, self.y + dy, self.side * scale, self.angle)


def _upright(wrist: NDArray[np.float32], fingers: NDArray[np.float32]) -> float:
    """Return by how much wrist → fingers is turned from straight up, radians -pi…pi, clockwise in the picture."""
    return math.atan2(float(fingers[0] - wrist[0]), float(wrist[1] - fingers[1]))
