"""A song: reference melody, chords, backing parts, metre and tempo with their changes, in beats; seconds by its map.

Not here: reading and writing song files (``song_file``), finding them (``songs_library``), sounding them (``sound``).
"""

import math
from bisect import bisect_right
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Final, Self

from firmware_py.errors import SongError
from firmware_py.music.bars import Bars, MetreChange
from firmware_py.music.chords import transposed_symbol
from firmware_py.music.note import Note
from firmware_py.music.pitch import MIDI_HIGHEST, MIDI_LOWEST, Key, mask_of, parse_key
from firmware_py.music.tempo_map import TempoChange, TempoMap

VELOCITY: Final = 80  # of a note that says nothing about its loudness


@dataclass(frozen=True, slots=True)
class ScoreNote:
    """A note as written: onset and duration in beats (quarter notes) from the first bar line, MIDI number.

    A note may last over bar lines: who engraves it ties it. velocity, 1…127, counts in backing parts.
    """

    onset: Fraction
    duration: Fraction
    midi: int
    velocity: int = VELOCITY

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
class Recording:
    """A sound file that is a song's backing.

    file: its path; a bare name lies beside the song file. start_s: where the first bar line lies in it, seconds from
    its first frame, below 0 where the file begins later. seconds: its length.
    """

    file: str
    start_s: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a song asks for at one instant: the note now (None in a rest) and the note after it (None at the end)."""

    now: ScoreNote | None
    next: ScoreNote | None


@dataclass(frozen=True)
class Song:
    """One song; beats are quarter notes, key is like ``C major`` or ``F# minor``.

    year is 0 where nobody knows. tempo_bpm, beats_per_bar and beat_unit are those it begins with; tempos and metres
    hold their changes, in order. melody is empty where a recording is all there is: one plays freely over it then.
    """

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
    tempos: tuple[TempoChange, ...] = ()
    metres: tuple[MetreChange, ...] = ()
    recording: Recording | None = None

    @property
    def bar_beats(self) -> Fraction:
        """Quarter notes in the first bar, and in every one where the metre does not change."""
        return Fraction(self.beats_per_bar * 4, self.beat_unit)

    @cached_property
    def bar_grid(self) -> Bars:
        """Where the bars lie."""
        return Bars(self.beats_per_bar, self.beat_unit, self.metres)

    @cached_property
    def tempo_map(self) -> TempoMap:
        """Beats to seconds and back."""
        return TempoMap(self.tempo_bpm, self.tempos)

    @cached_property
    def end(self) -> Fraction:
        """The end of the last bar with a note of the melody, in beats; without a melody, of the recording."""
        last = max((n.end for n in self.melody), default=Fraction(0))
        if not self.melody and self.recording:
            last = Fraction(math.ceil(self.tempo_map.beat_at(self.recording.seconds - self.recording.start_s)))
        return self.bar_grid.line_at_or_after(last)

    @property
    def bars(self) -> int:
        """Number of bars, that of the upbeat included."""
        return self.bar_grid.bar_at(self.end)

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

    def seconds(self, beat: Fraction | float) -> float:
        """Return where a beat lies in seconds, both counted from the first bar line; below 0 before it."""
        return self.tempo_map.seconds_at(beat)

    def seconds_of(self, note: ScoreNote) -> float:
        """Return how long a note lasts, in seconds."""
        if not self.tempos:
            return self.tempo_map.seconds_at(note.duration)
        return self.seconds(note.end) - self.seconds(note.onset)

    def bar_number(self, beat: Fraction) -> int:
        """Return the number of the bar that a beat lies in, as engraved: from 1, an upbeat's bar is 0."""
        return self.bar_grid.bar_at(beat) + (0 if self.pickup else 1)

    def melody_at(self, start_s: float) -> tuple[Note, ...]:
        """Return the melody as notes on the session's time line, its first bar line at ``start_s`` seconds."""
        return tuple(Note(start_s + self.seconds(n.onset), self.seconds_of(n), float(n.midi)) for n in self.melody)

    def wanted_at(self, seconds: float) -> Wanted:
        """Return the notes wanted now and next, ``seconds`` after the first bar line (before it: below 0)."""
        beat = self.tempo_map.beat_at(seconds)
        after = bisect_right(self._onsets, beat)
        now = self.melody[after - 1] if after and beat < self.melody[after - 1].end else None
        return Wanted(now, self.melody[after] if after < len(self.melody) else None)

    def at_tempo(self, tempo_bpm: float) -> Self:
        """Return the same song at another tempo (beats per minute, > 0); its changes keep their proportion to it.

        Raises SongError for a tempo that is none, and for a song whose backing is a recording: that has its own.
        """
        if not 0 < tempo_bpm < float("inf"):
            raise SongError(f"a tempo of {tempo_bpm!r} beats a minute cannot be played; it must be above 0")
        if math.isclose(tempo_bpm, self.tempo_bpm, rel_tol=1e-6):
            return replace(self, tempo_bpm=tempo_bpm) if tempo_bpm != self.tempo_bpm else self
        if self.recording:
            raise SongError(
                f"{self.name} has a recording as its backing, which is played at its own tempo only; "
                "set play.tempo_percent to 100"
            )
        ratio = tempo_bpm / self.tempo_bpm
        return replace(
            self,
            tempo_bpm=tempo_bpm,
            tempos=tuple(TempoChange(change.onset, change.bpm * ratio) for change in self.tempos),
        )

    def transposed(self, semitones: int) -> Self:
        """Return the song so many semitones up, drums as they are; chord symbols are respelled by the new key.

        Raises SongError where a note would leave MIDI's 0…127, and for a song whose backing is a recording, unless the
        melody is moved over it by whole octaves.
        """
        if semitones == 0:
            return self
        if self.recording and semitones % 12:
            raise SongError(
                f"{self.name} has a recording as its backing, which keeps its key; "
                "set play.transpose to 0, or to 12 or -12 for the melody alone"
            )
        key = self.parsed_key.transposed(semitones)

        def moved(notes: tuple[ScoreNote, ...]) -> tuple[ScoreNote, ...]:
            for note in notes:
                if not MIDI_LOWEST <= note.midi + semitones <= MIDI_HIGHEST:
                    raise SongError(
                        f"{self.name} cannot be played {semitones:+d} semitones away: it leaves MIDI's range"
                    )
            return tuple(replace(n, midi=n.midi + semitones) for n in notes)

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
