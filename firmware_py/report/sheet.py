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
BASS_BELOW: Final = 57.0  # a staff whose notes lie lower than this on average takes the bass clef


@dataclass(frozen=True)
class Staff:
    """One part on one staff; note n of it is found again as ``<letter><n>`` in MusicXML and in the engraving."""

    name: str
    letter: str
    notes: tuple[ScoreNote, ...]

    @property
    def bass_clef(self) -> bool:
        """Whether the notes lie so low that the bass clef needs fewer ledger lines."""
        return bool(self.notes) and sum(n.midi for n in self.notes) / len(self.notes) < BASS_BELOW

    def piece_id(self, source: int, nth: int) -> str:
        """Return the name of the nth piece (0, 1, …) of a note that ties may have cut."""
        return f"{self.letter}{source}" if nth == 0 else f"{self.letter}{source}-{nth}"


@dataclass(frozen=True)
class Sheet:
    """A whole score.

    tempo_bpm: quarter notes a minute. pickup: length in quarter notes of an upbeat that stands alone in the first
    bar; 0 where the first bar is whole. metres: changes of the metre.
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
        return bar if self.upbeat else bar + 1


def bars_needed(metre: Metre, *parts: Sequence[ScoreNote], metres: Sequence[MetreChange] = ()) -> int:
    """Return how many bars hold all the notes; at least one."""
    end = max((n.onset + n.duration for part in parts for n in part), default=Fraction(0))
    grid = Bars(metre.beats, metre.unit, metres)
    return max(1, grid.bar_at(grid.line_at_or_after(end)))
