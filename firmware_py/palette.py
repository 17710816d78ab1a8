"""The project's colours, each in two shades: one for white paper, one for light on a picture.

Those of Okabe and Ito (2008), which colour-blind people tell apart: as they are on pictures, darkened where they
stand on white paper as thin shapes. Not here: what a colour stands for (``report.looks``, ``sight.overlay``).
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Colour:
    """One hue. paper: for shapes on white, tint: for areas on white, light: for shapes on a picture; all #RRGGBB."""

    paper: str
    tint: str
    light: str

    @property
    def bgr(self) -> tuple[int, int, int]:
        """The light shade as OpenCV wants it: blue, green, red, 0…255."""
        red, green, blue = (int(self.light[k : k + 2], 16) for k in (1, 3, 5))
        return blue, green, red


BLUE: Final = Colour("#0060A8", "#BBD9F0", "#56B4E9")
ORANGE: Final = Colour("#C04A00", "#F6CDB0", "#E69F00")
GREEN: Final = Colour("#007A5A", "#B5E3D3", "#20C997")
