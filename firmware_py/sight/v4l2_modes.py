"""Which of a webcam's modes to film a hand in: raw before compressed, as fast as asked for, no larger than useful.

Not here: asking a camera for its modes, or setting one (``v4l2_device``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from firmware_py.errors import CameraError
from firmware_py.sight.layouts import COLOUR, GREY, KNOWN

LEAST: Final = (320, 240)  # pixels; a far hand is too few of them below
USEFUL: Final = (640, 480)  # the finder's networks see no finer, and a code can be read at arm's length
ENOUGH: Final = 0.95  # 29.97 is 30


@dataclass(frozen=True, slots=True)
class CameraMode:
    """One mode of a webcam: four-character code of the layout, (width, height) in pixels, frames a second."""

    fourcc: str
    size: tuple[int, int]
    rate_hz: float

    def __str__(self) -> str:
        return f"{self.fourcc} {self.size[0]}×{self.size[1]} at {self.rate_hz:g}"


def chosen_mode(modes: Iterable[CameraMode], rate_hz: float, least: tuple[int, int] = LEAST) -> CameraMode:
    """Pick the mode to film a hand in, when up to ``rate_hz`` frames a second are asked for.

    In this order: large enough (``least``); the highest rate up to the one asked for; raw colour before raw grey (a
    hand is told from its room by its colour) before JPEG, which costs milliseconds a frame and blurs colours, and is
    taken only when it alone reaches the rate or the size; a size that is useful, but as small as that; a rate not
    further above the one asked for than needed. Odd sizes are passed over.

    Raises CameraError, naming what there is, when no mode has a layout that is known here.
    """
    told = list(modes)
    known = [mode for mode in told if mode.fourcc in KNOWN and not (mode.size[0] % 2 or mode.size[1] % 2)]
    if not known:
        has = ", ".join(sorted({mode.fourcc for mode in told})) or "no mode at all"
        raise CameraError(
            f"the camera gives pictures only as {has}; known are {', '.join(sorted(KNOWN))}: use another camera"
        )

    def worth(mode: CameraMode) -> tuple[bool, float, int, bool, float, float]:
        fast = rate_hz if mode.rate_hz >= ENOUGH * rate_hz else mode.rate_hz
        layout = 2 if mode.fourcc in COLOUR else 1 if mode.fourcc in GREY else 0
        useful = _covers(mode.size, USEFUL)
        pixels = mode.size[0] * mode.size[1]
        return (
            _covers(mode.size, least),
            fast,
            layout,
            useful,
            -pixels if useful or _covers(mode.size, least) else pixels,
            -mode.rate_hz,
        )

    return max(known, key=worth)


def _covers(size: tuple[int, int], least: tuple[int, int]) -> bool:
    return size[0] >= least[0] and size[1] >= least[1]
