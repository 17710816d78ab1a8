"""Dark pictures made light for the networks, which were taught on well-lit hands: dim rooms, dark skin, backlight.

Only what the networks look at is changed; areas are measured on the camera's own picture. Not here: when a look in
other light is worth its time (``finder``).
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

_EXPONENT: Final = 0.6  # lifts the shadows by two stops and leaves white white
_LIFTED: Final = np.round(255 * (np.arange(256) / 255) ** _EXPONENT).astype(np.uint8)
_DARK: Final = 80.0  # mean grey level of a window under which it is lifted
_DARKER: Final = 40.0  # and under which it is lifted twice


def lifted(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the picture with its shadows lifted: uint8, the same shape."""
    return np.asarray(cv2.LUT(rgb, _LIFTED), dtype=np.uint8)


def well_lit(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the picture itself, or lifted once or twice when it is dark all over."""
    mean = float(rgb[::4, ::4].mean())
    for limit in (_DARK, _DARKER):
        if mean < limit:
            rgb = lifted(rgb)
    return rgb
