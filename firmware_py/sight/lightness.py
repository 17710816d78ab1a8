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
_GRAIN: Final = 1.5  # pixels, of the smoothing: noise is a pixel large, fingers are more
_COLOURLESS: Final = 10  # levels between red and blue that nearly nothing in a grey picture exceeds
_NEARLY_ALL: Final = 0.999  # of its pixels: a wall may be grey, and the hand before it small
_SKIN: Final = (1.12, 0.92, 0.78)  # what a grey picture's red, green and blue are multiplied by
_TINTS: Final = tuple(np.clip(np.round(np.arange(256) * share), 0, 255).astype(np.uint8) for share in _SKIN)


def lifted(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the picture with its shadows lifted: uint8, the same shape."""
    return np.asarray(cv2.LUT(rgb, _LIFTED), dtype=np.uint8)


def without_grain(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture that is dark all over smoothed, any other as it is: lifting shadows would lift their noise."""
    if float(rgb[::4, ::4].mean()) >= _DARK:
        return rgb
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), _GRAIN), np.uint8)


def well_lit(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the picture itself, or lifted once or twice when it is dark all over."""
    return _lifted_by(rgb, rgb[::4, ::4])


def hand_lit(window: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the window of a hand, lifted once or twice when its middle, where the palm is, is dark.

    The wall behind says nothing: before a window, or on a white wall, a dark hand lies in a bright picture.
    """
    quarter = window.shape[0] // 4
    return _lifted_by(window, window[quarter:-quarter:2, quarter:-quarter:2])


def coloured(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a grey camera's picture in tones of skin, any other as it is: hands were taught in colour."""
    some = rgb[::8, ::8].astype(np.int16)
    if (np.abs(some[..., 0] - some[..., 2]) < _COLOURLESS).mean() < _NEARLY_ALL:
        return rgb
    return np.dstack([cv2.LUT(rgb[..., k], tint) for k, tint in enumerate(_TINTS)])


def _lifted_by(rgb: NDArray[np.uint8], part: NDArray[np.uint8]) -> NDArray[np.uint8]:
    mean = float(part.mean())
    for limit in (_DARK, _DARKER):
        if mean < limit:
            rgb = lifted(rgb)
    return rgb
