"""Words on pictures, of any size, with smooth edges: OpenCV's own typeface, or its stroke letters before OpenCV 5.

Not here: what is written and where (``overlay``).
"""

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

_FACE: Final[Any] = cv2.FontFace("sans") if hasattr(cv2, "FontFace") else None
_STROKES: Final = cv2.FONT_HERSHEY_SIMPLEX


class Lettering:
    """Letters of ``height`` pixels, of a capital with its room above and below."""

    def __init__(self, height: float, *, heavy: bool = False) -> None:
        self._height = max(7, round(height))
        self._weight = 700 if heavy else 500
        self._scale = self._height / 30
        self._thick = max(1, round(self._height / (9 if heavy else 14)))

    def width(self, words: str) -> float:
        """Return how many pixels wide ``words`` come to."""
        if _FACE is None:
            return float(cv2.getTextSize(_plain(words), _STROKES, self._scale, self._thick)[0][0])
        x, _, wide, _ = cv2.getTextSize((1, 1), words, (0, 0), _FACE, self._height, self._weight)
        return float(x + wide)

    def write(
        self, picture: NDArray[np.uint8], words: str, x: float, baseline: float, colour: tuple[int, int, int]
    ) -> None:
        """Write ``words`` into ``picture`` (uint8, shape (h, w, 3)) from x, y of their baseline on."""
        at = (round(x), round(baseline))
        if _FACE is None:
            cv2.putText(picture, _plain(words), at, _STROKES, self._scale, colour, self._thick, cv2.LINE_AA)
        else:
            cv2.putText(picture, words, at, colour, _FACE, self._height, self._weight)


def _plain(words: str) -> str:
    """Return ``words`` in the letters that strokes can draw."""
    return words.replace("·", "-").encode("ascii", "replace").decode()
