"""A picture and the hands seen in it become a picture for people: outline, note, area, side and confidence drawn in.

Readable on bright and on dark: every coloured line lies on a dark one, every word on a dark plate. Never on the
realtime path. Not here: where pictures come from (``inspect``), writing them down (``film``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware_py.music.mapping import Mapping
from firmware_py.music.pitch import note_name
from firmware_py.palette import BLUE, ORANGE, Colour
from firmware_py.sight.hands import SeenHand
from firmware_py.sight.lettering import Lettering

COLOURS: Final = (BLUE, ORANGE)  # of the primary hand, then of the other
Picture = NDArray[np.uint8]
Box = tuple[float, float, float, float]

_DARK: Final = (26, 22, 20)
_WHITE: Final = (250, 250, 250)
_PALE: Final = (214, 208, 204)
_SUBPIXEL: Final = 4  # binary digits that OpenCV draws polygons to
_LEAST_PART: Final = 0.02  # of the hand's area: smaller specks get no outline
_TINT: Final = 0.12
_PLATE: Final = 0.72
_LETTERS: Final = 0.036  # of the picture's shorter side


@dataclass(frozen=True, slots=True)
class MarkedHand:
    """A hand to be drawn: what was seen, and where it was measured.

    place: 0 for the primary hand, 1 for the other. size: (width, height) of the frame that the hand's box is in
    pixels of. covered: what counted as hand, uint8, 0…255, any resolution of that frame; None draws the box instead.
    """

    hand: SeenHand
    place: int
    size: tuple[int, int]
    covered: NDArray[np.uint8] | None = None

    @property
    def colour(self) -> Colour:
        """The hand's own colour, the same from frame to frame."""
        return COLOURS[self.place % len(COLOURS)]


def drawn(picture: Picture, hands: Sequence[MarkedHand], mapping: Mapping, caption: str = "") -> Picture:
    """Return a copy of ``picture`` (uint8, shape (h, w, 3), blue first) with the hands drawn in.

    mapping: how an area is a note. caption: a few words for the lower left corner; empty for none.
    """
    canvas = picture.copy()
    unit = max(9.0, _LETTERS * min(canvas.shape[:2]))
    for marked in hands:
        _outline(canvas, marked, unit)
    taken: list[Box] = []
    for marked in hands:
        taken.append(_label(canvas, marked, mapping, unit, taken))
    if caption:
        _caption(canvas, caption, unit)
    return canvas


def _outline(canvas: Picture, marked: MarkedHand, unit: float) -> None:
    parts = _contours(marked, canvas) if marked.covered is not None else ()
    if not parts:
        x, y, w, h = _scaled(marked, canvas)
        corners = np.array([(x, y), (x + w, y), (x + w, y + h), (x, y + h)])
        parts = (np.round(corners * 2**_SUBPIXEL).astype(np.int32),)
    tinted = canvas.copy()
    cv2.fillPoly(tinted, parts, marked.colour.bgr, cv2.LINE_AA, _SUBPIXEL)
    cv2.addWeighted(tinted, _TINT, canvas, 1 - _TINT, 0, dst=canvas)
    thick = max(2, round(unit / 8))
    cv2.polylines(canvas, parts, True, _DARK, thick + 2 * max(1, thick // 2), cv2.LINE_AA, _SUBPIXEL)
    cv2.polylines(canvas, parts, True, marked.colour.bgr, thick, cv2.LINE_AA, _SUBPIXEL)


def _contours(marked: MarkedHand, canvas: Picture) -> tuple[NDArray[np.int32], ...]:
    """Return the rims of what was measured as polygons in canvas pixels, _SUBPIXEL binary digits after the point."""
    covered = np.asarray(marked.covered, dtype=np.uint8)
    height, width = canvas.shape[:2]
    # A quarter of a megapixel is fine enough for a smooth line, whatever the picture's own size.
    share = min(1.0, 640 / max(width, height))
    size = (max(2, round(width * share)), max(2, round(height * share)))
    soft = cv2.GaussianBlur(cv2.resize(covered, size, interpolation=cv2.INTER_CUBIC), (0, 0), max(size) / 400)
    framed = np.pad((soft >= 128).astype(np.uint8), 1)  # a hand that leaves the picture has a rim there too
    found, _ = cv2.findContours(framed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    areas = [cv2.contourArea(part) for part in found]
    whole = sum(areas)
    scale = np.array([width / size[0], height / size[1]])
    return tuple(
        np.round((_smooth(part[:, 0]) - 0.5) * scale * 2**_SUBPIXEL).astype(np.int32)
        for part, area in zip(found, areas, strict=True)
        if area > _LEAST_PART * whole and len(part) >= 8
    )


def _smooth(points: NDArray[Any]) -> NDArray[np.float64]:
    """Return a closed line, shape (n, 2), without the stairs of its pixels."""
    kernel = np.hanning(9)[1:-1]
    kernel /= kernel.sum()
    wide = np.pad(points.astype(np.float64), ((3, 3), (0, 0)), mode="wrap")
    return np.stack([np.convolve(wide[:, axis], kernel, mode="valid") for axis in (0, 1)], axis=1)


def _label(canvas: Picture, marked: MarkedHand, mapping: Mapping, unit: float, taken: Sequence[Box]) -> Box:
    """Draw the plate of one hand beside it and return where it lies: x, y, width, height."""
    hand = marked.hand
    large, small = Lettering(unit * 1.75, heavy=True), Lettering(unit * 0.8)
    note = note_name(mapping.pitch_of(hand.area))
    lines = (
        f"{hand.side} · {marked.place + 1}",
        f"area {100 * hand.area:.1f} %",
        f"sure {100 * hand.confidence:.0f} %",
    )
    note_width = max(large.width(note), large.width("A4"))
    words_width = max(small.width(line) for line in (*lines, "area 88.8 %"))
    pad = unit * 0.55
    bar = unit * 0.28
    size = (bar + note_width + words_width + 3.2 * pad, unit * 0.8 * 1.28 * len(lines) + 1.5 * pad)
    x, y = _place(_scaled(marked, canvas), size, canvas, taken)
    _plate(canvas, (x, y, *size), unit * 0.35)
    colour = marked.colour.bgr
    _bar(canvas, (x + 0.5 * pad, y + 0.6 * pad, bar, size[1] - 1.2 * pad), colour, hand.confidence)
    left = x + bar + 1.2 * pad
    large.write(canvas, note, left, y + size[1] / 2 + 0.62 * unit, colour)
    for k, line in enumerate(lines):
        baseline = y + 0.75 * pad + unit * 0.8 * (0.95 + 1.28 * k)
        small.write(canvas, line, left + note_width + pad, baseline, _WHITE if k == 0 else _PALE)
    return x, y, *size


def _place(box: Box, size: tuple[float, float], canvas: Picture, taken: Sequence[Box]) -> tuple[float, float]:
    """Return the corner of a plate of ``size`` near ``box``: above, below, beside it or in it, within the picture."""
    height, width = canvas.shape[:2]
    gap = 0.012 * min(height, width)
    bx, by, bw, bh = box
    w, h = size
    middle = bx + bw / 2 - w / 2
    wishes = (
        *((middle, by - gap - h), (middle, by + bh + gap), (bx + bw + gap, by), (bx - gap - w, by)),
        *((middle, by + gap), (gap, gap), (width - w - gap, gap)),
    )
    best, least = (gap, gap), float("inf")
    for order, (x, y) in enumerate(wishes):
        at = min(max(x, gap), max(gap, width - w - gap)), min(max(y, gap), max(gap, height - h - gap))
        moved = abs(at[0] - x) + abs(at[1] - y)
        hidden = _shared((*at, w, h), box) if order < 4 else 0.0
        cost = order * gap + moved + 20 * hidden / h + sum(1000 * _shared((*at, w, h), other) / h for other in taken)
        if cost < least:
            best, least = at, cost
    return best


def _shared(one: Box, other: Box) -> float:
    """Return the area that two boxes x, y, width, height share."""
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return max(0.0, across) * max(0.0, down)


def _caption(canvas: Picture, words: str, unit: float) -> None:
    letters = Lettering(unit * 0.8)
    pad = unit * 0.5
    height = unit * 0.8 + 1.4 * pad
    top = canvas.shape[0] - height - 0.6 * pad
    _plate(canvas, (0.6 * pad, top, letters.width(words) + 2 * pad, height), unit * 0.3)
    letters.write(canvas, words, 1.6 * pad, top + height - 0.78 * pad, _PALE)


def _plate(canvas: Picture, box: Box, radius: float) -> None:
    """Darken a rectangle with round corners."""
    x0, y0 = max(0, int(box[0])), max(0, int(box[1]))
    x1, y1 = min(canvas.shape[1], int(box[0] + box[2]) + 1), min(canvas.shape[0], int(box[1] + box[3]) + 1)
    if x1 <= x0 or y1 <= y0:
        return
    part = canvas[y0:y1, x0:x1]
    r = max(1, min(round(radius), (x1 - x0) // 2, (y1 - y0) // 2))
    solid = np.zeros(part.shape[:2], np.uint8)
    w, h = x1 - x0 - 1, y1 - y0 - 1
    cv2.rectangle(solid, (r, 0), (w - r, h), 255, cv2.FILLED)
    cv2.rectangle(solid, (0, r), (w, h - r), 255, cv2.FILLED)
    for corner in ((r, r), (w - r, r), (r, h - r), (w - r, h - r)):
        cv2.circle(solid, corner, r, 255, cv2.FILLED, cv2.LINE_AA)
    share = solid[..., None].astype(np.float32) * (_PLATE / 255)
    part[:] = (part * (1 - share) + np.array(_DARK, np.float32) * share + 0.5).astype(np.uint8)


def _bar(canvas: Picture, box: Box, colour: tuple[int, int, int], share: float) -> None:
    """Draw an upright gauge, filled from below to ``share``, 0…1."""
    x, y, w, h = box
    full = 2**_SUBPIXEL

    def fill(top: float, shade: tuple[int, ...]) -> None:
        corners = [(round(x * full), round(top * full)), (round((x + w) * full), round((y + h) * full))]
        cv2.rectangle(canvas, corners[0], corners[1], shade, cv2.FILLED, cv2.LINE_AA, _SUBPIXEL)

    fill(y, tuple(channel // 3 for channel in colour))
    fill(y + h * (1 - min(1.0, max(0.0, share))), colour)


def _scaled(marked: MarkedHand, canvas: Picture) -> Box:
    across, down = canvas.shape[1] / marked.size[0], canvas.shape[0] / marked.size[1]
    x, y, w, h = marked.hand.box
    return x * across, y * down, w * across, h * down
