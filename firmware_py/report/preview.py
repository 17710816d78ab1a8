"""The small picture of the page that stands in the letter.

Not here: the page itself (``page``).
"""

from typing import Final

from firmware_py.report.page import Page, png_of

WIDTH_PX: Final = 900
MOST_BYTES: Final = 200_000
_PAPER_INCHES: Final = 210 / 25.4


def preview_of(page: Page) -> bytes:
    """Return the first sheet as PNG, about 900 pixels wide, narrower where it would be 200 kB or more."""
    for width in (WIDTH_PX, 720, 560, 400):
        picture = png_of(page, width / _PAPER_INCHES)
        if len(picture) < MOST_BYTES:
            break
    return picture
