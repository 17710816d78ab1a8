"""The pitch curve over the melody, and under it how each bar went, as SVG: one picture for each row of the page.

Drawn by hand because that is a hundred times faster than a plotting library, and each line of it is wanted.
Not here: the engraved score (``engraving``).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from firmware_py.music.curve import PitchCurve
from firmware_py.music.note import Note
from firmware_py.music.pitch import Key, note_name
from firmware_py.report import wording
from firmware_py.report.looks import Look

WIDTH_MM: Final = 182.0
MOST_BARS: Final = 32  # in one row
MOST_SECONDS: Final = 80.0  # in one row

_WIDTH: Final = 1820.0
_LEFT: Final = 62.0  # room for the names of the notes
_TOP: Final = 24.0  # room for the numbers of the bars
_SEMITONE_LEAST: Final = 9.0
_SEMITONE_MOST: Final = 20.0
_PLOT_HEIGHT: Final = 290.0
_PLOT_HEIGHT_OF_TWO: Final = 230.0  # a second hand needs its room in the score
_HEAT_TOP: Final = 10.0
_HEAT_HEIGHT: Final = 42.0
_TEMPO_TOP: Final = 10.0
_TEMPO_HEIGHT: Final = 44.0
_MOST_TEMPO: Final = 0.10  # faster or slower is drawn at the edge
_INKS: Final = ("#0060A8", "#1A1A1A")  # of the second hand, of the first
_FONT: Final = 'font-family="Libertinus Serif"'
_POINTS_A_SECOND: Final = 50.0
_FLAT: Final = 0.05  # of a unit, from one point to the next, and from the last corner: what print cannot show
_MOST_DRIFT: Final = 0.4
_HEAT: Final = ("#5B1238", "#8E2A4A", "#C0584F", "#E39A63", "#F2D29B", "#DDE9CF", "#B7DCC4")  # 0 % … 100 %
_DARK_HEAT: Final = 50.0  # marks below which the figure is printed in white
_MAJOR: Final = (0, 2, 4, 5, 7, 9, 11)
_MINOR: Final = (0, 2, 3, 5, 7, 8, 10)
_ORDER: Final = {0: 0, 7: 1}  # tonic, fifth
_NAME_APART: Final = 19.0


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
class Row:
    """One row of the picture and its size on paper."""

    svg: str
    width_mm: float
    height_mm: float


@dataclass(frozen=True)
class _Frame:
    """The plotted part of one row: seconds across, semitones up."""

    start_s: float
    end_s: float
    low: int
    high: int
    most_height: float = _PLOT_HEIGHT

    @property
    def semitone(self) -> float:
        return min(_SEMITONE_MOST, max(_SEMITONE_LEAST, self.most_height / (self.high - self.low)))

    @property
    def height(self) -> float:
        return self.semitone * (self.high - self.low)

    @property
    def bottom(self) -> float:
        return _TOP + self.height

    def x(self, seconds: float) -> float:
        share = (min(max(seconds, self.start_s), self.end_s) - self.start_s) / (self.end_s - self.start_s)
        return _LEFT + share * (_WIDTH - _LEFT)

    def y(self, pitch: float) -> float:
        return self.bottom - (min(max(pitch, self.low), self.high) - self.low) * self.semitone


def roll(
    curve: PitchCurve,
    wanted: Sequence[tuple[Note, Look]],
    bars: Sequence[Bar],
    key: Key,
    *,
    lag_s: float = 0.0,
    higher: float = 0.0,
    second: PitchCurve | None = None,
) -> tuple[Row, ...]:
    """Return the rows.

    wanted: the melody, or in free play the notes played, with how each is drawn, seconds from the first frame of
    sound.wav. bars: in order, of one length; without any, the rows are cut by seconds. lag_s: the player's own
    delay, taken off the curve so that it lies on the melody it was meant for. higher: semitones added to it. second:
    the curve of a second hand.
    """
    curves = [curve] if second is None else [second, curve]
    low, high = _pitch_range(curves, wanted, higher)
    rows = []
    for start, end in _spans(bars, curve.seconds):
        frame = _Frame(start, end, low, high, _PLOT_HEIGHT if second is None else _PLOT_HEIGHT_OF_TWO)
        inside = [b for b in bars if start <= (b.start_s + b.end_s) / 2 < end]
        rows.append(_row(frame, curves, wanted, inside, key, lag_s, higher))
    return tuple(rows)


def _spans(bars: Sequence[Bar], seconds: float) -> list[tuple[float, float]]:
    """Return start and end of each row in seconds, all of the same length."""
    if not bars:
        rows = max(1, math.ceil(seconds / MOST_SECONDS))
        step = max(seconds / rows, 1.0)
        return [(n * step, (n + 1) * step) for n in range(rows)]
    bar_s = bars[0].end_s - bars[0].start_s
    most = max(1, min(MOST_BARS, int(MOST_SECONDS / bar_s)))
    rows = math.ceil(len(bars) / most)
    per_row = math.ceil(len(bars) / rows)
    starts = [bars[0].start_s + bar_s * per_row * n for n in range(rows)]
    return [(start, start + bar_s * per_row) for start in starts]


def _pitch_range(curves: Sequence[PitchCurve], wanted: Sequence[tuple[Note, Look]], higher: float) -> tuple[int, int]:
    pitches = [note.pitch for note, _ in wanted]
    for curve in curves:
        heard = curve.pitch[np.isfinite(curve.pitch)]
        if not len(heard):
            continue
        pitches += [float(p) + higher for p in np.percentile(heard, (2, 98))]
    if not pitches:
        pitches = [60.0, 72.0]
    low, high = math.floor(min(pitches)) - 1, math.ceil(max(pitches)) + 1
    lack = max(0, 10 - (high - low))
    return low - lack // 2, high + (lack + 1) // 2


def _row(
    frame: _Frame,
    curves: Sequence[PitchCurve],
    wanted: Sequence[tuple[Note, Look]],
    bars: Sequence[Bar],
    key: Key,
    lag_s: float,
    higher: float,
) -> Row:
    marked = any(bar.marks is not None for bar in bars)
    timed = any(bar.tempo is not None for bar in bars)
    heat = _HEAT_TOP + _HEAT_HEIGHT if marked else 0
    height = frame.bottom + heat + (_TEMPO_TOP + _TEMPO_HEIGHT if timed else 0) + 4
    plot = f'<rect x="{_LEFT:g}" y="{_TOP:g}" width="{_WIDTH - _LEFT:g}" height="{frame.height:.1f}" '
    drawing = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {height:.1f}">',
        plot + 'fill="#FCFBF8"/>',
        *_pitch_lines(frame, key),
        *(_bar_lines(frame, bars) if bars else _second_lines(frame)),
        *_blocks(frame, wanted),
        *(_line_of(curve, frame, lag_s, higher, _INKS[n + 2 - len(curves)]) for n, curve in enumerate(curves)),
        plot + 'fill="none" stroke="#A8A090" stroke-width="1.4"/>',
        *(_heat(frame, bars) if marked else ()),
        *(_tempo(frame, bars, frame.bottom + heat + _TEMPO_TOP) if timed else ()),
        "</svg>",
    ]
    return Row("".join(drawing), WIDTH_MM, WIDTH_MM * height / _WIDTH)


def _pitch_lines(frame: _Frame, key: Key) -> list[str]:
    """Draw a line for each step of the key, and name as many as stand clear of each other, tonic and fifth first."""
    steps = [(key.tonic + n) % 12 for n in (_MINOR if key.minor else _MAJOR)]
    out, named = [], list[float]()
    for pitch in range(frame.low + 1, frame.high):
        if pitch % 12 in steps:
            colour, width = ("#B9B19E", 1.6) if pitch % 12 == key.tonic else ("#E7E2D6", 1.0)
            out.append(_rule(_LEFT, frame.y(pitch), _WIDTH, frame.y(pitch), colour, width))
    inside = [p for p in range(frame.low + 1, frame.high) if p % 12 in steps]
    for pitch in sorted(inside, key=lambda p: (_ORDER.get((p - key.tonic) % 12, 2), p)):
        if all(abs(frame.y(pitch) - y) >= _NAME_APART for y in named):
            named.append(frame.y(pitch))
            out.append(_words(_LEFT - 10, frame.y(pitch) + 6, wording.with_signs(note_name(pitch, key)), 20, "end"))
    return out


def _bar_lines(frame: _Frame, bars: Sequence[Bar]) -> list[str]:
    out = []
    for i, bar in enumerate(bars):
        x = frame.x(bar.start_s)
        out.append(_rule(x, _TOP, x, frame.bottom, "#CFC8B8", 1.2))
        if i == 0 or bar.number % 4 == 1 or len(bars) <= 16:
            out.append(_words(x + 3, _TOP - 6, str(bar.number), 20, "start"))
    return out


def _second_lines(frame: _Frame) -> list[str]:
    length = frame.end_s - frame.start_s
    step = next((s for s in (1, 2, 5, 10, 15, 30) if length / s <= 16), 60)
    out = []
    for second in range(math.ceil(frame.start_s / step) * step, math.ceil(frame.end_s), step):
        out.append(_rule(frame.x(second), _TOP, frame.x(second), frame.bottom, "#CFC8B8", 1.2))
        if frame.x(second) < _WIDTH - 40:
            out.append(_words(frame.x(second) + 3, _TOP - 6, f"{second // 60}:{second % 60:02d}", 18, "start"))
    return out


def _blocks(frame: _Frame, wanted: Sequence[tuple[Note, Look]]) -> list[str]:
    """Draw each note as a block, a semitone and a half high so that the curve stays visible on it."""
    thick = min(26.0, max(13.0, frame.semitone * 1.5))
    out = []
    for note, look in wanted:
        if note.end_s <= frame.start_s or note.onset_s >= frame.end_s:
            continue
        left, right = frame.x(note.onset_s), frame.x(note.end_s)
        out.append(
            f'<rect x="{left:.1f}" y="{frame.y(note.pitch) - thick / 2:.1f}" width="{max(3.0, right - left - 2):.1f}" '
            f'height="{thick:.1f}" rx="4" fill="{look.tint}" stroke="{look.colour}" stroke-width="1.3"/>'
        )
    return out


def _line_of(curve: PitchCurve, frame: _Frame, lag_s: float, higher: float, ink: str) -> str:
    """Draw the curve, broken where it is silent, thinned to what print can show."""
    stride = max(1, round(curve.rate_hz / _POINTS_A_SECOND))
    first = max(0, math.floor((frame.start_s + lag_s) * curve.rate_hz))
    last = min(len(curve.pitch), math.ceil((frame.end_s + lag_s) * curve.rate_hz) + 1)
    index = np.arange(first, max(first, last), stride)
    pitch = curve.pitch[index].astype(np.float64) + higher
    seconds = index / curve.rate_hz - lag_s
    strokes: list[list[tuple[float, float]]] = [[]]
    for s, p in zip(seconds.tolist(), pitch.tolist(), strict=True):
        if math.isnan(p):
            strokes.append([])
        else:
            strokes[-1].append((frame.x(s), frame.y(p)))
    steps = [
        f"{'L' if n else 'M'}{x:.1f} {y:.1f}"
        for stroke in strokes
        for n, (x, y) in enumerate(_without_flat_parts(stroke))
    ]
    if not steps:
        return ""
    path = f'<path d="{"".join(steps)}" fill="none" stroke-linejoin="round" stroke-linecap="round" '
    return (
        path
        + 'stroke="#FFFFFF" stroke-width="6" stroke-opacity=".75"/>'
        + path
        + f'stroke="{ink}" stroke-width="2.6"/>'
    )


def _without_flat_parts(stroke: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return a line without the points between its corners that lie at the same height, which most of a note's do."""
    kept = list(stroke[:1])
    for n in range(1, len(stroke) - 1):
        _, y = stroke[n]
        slope = max(abs(y - stroke[n - 1][1]), abs(stroke[n + 1][1] - y))
        if slope > _FLAT or abs(y - kept[-1][1]) > _MOST_DRIFT:
            kept.append(stroke[n])
    return [*kept, *stroke[1:][-1:]]


def _heat(frame: _Frame, bars: Sequence[Bar]) -> list[str]:
    """Draw one cell for each bar: dark where practice pays most, its marks in figures where there is room."""
    top = frame.bottom + _HEAT_TOP
    out = [_words(_LEFT - 10, top + 27, wording.ROLL_MARKS_LABEL, 18, "end")]
    for bar in bars:
        left, right = frame.x(bar.start_s), frame.x(bar.end_s)
        fill = "#FFFFFF" if bar.marks is None else _heat_colour(bar.marks)
        out.append(
            f'<rect x="{left + 1.5:.1f}" y="{top:.1f}" width="{right - left - 3:.1f}" height="{_HEAT_HEIGHT:g}" rx="5" '
            f'fill="{fill}" stroke="#A8A090" stroke-width="1"/>'
        )
        if right - left >= 36:
            text = "–" if bar.marks is None else f"{bar.marks:.0f}"
            ink = "#FFFFFF" if bar.marks is not None and bar.marks < _DARK_HEAT else "#222222"
            out.append(_words((left + right) / 2, top + 29, text, 23, "middle", ink))
    return out


def _tempo(frame: _Frame, bars: Sequence[Bar], top: float) -> list[str]:
    """Draw the tempo curve: above the middle line the player was faster than the song, by at most a tenth."""
    middle, half = top + _TEMPO_HEIGHT / 2, _TEMPO_HEIGHT / 2
    out = [
        f'<rect x="{_LEFT:g}" y="{top:.1f}" width="{_WIDTH - _LEFT:g}" height="{_TEMPO_HEIGHT:g}" fill="#FCFBF8"/>',
        _rule(_LEFT, middle, _WIDTH, middle, "#B9B19E", 1.2),
        _words(_LEFT - 10, middle + 6, wording.ROLL_TEMPO_LABEL, 18, "end"),
    ]
    steps, drawing = [], False
    for bar in bars:
        if bar.tempo is None:
            drawing = False
            continue
        x = frame.x((bar.start_s + bar.end_s) / 2)
        y = middle - half * max(-1.0, min(1.0, (bar.tempo - 1) / _MOST_TEMPO))
        steps.append(f"{'L' if drawing else 'M'}{x:.1f} {y:.1f}")
        out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.6" fill="#8E2A4A"/>')
        drawing = True
    out.append(f'<path d="{"".join(steps)}" fill="none" stroke="#8E2A4A" stroke-width="2"/>')
    return out


def _heat_colour(marks: float) -> str:
    place = min(max(marks, 0.0), 100.0) / 100 * (len(_HEAT) - 1)
    below = min(int(place), len(_HEAT) - 2)
    share = place - below
    channels = (
        round(int(_HEAT[below][i : i + 2], 16) * (1 - share) + int(_HEAT[below + 1][i : i + 2], 16) * share)
        for i in (1, 3, 5)
    )
    return "#" + "".join(f"{c:02X}" for c in channels)


def _rule(x1: float, y1: float, x2: float, y2: float, colour: str, width: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width:g}"/>'


def _words(x: float, y: float, words: str, size: float, anchor: str, colour: str = "#666666") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}"'
    return f'<text {place} fill="{colour}" {_FONT}>{words}</text>'
