"""A melody and a player's failings become a hand's movement: where it is and how big, at every instant.

A note is held by a hand of the area that the mapping hears as its pitch; the hand glides between notes, leaves the
picture for a rest, and leaves it for a moment before a note is struck again. Not here: drawing it.
"""

import math
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_py.music.mapping import Mapping
from firmware_py.music.note import Note
from firmware_py.sight.ghost.part import GhostPart, GhostPlayer

GLIDE_S: Final = 0.060  # the shortest way from note to note
GLIDE_OCTAVES_PER_S: Final = 30.0  # faster than this no tracker follows
STRIKE_S: Final = 0.110  # out of the picture before the same note is struck again
FIST_S: Final = 0.160  # shut before it: the finder looks a dozen times a second, and must have seen the fist
OPEN_LEAD_S: Final = 0.080  # opened so much before the onset, as it takes as long until that is seen
CLOSING_S: Final = 0.060  # from open to shut, and back
REST_S: Final = 0.060  # silences shorter than this are played as one line
TREMBLE_HZ: Final = 6.0
RANDOM_HZ: Final = 1.2
MIDDLE: Final = (0.53, 0.5)  # of the hand in the picture


@dataclass(frozen=True, slots=True)
class HandAt:
    """A hand in the picture: area as the instrument should hear it (share of the frame), centre (0…1).

    closed: 0 open … 1 a fist; area stays that of the open hand so near.
    """

    area: float
    x: float
    y: float
    closed: float = 0.0


class Performance:
    """The whole movement of one ghost; ``at`` may be asked for any instant in any order.

    Parameters
    ----------
    part
        Melody, mapping, delay and length.
    player
        Failings and seed.
    """

    def __init__(self, part: GhostPart, player: GhostPlayer) -> None:
        self._mapping = replace(
            part.mapping,
            area_far=player.far or part.mapping.area_far,
            area_near=player.near or part.mapping.area_near,
        )
        self._holds = () if player.player == "silent" else part.holds
        self._seconds = part.seconds
        self._late_s = player.late
        self._shift_s = part.delay_s - player.late
        self._cents = player.cents
        self._tremble = player.tremble
        rng = np.random.default_rng(player.seed)
        self._phases: NDArray[np.float64] = rng.uniform(0.0, 2.0 * math.pi, 8)
        self._random = player.player == "random"
        played = () if self._random else _played(part, player, rng)
        self._lines = _lines(played, part.mapping.glide_s, fists=player.strike == "fist")
        self._starts = [line.start_s for line in self._lines]

    def pitch_at(self, script_s: float) -> float | None:
        """The pitch (MIDI note number) held at so many seconds of the script; None with no hand in the picture."""
        s = script_s + self._shift_s
        if self._random:
            return self._waved(s)
        place = bisect_right(self._starts, s) - 1
        if place < 0 or s >= self._lines[place].end_s:
            return None
        return self._lines[place].pitch_at(s) + (self._cents + self._trembled(s)) / 100.0

    def at(self, script_s: float) -> HandAt | None:
        """The hand at so many seconds of the script; None with none in the picture."""
        pitch = self._held(script_s) or self.pitch_at(script_s)
        if pitch is None:
            return None
        sway = (
            math.sin(2 * math.pi * hz * script_s + phase) for hz, phase in zip((0.13, 0.17), self._phases, strict=False)
        )
        x, y = (middle + 0.012 * part for middle, part in zip(MIDDLE, sway, strict=True))
        return HandAt(_area(self._mapping, pitch), x, y, self._closed(script_s + self._shift_s))

    def hears(self, delay_s: float) -> None:
        """Move so much earlier from now on that the instrument, which sounds so much later, is in time."""
        self._shift_s = delay_s - self._late_s

    def _held(self, script_s: float) -> float | None:
        """The pitch of the hold that it is time for; None: of none."""
        low, high = self._mapping.low, self._mapping.high
        return next(
            (low + (high - low) * hold.share for hold in self._holds if hold.start_s <= script_s < hold.end_s), None
        )

    def _closed(self, s: float) -> float:
        place = bisect_right(self._starts, s) - 1
        return self._lines[place].closed_at(s) if place >= 0 else 0.0

    def _trembled(self, s: float) -> float:
        if not self._tremble:
            return 0.0
        waves = (
            math.sin(2 * math.pi * TREMBLE_HZ * ratio * s + phase)
            for ratio, phase in zip((0.73, 1.0, 1.31), self._phases[2:], strict=False)
        )
        return self._tremble * sum(waves) / 1.5

    def _waved(self, s: float) -> float:
        waves = (
            math.sin(2 * math.pi * RANDOM_HZ * ratio * s + phase)
            for ratio, phase in zip((0.31, 0.53, 0.83, 1.0), self._phases[4:], strict=False)
        )
        low, high = self._mapping.low, self._mapping.high
        return low + (high - low) * min(1.0, max(0.0, 0.5 + 0.3 * sum(waves)))


@dataclass(frozen=True, slots=True)
class _Line:
    """Notes played without leaving the picture, with the corners of the glides between them."""

    start_s: float
    end_s: float
    times: tuple[float, ...]
    pitches: tuple[float, ...]
    fists: tuple[tuple[float, float], ...] = ()  # when the hand is shut, from and until

    def pitch_at(self, s: float) -> float:
        return float(np.interp(s, self.times, self.pitches))

    def closed_at(self, s: float) -> float:
        away_s = min((max(start - s, s - end) for start, end in self.fists), default=CLOSING_S)
        return min(1.0, max(0.0, 1.0 - away_s / CLOSING_S))


def _area(mapping: Mapping, pitch: float) -> float:
    """Area of a pitch; beyond the ends of the keyboard no more than a semitone, as a hand in a picture has limits."""
    return mapping.area_of(min(mapping.high + 1.0, max(mapping.low - 1.0, pitch)))


def _played(part: GhostPart, player: GhostPlayer, rng: np.random.Generator) -> tuple[Note, ...]:
    melody = tuple(sorted(part.melody, key=lambda note: note.onset_s))
    if player.player == "silent":
        return ()
    if not melody:  # no song: a still hand in the middle of the keyboard
        return (Note(0.0, part.seconds + 10.0, (part.mapping.low + part.mapping.high) / 2),)
    if player.player == "held":
        commonest = Counter(note.pitch for note in melody).most_common(1)[0][0]
        first, end = melody[0].onset_s, melody[-1].end_s
        return (Note(first, end - first, commonest),)
    if player.player == "first-half":
        middle = (melody[0].onset_s + melody[-1].end_s) / 2
        melody = tuple(note for note in melody if note.onset_s < middle)
    kept = rng.random(len(melody)) >= player.missing
    return tuple(note for note, keep in zip(melody, kept, strict=True) if keep)


def _lines(notes: tuple[Note, ...], lead_s: float, *, fists: bool = False) -> tuple[_Line, ...]:
    """Cut the notes into lines at rests, and at repeated notes unless a fist parts those.

    lead_s: how early each glide is, see ``_line``.
    """
    lines: list[list[Note]] = []
    for note in notes:
        before = lines[-1][-1] if lines else None
        if before is None or note.onset_s - before.end_s > REST_S:
            lines.append([note])
        elif note.pitch == before.pitch and not fists:
            out_s = min(STRIKE_S, 0.45 * (note.onset_s - before.onset_s))
            lines[-1][-1] = replace(before, duration_s=note.onset_s - out_s - before.onset_s)
            lines.append([note])
        else:
            lines[-1].append(note)
    return tuple(_line(line, lead_s) for line in lines)


def _line(notes: list[Note], lead_s: float) -> _Line:
    """Join the notes by glides whose middle lies ``lead_s`` before the onset: the instrument glides so much later."""
    times, pitches, fists = [notes[0].onset_s], [notes[0].pitch], []
    for before, note in pairwise(notes):
        if note.pitch == before.pitch:
            open_s = note.onset_s - OPEN_LEAD_S
            fists.append((open_s - min(FIST_S, 0.5 * (note.onset_s - before.onset_s)), open_s))
        octaves = abs(note.pitch - before.pitch) / 12.0
        half = max(GLIDE_S, octaves / GLIDE_OCTAVES_PER_S) / 2
        middle_s = note.onset_s - lead_s
        times += [max(times[-1], middle_s - half), max(times[-1], middle_s + half)]
        pitches += [before.pitch, note.pitch]
    return _Line(notes[0].onset_s, notes[-1].end_s, tuple(times), tuple(pitches), tuple(fists))
