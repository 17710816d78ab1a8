"""Written notes to bars: note values, dots, ties over bar lines, rests, triplets and beams, as a musician spells them.

Not here: putting notes on a grid (``quantise``), accidentals and the file format (``musicxml``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor
from typing import Final

from firmware_py.music.bars import Bars, MetreChange
from firmware_py.music.song import ScoreNote

VALUES: Final = {  # written length in quarter notes: MusicXML's name, dots
    Fraction(2**k, 64) * share: (name, dots)
    for k, name in enumerate(("256th", "128th", "64th", "32nd", "16th", "eighth", "quarter", "half", "whole"))
    for share, dots in ((Fraction(1), 0), (Fraction(3, 2), 1))
}
_LONGEST_FIRST: Final = sorted(VALUES, reverse=True)
_FLAGS: Final = {"eighth": 1, "16th": 2, "32nd": 3, "64th": 4, "128th": 5, "256th": 6}


@dataclass(frozen=True)
class Metre:
    """A time signature; a pulse is what beams and syncopations are grouped by, in quarter notes."""

    beats: int
    unit: int

    @property
    def bar(self) -> Fraction:
        """Quarter notes in one bar."""
        return Fraction(self.beats * 4, self.unit)

    @property
    def compound(self) -> bool:
        """Whether the pulse is dotted, as in 6/8, 9/8 and 12/8."""
        return self.unit >= 8 and self.beats > 3 and self.beats % 3 == 0

    @property
    def pulse(self) -> Fraction:
        """Quarter notes in one pulse."""
        return Fraction(12 if self.compound else 4, self.unit)

    @property
    def middle(self) -> Fraction | None:
        """The place in a bar of two or four pulses that no syncopation may hide, or None."""
        pulses = self.bar / self.pulse
        return self.bar / 2 if pulses in (2, 4) else None


@dataclass(frozen=True)
class Piece:
    """One note head or rest in a bar.

    offset and duration: quarter notes from the bar line. midi: None for a rest. source: index of the note that it
    is a piece of. kind, dots: the written value; empty for a rest of a whole bar. triplet: three in the time of
    two, with the bracket's "start" or "stop", or "on". tie_from, tie_to: tied from the piece before, to the next.
    beams: one word for each beam, outermost first: begin, continue, end, forward hook, backward hook.
    """

    offset: Fraction
    duration: Fraction
    midi: int | None
    source: int | None
    kind: str = ""
    dots: int = 0
    triplet: str = ""
    tie_from: bool = False
    tie_to: bool = False
    beams: tuple[str, ...] = ()


def bars_of(
    notes: Sequence[ScoreNote],
    metre: Metre,
    bars: int,
    *,
    opening: Fraction = Fraction(0),
    metres: Sequence[MetreChange] = (),
) -> tuple[tuple[Piece, ...], ...]:
    """Return so many bars, each filled exactly; notes in order, none overlapping, all ending inside the last bar.

    opening: quarter notes at the start of the first bar that are left out, for an upbeat. metres: its changes.
    """
    grid = Bars(metre.beats, metre.unit, metres)
    filling = _Filling(grid, _triplets(notes), [[] for _ in range(bars)])
    at = opening
    for source, note in enumerate(notes):
        filling.add(at, note.onset, None, None)
        at = note.onset + note.duration
        filling.add(note.onset, at, note.midi, source)
    filling.add(at, grid.start_of(bars), None, None)
    return tuple(_beamed(bar, metre_at(grid, n)) for n, bar in enumerate(filling.bars))


def metre_at(grid: Bars, bar: int) -> Metre:
    """Return the metre of a bar, counted from 0."""
    metre = grid.metre_of(bar)
    return Metre(metre.beats, metre.unit)


def _triplets(notes: Sequence[ScoreNote]) -> dict[int, tuple[Fraction, Fraction]]:
    """Return the groups that are written in threes, start and end in quarter notes, by each half beat they cover.

    A group is half a beat where the beat's middle is sounded, two beats where their border is not, else a beat.
    """
    points = {p for n in notes for p in (n.onset, n.onset + n.duration)}
    halves = {floor(p * 2) for p in points if p.denominator % 3 == 0}
    groups: dict[int, tuple[Fraction, Fraction]] = {}
    for half in sorted(halves):
        if half in groups:
            continue
        beat = half // 2
        if Fraction(2 * beat + 1, 2) in points:
            group = (Fraction(half, 2), Fraction(half + 1, 2))
        elif beat in points and beat + 1 not in points and beat + 2 in points:
            group = (Fraction(beat), Fraction(beat + 2))
        else:
            group = (Fraction(beat), Fraction(beat + 1))
        groups |= dict.fromkeys(range(floor(group[0] * 2), floor(group[1] * 2)), group)
    return groups


@dataclass(frozen=True)
class _Filling:
    """Bars while they are being filled, from left to right."""

    grid: Bars
    triplets: dict[int, tuple[Fraction, Fraction]]
    bars: list[list[Piece]]

    def add(self, start: Fraction, end: Fraction, midi: int | None, source: int | None) -> None:
        """Append the pieces of a note, or of a rest (midi None), quarter notes from the first bar line."""
        at = start
        while at < end:
            bar = self.grid.bar_at(at)
            metre = metre_at(self.grid, bar)
            offset = at - self.grid.start_of(bar)
            left = min(end - at, metre.bar - offset)
            if midi is None and left == metre.bar:
                self.bars[bar].append(Piece(offset, left, None, None))
                at += left
                continue
            length, (kind, dots), triplet = self._longest(at, offset, left, metre, rest=midi is None)
            tied_from, tied_to = (at > start, at + length < end) if midi is not None else (False, False)
            self.bars[bar].append(Piece(offset, length, midi, source, kind, dots, triplet, tied_from, tied_to))
            at += length

    def _longest(
        self, at: Fraction, offset: Fraction, left: Fraction, metre: Metre, *, rest: bool
    ) -> tuple[Fraction, tuple[str, int], str]:
        """Return length, value and triplet mark of the longest piece that may stand here."""
        group = self.triplets.get(floor(at * 2))
        if group is not None:
            begin, stop = group
            value = next(v for v in _LONGEST_FIRST if v * Fraction(2, 3) <= min(left, stop - at))
            length = value * Fraction(2, 3)
            return length, VALUES[value], "start" if at == begin else "stop" if at + length == stop else "on"
        for half in range(floor(at * 2) + 1, ceil((at + left) * 2)):
            if half in self.triplets:
                left = Fraction(half, 2) - at
                break
        for value in _LONGEST_FIRST:
            if value <= left and _allowed(offset, value, rest, metre):
                return value, VALUES[value], ""
        return left, VALUES[_LONGEST_FIRST[-1]], ""


def _allowed(offset: Fraction, length: Fraction, rest: bool, metre: Metre) -> bool:
    """Tell whether a note of this length at this offset leaves the bar's pulses readable."""
    end = offset + length
    pulse, middle = metre.pulse, metre.middle
    on_pulse = offset % pulse == 0
    if metre.compound:
        if on_pulse:
            return length < pulse or (length % pulse == 0 and not (rest and length > pulse))
        return end <= (offset // pulse + 1) * pulse
    dotted = length.numerator % 3 == 0
    if rest:
        if dotted or (length > pulse and middle is None):
            return False
        return offset % length == 0 and (middle is None or offset >= middle or end <= middle)
    if middle is not None and offset < middle < end and offset != 0:
        return on_pulse and length % pulse == 0  # quarter, half, quarter: the one syncopation everybody reads
    if on_pulse:
        return length < pulse or (length * 2) % pulse == 0
    if offset % (pulse / 2) == 0:
        return end <= (offset // pulse + 1) * pulse or (length * 2) % pulse == 0
    return end <= (offset // pulse + 1) * pulse


def _beamed(bar: Sequence[Piece], metre: Metre) -> tuple[Piece, ...]:
    """Beam what has flags, by the pulse; by the half bar where that holds nothing but eighths, as engravers do."""
    group = metre.pulse
    done = list(bar)
    at = Fraction(0)
    while at < metre.bar:
        size = group
        if not metre.compound and metre.middle and at % (2 * group) == 0 and at + 2 * group <= metre.bar:
            half = [p for p in bar if at <= p.offset < at + 2 * group]
            if all(p.kind == "eighth" and not p.dots and not p.triplet and p.midi is not None for p in half):
                size = 2 * group
        run: list[int] = []
        for i, piece in enumerate(bar):
            if not at <= piece.offset < at + size:
                continue
            if piece.midi is not None and piece.kind in _FLAGS:
                run.append(i)
                continue
            _beam(done, run)
            run = []
        _beam(done, run)
        at += size
    return tuple(done)


def _beam(bar: list[Piece], run: list[int]) -> None:
    if len(run) < 2:
        return
    flags = [_FLAGS[bar[i].kind] for i in run]
    for place, i in enumerate(run):
        before = flags[place - 1] if place else 0
        after = flags[place + 1] if place + 1 < len(run) else 0
        words = []
        for level in range(1, flags[place] + 1):
            left, right = before >= level, after >= level
            if left and right:
                words.append("continue")
            elif right:
                words.append("begin")
            elif left:
                words.append("end")
            else:
                words.append("backward hook" if place else "forward hook")
        bar[i] = replace(bar[i], beams=tuple(words))
