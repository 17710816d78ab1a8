"""A melody that is wider than a player's reach tells apart, brought within it by octaves.

The same hand that finds a semitone in a song of two octaves cannot find it in one of six: the whole song lies between
far and near. Notes outside the stretch that holds most of the song are played octaves nearer to it. Not here: the
reach itself (``reach``), which mapping a song gets (``songs_library``).
"""

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from firmware_py.music.reach import Reach
from firmware_py.music.song import Song

OCTAVE: Final = 12
SEMITONE: Final = 0.06  # of the area at least: twice what 95 of 100 measurements of a hand are off by, 3 %


@dataclass(frozen=True, slots=True)
class Folded:
    """A song within a reach. bars: as engraved, of the notes that were moved, in order; none: it is as it was."""

    song: Song
    bars: tuple[int, ...] = ()


def told_apart(reach: Reach) -> int:
    """Return how many semitones a reach tells apart: 39 from far to near where near looks ten times as big."""
    return math.floor(math.log(reach.ratio) / math.log1p(SEMITONE) + 1e-6)


def folded(song: Song, semitones: int) -> Folded:
    """Return the song with its melody within so many semitones (less than an octave is taken for one).

    Of all stretches so wide the one that keeps most of the song as written, by its notes' lengths, is taken; of several
    the lowest. Backing parts, and a song that fits, are left as they are.
    """
    span = max(OCTAVE, semitones)
    if not song.melody or song.high - song.low <= span:
        return Folded(song)
    pitches = np.array([n.midi for n in song.melody])
    lengths = np.array([float(n.duration) for n in song.melody])
    lows = np.arange(song.low, song.high - span + 1)
    within = (pitches >= lows[:, None]) & (pitches <= lows[:, None] + span)
    low = int(lows[(within @ lengths).argmax()])

    def near(midi: int) -> int:
        below, above = max(0, low - midi), max(0, midi - low - span)
        return midi + OCTAVE * (-(-below // OCTAVE) - -(-above // OCTAVE))

    return Folded(
        replace(song, melody=tuple(replace(n, midi=near(n.midi)) for n in song.melody)),
        tuple(sorted({song.bar_number(n.onset) for n in song.melody if near(n.midi) != n.midi})),
    )
