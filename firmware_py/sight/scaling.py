"""From the pictures that OpenCV gives to the small planar frames that hands are measured on.

Not here: where pictures come from (one camera a file), what is seen in them (``hands``).
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

LONGEST: Final = 640  # pixels of the longer side of clips and pictures; the finder's networks see no finer


def fitted(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """Return the even (width, height), at least 2 × 2, that ``size`` comes to when no side may exceed ``longest``.

    Pictures are never enlarged beyond the rounding to even numbers.
    """
    share = min(1.0, longest / max(size))
    width, height = (max(2, round(side * share / 2) * 2) for side in size)
    return width, height


def i420_of(bgr: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Scale a picture and lay it out as I420, BT.601.

    Parameters
    ----------
    bgr
        uint8, shape (height, width, 3), blue first as OpenCV reads it.
    size
        Even (width, height) wanted, in pixels.

    Returns
    -------
    uint8, shape (size[1] * 3 // 2, size[0]).
    """
    if (bgr.shape[1], bgr.shape[0]) != size:
        bgr = np.asarray(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420), dtype=np.uint8)
