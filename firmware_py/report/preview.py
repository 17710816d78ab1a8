"""The small picture of the page that stands in the letter.

Not here: the page itself (``page``).
"""

from typing import Final

import cv2
import numpy as np

from firmware_py.errors import ReportError
from firmware_py.report.page import Page, png_of

WIDTH_PX: Final = 900
MOST_BYTES: Final = 200_000
_TONES: Final = (8, 16, 32)  # how far apart the levels of a channel may lie; eight apart cannot be told from one
_INCHES: Final = {"a4": 210 / 25.4, "us-letter": 8.5}


def preview_of(page: Page) -> bytes:
    """Return the first sheet as PNG, 900 pixels wide, in fewer tones or narrower where it would be 200 kB or more.

    Raises ReportError where the page cannot be drawn.
    """
    for width in (WIDTH_PX, WIDTH_PX * 2 // 3, WIDTH_PX // 3):
        drawn = cv2.imdecode(np.frombuffer(png_of(page, width / _INCHES[page.paper]), np.uint8), cv2.IMREAD_COLOR)
        if drawn is None:
            raise ReportError("the preview of the page could not be drawn; score.pdf holds the page itself")
        for apart in _TONES:
            levels = np.minimum((np.arange(256) + apart // 2) // apart * apart, 255).astype(np.uint8)
            done, picture = cv2.imencode(".png", levels[drawn], [cv2.IMWRITE_PNG_COMPRESSION, 6])
            if done and len(picture) < MOST_BYTES:
                return picture.tobytes()
    raise ReportError(f"no preview of the page fits {MOST_BYTES} bytes; score.pdf holds the page itself")
