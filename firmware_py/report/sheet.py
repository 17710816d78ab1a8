"""The sheet: what is to be written down, before any file format: title, key, metre and one staff for each part.

MusicXML and the engraved page are made from the same sheet, so they cannot disagree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final

from firmware_py.music.bars import Bars, MetreChange
from firmware_py.music.pitch import Key
from firmware_py.music.song import ScoreNote
from firmware_py.report.notation import Metre, Piece, bars_of

MELODY: Final = "Melody"
PLAYED: Final = "Played"
SECOND: Final = "Second hand"
LEDGER_LINES: Final = 1.25  # a note, on average, that a treble staff may have before another clef is looked for


@dataclass(frozen=True, slots=True)
class Clef:
    """A clef: its sign, the line that it stands on, octaves up by a small 8; middle: MIDI of the middle line."""

    sign: str
    line: int
    octaves: int
    middle: float

    def ledger_lines(self, midi: int) -> int:
        """Return how many ledger lines a note needs; a step is reckoned as 12/7 of a semitone."""
        return max(0, int((abs(midi - self.middle) * 7 / 12 - 4) / 2))


TREBLE: Final = Clef("G", 2, 0, 71.0)
CLEFS: Final = (TREBLE, Clef("F", 4, 0, 50.0), Clef("G", 2, 1, 83.0), Clef("F", 4, -1, 38.0), Clef("G", 2, 2, 95.0))


@dataclass(frozen=True)
class Staff:
    """One part on one staff; note n of it is found again as ``<letter><n>`` in MusicXML and in the engraving.

    short: stands for the name from the second line on; empty: the name's first letters.
    """

    name: str
    letter: str
    notes: tuple[ScoreNote, ...]
    short: str = ""

    @cached_property
    def clef(self) -> Clef:
        """The treble clef, unless another saves many ledger lines."""
        lines = {clef: sum(clef.ledger_lines(n.midi) for n in self.notes) for clef in CLEFS}
        return TREBLE if lines[TREBLE] <= LEDGER_LINES * len(self.notes) else min(lines, key=lines.__getitem__)

    def piece_id(self, source: int, nth: int) -> str:
        """Return the name of the nth piece (0, 1, …) of a note that ties may have cut."""
        return f"{self.letter}{source}" if nth == 0 else f"{self.letter}{source}-{nth}"


@dataclass(frozen=True)
class Sheet:
    """A whole score.

    tempo_bpm: quarter notes a minute. pickup: length in quarter notes of an upbeat that stands alone in the first
    bar; 0 where the first bar is whole. metres: changes of the metre. numbers: those printed over the bars, where they
    do not count on from the first.
    """

    title: str
    composer: str
    player: str
    date: str
    key: Key
    metre: Metre
    tempo_bpm: float
    bars: int
    staves: tuple[Staff, ...]
    pickup: Fraction = Fraction(0)
    metres: tuple[MetreChange, ...] = ()
    numbers: tuple[int, ...] = ()

    @property
    def upbeat(self) -> Fraction:
        """The pickup that can be written: 0 where a player began before it, for no note is left out."""
        first = min((s.notes[0].onset for s in self.staves if s.notes), default=Fraction(0))
        return (
            self.pickup if 0 < self.pickup < self.metre.bar and first >= self.metre.bar - self.pickup else Fraction(0)
        )

    @cached_property
    def written(self) -> tuple[tuple[tuple[Piece, ...], ...], ...]:
        """For each staff its bars, each filled exactly; an upbeat's bar without the rests before it."""
        missing = self.metre.bar - self.upbeat if self.upbeat else Fraction(0)
        return tuple(
            bars_of(staff.notes, self.metre, self.bars, opening=missing, metres=self.metres) for staff in self.staves
        )

    def number_of(self, bar: int) -> int:
        """Return the printed number of a bar that is counted from 0: the first whole one is 1."""
        if bar < len(self.numbers):
            return self.numbers[bar]
        return bar if self.upbeat else bar + 1


def bars_needed(metre: Metre, *parts: Sequence[ScoreNote], metres: Sequence[MetreChange] = ()) -> int:
    """Return how many bars hold all the notes; at least one."""
    end = max((n.onset + n.duration for part in parts for n in part), default=Fraction(0))
    grid = Bars(metre.beats, metre.unit, metres)
    return max(1, grid.bar_at(grid.line_at_or_after(end)))
