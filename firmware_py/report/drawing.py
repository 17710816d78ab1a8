"""A line and a word as SVG, for the pictures of the page that are drawn by hand.

Not here: what they are drawn for (``roll``, ``strips``, ``progress``).
"""

from html import escape
from typing import Final

FONT: Final = 'font-family="Libertinus Serif"'
GREY: Final = "#666666"


def rule(x1: float, y1: float, x2: float, y2: float, colour: str, width: float) -> str:
    """Return a straight line."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width:g}"/>'


def label(x: float, y: float, words: str, size: float, anchor: str, colour: str = GREY) -> str:
    """Return a text on its baseline. anchor: start, middle or end."""
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}"'
    return f'<text {place} fill="{colour}" {FONT}>{escape(words)}</text>'
