"""Where the bars of a piece lie, in quarter notes, through every change of metre.

Bars are counted from 0 here; what a page prints above them is ``Song.bar_number``. Not here: tempo (``tempo_map``).
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class MetreChange:
    """From the bar line at ``onset`` on (quarter notes from the first bar line, above 0) the metre is beats/unit."""

    onset: Fraction
    beats: int
    unit: int


@dataclass(frozen=True, slots=True)
class BarMetre:
    """A metre: so many beats of a whole note's unit-th part."""

    beats: int
    unit: int

    @property
    def bar_beats(self) -> Fraction:
        """Quarter notes in one bar."""
        return Fraction(self.beats * 4, self.unit)

    @property
    def beat(self) -> Fraction:
        """Quarter notes in one written beat."""
        return Fraction(4, self.unit)


class Bars:
    """The bars of a piece; they go on for ever in the last metre, and before the first bar line in the first."""

    def __init__(self, beats_per_bar: int, beat_unit: int, changes: Sequence[MetreChange] = ()) -> None:
        self._metres = [BarMetre(beats_per_bar, beat_unit), *(BarMetre(c.beats, c.unit) for c in changes)]
        self._starts = [Fraction(0), *(c.onset for c in changes)]
        self._bars = [0]
        for n in range(1, len(self._starts)):
            bars = (self._starts[n] - self._starts[n - 1]) / self._metres[n - 1].bar_beats
            if bars.denominator != 1 or bars < 1:
                raise ValueError(f"the metre changes at {self._starts[n]} quarter notes, where no bar line is")
            self._bars.append(self._bars[-1] + int(bars))

    def bar_at(self, beat: Fraction | float) -> int:
        """Return the bar that a beat lies in."""
        n = max(0, bisect_right(self._starts, beat) - 1)
        return self._bars[n] + int((beat - self._starts[n]) // self._metres[n].bar_beats)

    def metre_of(self, bar: int) -> BarMetre:
        """Return a bar's metre."""
        return self._metres[max(0, bisect_right(self._bars, bar) - 1)]

    def length_of(self, bar: int) -> Fraction:
        """Return a bar's length in quarter notes."""
        return self.metre_of(bar).bar_beats

    def start_of(self, bar: int) -> Fraction:
        """Return where a bar begins, in quarter notes from the first bar line."""
        n = max(0, bisect_right(self._bars, bar) - 1)
        return self._starts[n] + (bar - self._bars[n]) * self._metres[n].bar_beats

    def end_of(self, bar: int) -> Fraction:
        """Return where a bar ends."""
        return self.start_of(bar) + self.length_of(bar)

    def line_at_or_after(self, beat: Fraction) -> Fraction:
        """Return the first bar line that does not lie before a beat."""
        start = self.start_of(self.bar_at(beat))
        return start if start == beat else self.end_of(self.bar_at(beat))

    def pieces(self, start: Fraction, stop: Fraction) -> Iterator[tuple[int, Fraction, bool]]:
        """Cut a stretch at the bar lines: the bar, the piece's length, and whether another piece follows."""
        while start < stop:
            bar = self.bar_at(start)
            until = min(stop, self.end_of(bar))
            yield bar, until - start, until < stop
            start = until


def bar_ranges(numbers: Sequence[int], most: int | None = None) -> str:
    """Return ascending bar numbers as ``1–4, 7``; most: so many stretches of them at most."""
    runs: list[list[int]] = []
    for n in numbers:
        if runs and n == runs[-1][-1] + 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    return ", ".join(str(r[0]) if len(r) == 1 else f"{r[0]}–{r[-1]}" for r in runs[:most])
