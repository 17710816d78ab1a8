"""The pitch curve over the melody, and under it how each bar went, as SVG: one picture for each row of the page.

Drawn by hand because that is a hundred times faster than a plotting library, and each line of it is wanted.
Not here: what stands under the curve (``strips``), the engraved score (``engraving``).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from firmware_py.languages.words import ENGLISH, Words
from firmware_py.music.curve import PitchCurve
from firmware_py.music.note import Note
from firmware_py.music.pitch import Key, spell
from firmware_py.report import strips, wording
from firmware_py.report.drawing import label, rule
from firmware_py.report.looks import Look
from firmware_py.report.note_names import printed_note
from firmware_py.report.strips import Bar, Ground, Time

WIDTH_MM: Final = 182.0
PLOT_MM: Final = 29.0
MOST_BARS: Final = 32  # in one row
MOST_SECONDS: Final = 80.0  # in one row

_WIDTH: Final = 1820.0
_LEFT: Final = 78.0  # room for the names of the notes
_TOP: Final = 28.0  # room for the numbers of the bars
_SEMITONE_LEAST: Final = 9.0
_SEMITONE_MOST: Final = 34.0
_UNITS_A_MM: Final = 10.0
_INKS: Final = ("#0060A8", "#1A1A1A")  # of the second hand, of the first
_POINTS_A_SECOND: Final = 50.0
_FLAT: Final = 0.05  # of a unit, from one point to the next, and from the last corner: what print cannot show
_MOST_DRIFT: Final = 0.4
_MAJOR: Final = (0, 2, 4, 5, 7, 9, 11)
_MINOR: Final = (0, 2, 3, 5, 7, 8, 10)
_ORDER: Final = {0: 0, 7: 1}  # tonic, fifth
_NAME_APART: Final = 21.0


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
    most_height: float

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
    times: Sequence[Time] = (),
    words: Words = ENGLISH,
    plot_mm: float = PLOT_MM,
) -> tuple[Row, ...]:
    """Return the rows.

    wanted: the melody, or in free play the notes played, with how each is drawn, seconds from the first frame of
    sound.wav. bars: in order; without any, the rows are cut by seconds. lag_s: the player's own
    delay, taken off the curve so that it lies on the melody it was meant for. higher: semitones added to it. second:
    the curve of a second hand. times: of a passage that was practised. words: the player's language. plot_mm: height of
    the curve's part of a row on paper, at most.
    """
    curves = [curve] if second is None else [second, curve]
    low, high = _pitch_range(curves, wanted, higher)
    rows = []
    for start, end in _spans(bars, curve.seconds):
        frame = _Frame(start, end, low, high, plot_mm * _UNITS_A_MM)
        inside = [b for b in bars if start <= (b.start_s + b.end_s) / 2 < end]
        lines = [_line_of(curve, frame, lag_s, higher, _INKS[n + 2 - len(curves)]) for n, curve in enumerate(curves)]
        within = [t for t in times if t.start_s < end and t.end_s > start]
        rows.append(_row(frame, lines, wanted, inside, within, key, words))
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
    parts = [bars[n : n + per_row] for n in range(0, len(bars), per_row)]
    longest = max(part[-1].end_s - part[0].start_s for part in parts)
    return [(part[0].start_s, part[0].start_s + longest) for part in parts]


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
    lines: Sequence[str],
    wanted: Sequence[tuple[Note, Look]],
    bars: Sequence[Bar],
    times: Sequence[Time],
    key: Key,
    words: Words,
) -> Row:
    ground = Ground(_LEFT, _WIDTH, frame.x)
    below, bottom = list[str](), frame.bottom
    if any(bar.marks is not None for bar in bars):
        below += strips.heat(ground, bars, bottom + strips.GAP, wording.marks_label(words))
        bottom += strips.GAP + strips.HEAT_HEIGHT
    if times:
        below += strips.times(ground, times, bottom + strips.GAP, wording.times_label(words))
        bottom += strips.GAP + strips.TIMES_HEIGHT
    if any(bar.tempo is not None for bar in bars):
        below += strips.tempo(ground, bars, bottom + strips.GAP, wording.tempo_label(words))
        bottom += strips.GAP + strips.TEMPO_HEIGHT
    height = bottom + 4
    plot = f'<rect x="{_LEFT:g}" y="{_TOP:g}" width="{_WIDTH - _LEFT:g}" height="{frame.height:.1f}" '
    drawing = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {height:.1f}">',
        plot + 'fill="#FCFBF8"/>',
        *_pitch_lines(frame, key, words),
        *(_bar_lines(frame, bars) if bars else _second_lines(frame)),
        *(rule(frame.x(t.start_s), _TOP, frame.x(t.start_s), frame.bottom, "#8A8478", 2.4) for t in times),
        *_blocks(frame, wanted),
        *lines,
        plot + 'fill="none" stroke="#A8A090" stroke-width="1.4"/>',
        *below,
        "</svg>",
    ]
    return Row("".join(drawing), WIDTH_MM, WIDTH_MM * height / _WIDTH)


def _pitch_lines(frame: _Frame, key: Key, words: Words) -> list[str]:
    """Draw a line for each step of the key, and name as many as stand clear of each other, tonic and fifth first."""
    steps = [(key.tonic + n) % 12 for n in (_MINOR if key.minor else _MAJOR)]
    out, named = [], list[float]()
    for pitch in range(frame.low + 1, frame.high):
        if pitch % 12 in steps:
            colour, width = ("#B9B19E", 1.6) if pitch % 12 == key.tonic else ("#E7E2D6", 1.0)
            out.append(rule(_LEFT, frame.y(pitch), _WIDTH, frame.y(pitch), colour, width))
    inside = [p for p in range(frame.low + 1, frame.high) if p % 12 in steps]
    for pitch in sorted(inside, key=lambda p: (_ORDER.get((p - key.tonic) % 12, 2), p)):
        if all(abs(frame.y(pitch) - y) >= _NAME_APART for y in named):
            named.append(frame.y(pitch))
            name = printed_note(words, spell(pitch, key))
            out.append(label(_LEFT - 10, frame.y(pitch) + 7, name, strips.WORDS, "end"))
    return out


def _bar_lines(frame: _Frame, bars: Sequence[Bar]) -> list[str]:
    out = []
    for i, bar in enumerate(bars):
        x = frame.x(bar.start_s)
        out.append(rule(x, _TOP, x, frame.bottom, "#CFC8B8", 1.2))
        if i == 0 or bar.number % 4 == 1 or len(bars) <= 16:
            out.append(label(x + 3, _TOP - 7, str(bar.number), strips.WORDS, "start"))
    return out


def _second_lines(frame: _Frame) -> list[str]:
    length = frame.end_s - frame.start_s
    step = next((s for s in (1, 2, 5, 10, 15, 30) if length / s <= 16), 60)
    out = []
    for second in range(math.ceil(frame.start_s / step) * step, math.ceil(frame.end_s), step):
        out.append(rule(frame.x(second), _TOP, frame.x(second), frame.bottom, "#CFC8B8", 1.2))
        if frame.x(second) < _WIDTH - 40:
            time = f"{second // 60}:{second % 60:02d}"
            out.append(label(frame.x(second) + 3, _TOP - 7, time, strips.WORDS, "start"))
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
