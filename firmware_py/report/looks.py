"""How a verdict looks: a colour that colour-blind people tell apart, and a shape that a grey print tells apart.

The colours are those of Okabe and Ito (2008), darkened where they stand on white paper as thin shapes. Not here:
what earns a verdict (``music.marks``), where the shapes are drawn (``engraving``, ``roll``).
"""

from dataclasses import dataclass
from typing import Final

from firmware_py.palette import BLUE, GREEN, ORANGE


@dataclass(frozen=True)
class Look:
    """One verdict: its colour and a tint of it (#RRGGBB), and its note head.

    head: "" keeps the printed one; up, down, left, right are triangles that point; cross; diamond.
    """

    colour: str
    tint: str
    head: str


LOOKS: Final = {
    "right": Look(GREEN.paper, GREEN.tint, ""),
    "sharp": Look(ORANGE.paper, ORANGE.tint, "up"),
    "flat": Look(BLUE.paper, BLUE.tint, "down"),
    "early": Look("#8A5FA8", "#E2D3EC", "left"),
    "late": Look("#9A6A00", "#F3DFA9", "right"),
    "missed": Look("#4D4D4D", "#DDDDDD", "cross"),
    "extra": Look("#B0003A", "#F3C3D0", "diamond"),
}
PLAYED_LOOK: Final = Look(BLUE.paper, BLUE.tint, "")
WANTED_LOOK: Final = Look("#8A8478", "#EDE9DF", "")

_HEAD_WIDTH: Final = 236.0  # of a black note head, in the engraver's units: a staff space is 180
_LARGER: Final = 1.12  # a triangle looks smaller than the oval it stands for, but must not touch an accidental or dot
_SHAPES: Final = {  # outlines round 0, 0 of a head's half width and half height 1, y downwards
    "up": "M-.82 .95 L0 -1.15 L.82 .95 Z",
    "down": "M-.82 -.95 L0 1.15 L.82 -.95 Z",
    "left": "M-.84 0 L.8 -1.05 L.8 1.05 Z",
    "right": "M.84 0 L-.8 -1.05 L-.8 1.05 Z",
    "diamond": "M-.86 0 L0 -1.15 L.86 0 L0 1.15 Z",
}
_CROSS: Final = "M-.74 -.85 L.74 .85 M-.74 .85 L.74 -.85"


def head_svg(look: Look, x: float, y: float, *, hollow: bool) -> str:
    """Return the note head of a look as SVG, its left edge at x and its middle at y, in the engraver's units."""
    half = _HEAD_WIDTH / 2
    place = f'transform="translate({x + half:.0f} {y:.0f}) scale({half * _LARGER:.0f} {half * _LARGER * 0.9:.0f})"'
    stroke = f'stroke="{look.colour}" stroke-width="{0.34 if look.head == "cross" else 0.26}" stroke-linejoin="round"'
    if look.head == "cross":
        return f'<path {place} d="{_CROSS}" fill="none" {stroke} stroke-linecap="round"/>'
    fill = "#FFFFFF" if hollow else look.colour
    return f'<path {place} d="{_SHAPES[look.head]}" fill="{fill}" {stroke}/>'


def legend_svg(look: Look) -> str:
    """Return the note head of a look as a small picture of its own, 3.4 by 2.5 in shape."""
    shape = (
        head_svg(look, 52, 125, hollow=False)
        if look.head
        else f'<ellipse transform="translate(170 125) rotate(-20)" rx="135" ry="92" fill="{look.colour}"/>'
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 340 250" width="340" height="250">{shape}</svg>'
