"""QR codes held up to the camera while nobody plays: read twice a second, each one told once.

The text is handed on as it is, unparsed, but bounded and without control characters. Not here: what is done with it
(``session.codes``), pictures (``camera``).
"""

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

LONGEST: Final = 2048  # characters; the largest QR code holds 4296, an address or a network's name a few hundred
AGAIN_S: Final = 5.0  # a code is told again only after it was out of view for so long
ENLARGED: Final = 1.5
_KEPT: Final = "\n\t"
_DIRECTIONS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class CodeReader:
    """Reads the code in a picture, and says which are news."""

    def __init__(self) -> None:
        self._quick = cv2.QRCodeDetectorAruco()
        self._thorough = cv2.QRCodeDetector()
        self._looks = 0
        self._last = ""
        self._last_s = -math.inf

    def read(self, i420: NDArray[np.uint8], t_s: float) -> str | None:
        """Return the text of the code in this picture, captured at ``t_s`` seconds; None without one that is news.

        i420: uint8, shape (height * 3 // 2, width). A code that stays in view is told once; a code that cannot be
        decoded, is empty or longer than ``LONGEST`` is none.
        """
        text = cleaned(self._decoded(np.ascontiguousarray(i420[: i420.shape[0] * 2 // 3])))
        if not text or len(text) > LONGEST:
            return None
        news = text != self._last or t_s - self._last_s > AGAIN_S
        self._last, self._last_s = text, t_s
        return text if news else None

    def _decoded(self, luma: NDArray[np.uint8]) -> str:
        """Return what one detector reads; every second time, where it reads nothing, what the slower one does.

        They stumble over different codes; the slower one reads small ones better when they are enlarged.
        """
        self._looks += 1
        try:
            text = str(self._quick.detectAndDecode(luma)[0])
            if not text and self._looks % 2:
                larger = cv2.resize(luma, None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_LINEAR)
                text = str(self._thorough.detectAndDecode(larger)[0])
        except (cv2.error, UnicodeDecodeError):  # what only looks like a code can hold anything
            return ""
        return text


def cleaned(text: str) -> str:
    """Return a text without control characters and those that turn its direction; line ends become newlines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = (one for one in lines if one in _KEPT or (one.isprintable() and one not in _DIRECTIONS) or one == "\u00a0")
    return "".join(kept).strip()
