"""A song: reference melody, chords, backing parts and tempo, in beats; seconds only through ``start_s``.

Not here: reading and writing song files (``song_file``), finding them (``songs_library``), sounding them (``sound``).
"""

from bisect import bisect_right
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Self

from firmware_py.errors import SongError
from firmware_py.music.chords import transposed_symbol
from firmware_py.music.note import Note
from firmware_py.music.pitch import MIDI_HIGHEST, MIDI_LOWEST, Key, mask_of, parse_key


@dataclass(frozen=True, slots=True)
class ScoreNote:
    """A note as written: onset and duration in beats (quarter notes) from the first bar line, MIDI number.

    A note may last over bar lines: who engraves it ties it.
    """

    onset: Fraction
    duration: Fraction
    midi: int

    @property
    def end(self) -> Fraction:
        """The note's end, in beats."""
        return self.onset + self.duration


@dataclass(frozen=True, slots=True)
class ScoreChord:
    """A chord symbol (``Am7``, ``D/F#``) over the melody, in beats."""

    onset: Fraction
    duration: Fraction
    symbol: str


@dataclass(frozen=True, slots=True)
class Part:
    """A backing part: a name, a General MIDI program (0…127), whether it is drums, and its notes."""

    name: str
    program: int
    notes: tuple[ScoreNote, ...]
    drums: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a song asks for at one instant: the note now (None in a rest) and the note after it (None at the end)."""

    now: ScoreNote | None
    next: ScoreNote | None


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
    pickup: Fraction = Fraction(0)
    chords: tuple[ScoreChord, ...] = ()
    backing: str = ""

    @property
    def bar_beats(self) -> Fraction:
        """Quarter notes in one bar."""
        return Fraction(self.beats_per_bar * 4, self.beat_unit)

    @cached_property
    def end(self) -> Fraction:
        """The end of the last bar, in beats."""
        last = max((n.end for n in self.melody), default=Fraction(0))
        return -(-last // self.bar_beats) * self.bar_beats

    @property
    def bars(self) -> int:
        """Number of bars, that of the upbeat included."""
        return int(self.end / self.bar_beats)

    @property
    def low(self) -> int:
        """Lowest MIDI number of the melody."""
        return min(n.midi for n in self.melody)

    @property
    def high(self) -> int:
        """Highest MIDI number of the melody."""
        return max(n.midi for n in self.melody)

    @property
    def own_scale(self) -> int:
        """The melody's own pitch classes as 12 bits, bit 0 is C."""
        return mask_of(n.midi for n in self.melody)

    @cached_property
    def parsed_key(self) -> Key:
        """The key with its signature, for spelling; raises UsageError where ``key`` is none."""
        return parse_key(self.key)

    def seconds(self, beats: Fraction | float) -> float:
        """Return the length of so many beats in seconds."""
        return float(beats) * 60.0 / self.tempo_bpm

    def bar_number(self, beat: Fraction) -> int:
        """Return the number of the bar that a beat lies in, as engraved: from 1, an upbeat's bar is 0."""
        return int(beat // self.bar_beats) + (0 if self.pickup else 1)

    def melody_at(self, start_s: float) -> tuple[Note, ...]:
        """Return the melody as notes on the session's time line, its first bar line at ``start_s`` seconds."""
        return tuple(
            Note(start_s + self.seconds(n.onset), self.seconds(n.duration), float(n.midi)) for n in self.melody
        )

    def wanted_at(self, seconds: float) -> Wanted:
        """Return the notes wanted now and next, ``seconds`` after the first bar line (before it: below 0)."""
        beat = seconds * self.tempo_bpm / 60.0
        after = bisect_right(self._onsets, beat)
        now = self.melody[after - 1] if after and beat < self.melody[after - 1].end else None
        return Wanted(now, self.melody[after] if after < len(self.melody) else None)

    def at_tempo(self, tempo_bpm: float) -> Self:
        """Return the same song at another tempo (beats per minute, > 0)."""
        if not 0 < tempo_bpm < float("inf"):
            raise SongError(f"a tempo of {tempo_bpm!r} beats a minute cannot be played; it must be above 0")
        return replace(self, tempo_bpm=tempo_bpm)

    def transposed(self, semitones: int) -> Self:
        """Return the song so many semitones up, drums as they are; chord symbols are respelled by the new key.

        Raises SongError where a note would leave MIDI's 0…127.
        """
        if semitones == 0:
            return self
        key = self.parsed_key.transposed(semitones)

        def moved(notes: tuple[ScoreNote, ...]) -> tuple[ScoreNote, ...]:
            for note in notes:
                if not MIDI_LOWEST <= note.midi + semitones <= MIDI_HIGHEST:
                    raise SongError(
                        f"{self.name} cannot be played {semitones:+d} semitones away: it leaves MIDI's range"
                    )
            return tuple(ScoreNote(n.onset, n.duration, n.midi + semitones) for n in notes)

        return replace(
            self,
            key=str(key),
            melody=moved(self.melody),
            parts=tuple(p if p.drums else replace(p, notes=moved(p.notes)) for p in self.parts),
            chords=tuple(replace(c, symbol=transposed_symbol(c.symbol, semitones, key)) for c in self.chords),
        )

    @cached_property
    def _onsets(self) -> tuple[float, ...]:
        return tuple(float(n.onset) for n in self.melody)
