"""The room as it was before the hand came, coarsely: what was there already is not the hand, however skin-coloured.

For sight by colours alone, where a face looks like a hand. Not here: what is done about it (``colour_lookout``).
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

ACROSS: Final = 64  # cells of the coarse picture
_LUMA_OFF: Final = 18.0  # grey levels, the whole picture's change taken off
_CHROMA_OFF: Final = 7.0
_LEARNS: Final = 0.08  # of the difference a look, where no hand is
_SOLID: Final = 0.88  # area over that of its convex hull: a face 0.95, a spread hand 0.7 to 0.8
_LONG: Final = 1.75  # length over breadth: a face 1.3 to 1.5, a hand with its fingers together 1.9

Box = tuple[float, float, float, float]


class Room:
    """A picture of the room that learns wherever no hand is."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._room: NDArray[np.float32] | None = None
        self._now: NDArray[np.float32] | None = None
        self._width = 1

    def forget(self) -> None:
        """Know nothing again."""
        self._room = None

    def look(self, i420: NDArray[np.uint8], hand: Box | None) -> None:
        """Take in a frame; the room stays as known where ``hand`` is (x, y, width, height in pixels; None: nowhere)."""
        self._width = i420.shape[1]
        self._now = _coarse(i420)
        if self._room is None or self._room.shape != self._now.shape:
            self._room = self._now.copy()
            return
        learns = np.full(self._now.shape[:2], _LEARNS, np.float32)
        if hand:
            x0, y0, x1, y1 = self._cells(hand, 0.25)
            learns[y0:y1, x0:x1] = 0
        self._room += learns[..., None] * (self._now - self._room)

    def changed(self, box: Box) -> float:
        """Return the share of ``box`` (pixels) that differs from the room as it was, 0…1."""
        if self._room is None or self._now is None:
            return 0.0
        off = self._now - self._room
        off[..., 0] -= np.median(off[..., 0])
        differs = np.abs(off).max(axis=2, where=np.array([True, False, False]), initial=0) > _LUMA_OFF
        differs |= np.abs(off[..., 1:]).max(axis=2) > _CHROMA_OFF
        x0, y0, x1, y1 = self._cells(box, 0.0)
        part = differs[y0:y1, x0:x1]
        return float(part.mean()) if part.size else 0.0

    def _cells(self, box: Box, margin: float) -> tuple[int, int, int, int]:
        per_pixel = ACROSS / self._width
        x, y, w, h = (v * per_pixel for v in box)
        x0, y0 = max(0, round(x - margin * w)), max(0, round(y - margin * h))
        return x0, y0, max(x0 + 1, round(x + (1 + margin) * w)), max(y0 + 1, round(y + (1 + margin) * h))


def _coarse(i420: NDArray[np.uint8]) -> NDArray[np.float32]:
    height, width = i420.shape[0] * 2 // 3, i420.shape[1]
    size = (ACROSS, max(1, round(ACROSS * height / width)))
    quarter = width * height // 4
    flat = i420.reshape(-1)
    planes = [
        i420[:height],
        flat[width * height : width * height + quarter].reshape(height // 2, width // 2),
        flat[width * height + quarter :].reshape(height // 2, width // 2),
    ]
    small = [cv2.resize(plane, size, interpolation=cv2.INTER_AREA).astype(np.float32) for plane in planes]
    return np.asarray(np.dstack(small), dtype=np.float32)


def finger_like(mask: NDArray[np.uint8]) -> bool:
    """Whether a region (uint8, 0…255, any shape) is long or has deep bays, as hands are and faces are not."""
    outlines, _ = cv2.findContours((mask > 127).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return False
    outline = max(outlines, key=cv2.contourArea)
    hull = cv2.convexHull(outline)
    area, whole = cv2.contourArea(outline), cv2.contourArea(hull)
    if area < 16 or whole <= 0:
        return False
    _, (width, height), _ = cv2.minAreaRect(outline)
    return area / whole < _SOLID or max(width, height) > _LONG * max(1.0, min(width, height))
