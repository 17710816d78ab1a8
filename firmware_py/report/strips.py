"""Under the pitch curve, bar by bar: marks as a heat map, each time of a practised passage, and the tempo.

A strip is a list of SVG elements below a given height. Not here: the curve (``roll``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from firmware_py.report.drawing import GREY, label, rule

GAP: Final = 10.0  # above each strip
HEAT_HEIGHT: Final = 42.0
TIMES_HEIGHT: Final = 34.0
TEMPO_HEIGHT: Final = 44.0
WORDS: Final = 23.0

_MOST_TEMPO: Final = 0.10  # faster or slower is drawn at the edge
_HEAT: Final = ("#5B1238", "#8E2A4A", "#C0584F", "#E39A63", "#F2D29B", "#DDE9CF", "#B7DCC4")  # 0 % … 100 %
_DARK_HEAT: Final = 50.0  # marks below which the figure is printed in white
_ROOM_FOR_MARKS: Final = 40.0
_ACCENT: Final = "#8E2A4A"


@dataclass(frozen=True)
class Bar:
    """One bar on the time line: its printed number, its start and end in seconds, and its marks, 0…100 or None.

    tempo: the player's over the song's, or None.
    """

    number: int
    start_s: float
    end_s: float
    marks: float | None
    tempo: float | None = None


@dataclass(frozen=True)
class Time:
    """One time that a practised passage was played: from when to when, seconds, and its marks, 0…100, if any."""

    start_s: float
    end_s: float
    marks: float | None


@dataclass(frozen=True)
class Ground:
    """What strips are drawn on: their left and right end, and where a second lies."""

    left: float
    right: float
    x: Callable[[float], float]


def heat(ground: Ground, bars: Sequence[Bar], top: float, name: str) -> list[str]:
    """Draw one cell for each bar: dark where practice pays most, its marks in figures where there is room."""
    out = [label(ground.left - 10, top + 29, name, WORDS, "end")]
    for bar in bars:
        left, right = ground.x(bar.start_s), ground.x(bar.end_s)
        out.append(_cell(left, right, top, HEAT_HEIGHT, bar.marks))
        if right - left >= _ROOM_FOR_MARKS:
            out.append(label((left + right) / 2, top + 29, shown(bar.marks), WORDS, "middle", _ink(bar.marks)))
    return out


def times(ground: Ground, played: Sequence[Time], top: float, name: str) -> list[str]:
    """Draw one cell for each time that a passage was played, as long as it lasted, with its marks."""
    out = [label(ground.left - 10, top + 25, name, WORDS, "end")]
    for time in played:
        left, right = ground.x(time.start_s), ground.x(time.end_s)
        if right - left < 1:
            continue
        out.append(_cell(left, right, top, TIMES_HEIGHT, time.marks))
        if right - left >= _ROOM_FOR_MARKS:
            middle = (left + right) / 2
            out.append(label(middle, top + 25, shown(time.marks), WORDS, "middle", _ink(time.marks)))
    return out


def shown(marks: float | None) -> str:
    """Return marks in figures, a dash where nothing was asked for."""
    return "–" if marks is None else f"{marks:.0f}"


def tempo(ground: Ground, bars: Sequence[Bar], top: float, name: str) -> list[str]:
    """Draw the tempo curve: above the middle line the player was faster than the song, by at most a tenth."""
    middle, half = top + TEMPO_HEIGHT / 2, TEMPO_HEIGHT / 2
    out = [
        f'<rect x="{ground.left:g}" y="{top:.1f}" width="{ground.right - ground.left:g}" height="{TEMPO_HEIGHT:g}" '
        'fill="#FCFBF8"/>',
        rule(ground.left, middle, ground.right, middle, "#B9B19E", 1.2),
        label(ground.left - 10, middle + 7, name, WORDS, "end", GREY),
    ]
    steps, drawing = [], False
    for bar in bars:
        if bar.tempo is None:
            drawing = False
            continue
        x = ground.x((bar.start_s + bar.end_s) / 2)
        y = middle - half * max(-1.0, min(1.0, (bar.tempo - 1) / _MOST_TEMPO))
        steps.append(f"{'L' if drawing else 'M'}{x:.1f} {y:.1f}")
        out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.6" fill="{_ACCENT}"/>')
        drawing = True
    out.append(f'<path d="{"".join(steps)}" fill="none" stroke="{_ACCENT}" stroke-width="2"/>')
    return out


def _cell(left: float, right: float, top: float, height: float, marks: float | None) -> str:
    return (
        f'<rect x="{left + 1.5:.1f}" y="{top:.1f}" width="{max(1.0, right - left - 3):.1f}" height="{height:g}" rx="5" '
        f'fill="{"#FFFFFF" if marks is None else _heat_colour(marks)}" stroke="#A8A090" stroke-width="1"/>'
    )


def _ink(marks: float | None) -> str:
    return "#FFFFFF" if marks is not None and marks < _DARK_HEAT else "#222222"


def _heat_colour(marks: float) -> str:
    place = min(max(marks, 0.0), 100.0) / 100 * (len(_HEAT) - 1)
    below = min(int(place), len(_HEAT) - 2)
    share = place - below
    channels = (
        round(int(_HEAT[below][i : i + 2], 16) * (1 - share) + int(_HEAT[below + 1][i : i + 2], 16) * share)
        for i in (1, 3, 5)
    )
    return "#" + "".join(f"{c:02X}" for c in channels)
