"""A song: reference melody, backing parts and tempo, in beats; seconds only through ``start_s``.

Not here: reading song files (``songs_library``), sounding them (``sound``).
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Self

from firmware_py.music.note import Note


@dataclass(frozen=True, slots=True)
class ScoreNote:
    """A note as written: onset and duration in beats (quarter notes) from the first beat of bar 1, MIDI number."""

    onset: Fraction
    duration: Fraction
    midi: int


@dataclass(frozen=True, slots=True)
class Part:
    """A backing part: a name, a General MIDI program (0…127), whether it is drums, and its notes."""

    name: str
    program: int
    notes: tuple[ScoreNote, ...]
    drums: bool = False


@dataclass(frozen=True)
class Song:
    """One song; beats are quarter notes, key is like ``C major`` or ``F# minor``."""

    name: str
    title: str
    composer: str
    year: int
    free_because: str
    level: int
    tempo_bpm: float
    beats_per_bar: int
    beat_unit: int
    key: str
    melody: tuple[ScoreNote, ...]
    parts: tuple[Part, ...]

    @property
    def bar_beats(self) -> Fraction:
        """Quarter notes in one bar."""
        return Fraction(self.beats_per_bar * 4, self.beat_unit)

    @property
    def end(self) -> Fraction:
        """The end of the last bar, in beats."""
        last = max((n.onset + n.duration for n in self.melody), default=Fraction(0))
        return -(-last // self.bar_beats) * self.bar_beats

    @property
    def low(self) -> int:
        """Lowest MIDI number of the melody."""
        return min(n.midi for n in self.melody)

    @property
    def high(self) -> int:
        """Highest MIDI number of the melody."""
        return max(n.midi for n in self.melody)

    def seconds(self, beats: Fraction | float) -> float:
        """Return the length of so many beats in seconds."""
        return float(beats) * 60.0 / self.tempo_bpm

    def melody_at(self, start_s: float) -> tuple[Note, ...]:
        """Return the melody as notes on the session's time line, its first beat at ``start_s`` seconds."""
        return tuple(
            Note(start_s + self.seconds(n.onset), self.seconds(n.duration), float(n.midi)) for n in self.melody
        )

    def at_tempo(self, tempo_bpm: float) -> Self:
        """Return the same song at another tempo (beats per minute, > 0)."""
        return replace(self, tempo_bpm=tempo_bpm)
