"""Written notes to bars: note values, dots, ties over bar lines, rests, triplets and beams, as a musician spells them.

Not here: putting notes on a grid (``quantise``), accidentals and the file format (``musicxml``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor
from typing import Final

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
    notes: Sequence[ScoreNote], metre: Metre, bars: int, *, opening: Fraction = Fraction(0)
) -> tuple[tuple[Piece, ...], ...]:
    """Return so many bars, each filled exactly; notes in order, none overlapping, all ending inside the last bar.

    opening: quarter notes at the start of the first bar that are left out, for an upbeat.
    """
    triplets = {
        floor(p) for n in notes for p in (n.onset, n.onset + n.duration) if p.denominator % 3 == 0
    }  # beats in which everything is written in threes
    filled: list[list[Piece]] = [[] for _ in range(bars)]
    at = opening
    for source, note in enumerate(notes):
        _fill(filled, at, note.onset, None, None, metre, triplets)
        at = note.onset + note.duration
        _fill(filled, note.onset, at, note.midi, source, metre, triplets)
    _fill(filled, at, metre.bar * bars, None, None, metre, triplets)
    return tuple(_beamed(_bracketed(bar), metre) for bar in filled)


def _fill(
    filled: list[list[Piece]],
    start: Fraction,
    end: Fraction,
    midi: int | None,
    source: int | None,
    metre: Metre,
    triplets: set[int],
) -> None:
    at, first = start, True
    while at < end:
        bar = floor(at / metre.bar)
        bar_start = bar * metre.bar
        stop = min(end, bar_start + metre.bar)
        if midi is None and at == bar_start and stop == bar_start + metre.bar:
            filled[bar].append(Piece(Fraction(0), metre.bar, None, None))
            at = stop
            continue
        length, kind, dots, triplet = _next_value(at - bar_start, stop - at, at, midi is None, metre, triplets)
        tied = midi is not None
        filled[bar].append(
            Piece(
                at - bar_start,
                length,
                midi,
                source,
                kind,
                dots,
                "on" if triplet else "",
                tie_from=tied and not first,
                tie_to=tied and at + length < end,
            )
        )
        at, first = at + length, False


def _next_value(
    offset: Fraction, left: Fraction, at: Fraction, rest: bool, metre: Metre, triplets: set[int]
) -> tuple[Fraction, str, int, bool]:
    """Return length, value, dots and whether it is in a triplet, of the longest piece that may stand at this place."""
    beat = floor(at)
    if beat in triplets:
        room = min(left, beat + 1 - at)
        for value in _LONGEST_FIRST:
            if value * Fraction(2, 3) <= room and not (at == beat and value * Fraction(2, 3) == room == 1):
                return value * Fraction(2, 3), *VALUES[value], True
    nearest = next((b for b in range(beat + 1, ceil(at + left)) if b in triplets), None)
    if nearest is not None:
        left = nearest - at
    for value in _LONGEST_FIRST:
        if value <= left and _allowed(offset, value, rest, metre):
            return value, *VALUES[value], False
    return left, "256th", 0, False


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


def _bracketed(bar: list[Piece]) -> list[Piece]:
    """Mark the first and the last piece of each beat of triplets."""
    beats = [floor(p.offset) if p.triplet else None for p in bar]
    done = []
    for i, piece in enumerate(bar):
        mark = piece.triplet
        if mark:
            if i == 0 or beats[i - 1] != beats[i]:
                mark = "start"
            elif i + 1 == len(bar) or beats[i + 1] != beats[i]:
                mark = "stop"
        done.append(replace(piece, triplet=mark))
    return done


def _beamed(bar: list[Piece], metre: Metre) -> tuple[Piece, ...]:
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
