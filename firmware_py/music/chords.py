"""Chord symbols: what ``Am7`` or ``D/F#`` sounds, and how it is written in another key.

Not here: which voice plays what of a chord (``arranging``).
"""

import re
from dataclasses import dataclass
from typing import Final

from firmware_py.errors import SongError
from firmware_py.music.pitch import C_MAJOR, Key, parse_note, spell

NO_CHORD: Final = "N"
QUALITIES: Final = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "sus4": (0, 5, 7),
    "7sus4": (0, 5, 7, 10),
    "dim": (0, 3, 6),
    "dim7": (0, 3, 6, 9),
    "m7b5": (0, 3, 6, 10),
    "aug": (0, 4, 8),
}
_ROOT: Final = r"[A-G](?:[#b♯♭])?"
_SYMBOL: Final = re.compile(
    rf"({_ROOT})({'|'.join(sorted(map(re.escape, QUALITIES), key=len, reverse=True))})(?:/({_ROOT}))?"
)


@dataclass(frozen=True, slots=True)
class Chord:
    """What a chord symbol sounds: pitch classes (0…11, C is 0) of its root and bass, and intervals above the root."""

    root: int
    bass: int
    intervals: tuple[int, ...]

    @property
    def classes(self) -> tuple[int, ...]:
        """The pitch classes of the chord, from its root upwards."""
        return tuple((self.root + i) % 12 for i in self.intervals)

    @property
    def fifth(self) -> int:
        """The pitch class of the fifth, or what the chord has in its place."""
        return self.classes[2]


def parse_chord(symbol: str) -> Chord:
    """Read a chord symbol: a root, one of QUALITIES, and ``/`` with another bass where wanted; raises SongError."""
    found = _SYMBOL.fullmatch(symbol)
    if found is None:
        qualities = ", ".join(q for q in QUALITIES if q)
        raise SongError(f"{symbol!r} is no chord; write a root A…G with # or b, then nothing or one of {qualities}")
    root, quality, bass = found.groups()
    return Chord(_pitch_class(root), _pitch_class(bass or root), QUALITIES[quality])


def transposed_symbol(symbol: str, semitones: int, key: Key = C_MAJOR) -> str:
    """Return a chord symbol so many semitones up, its root and bass spelled as ``key`` (that of the result) does."""
    found = _SYMBOL.fullmatch(symbol)
    if found is None:
        return symbol
    root, quality, bass = found.groups()

    def moved(name: str) -> str:
        return str(spell(60 + (_pitch_class(name) + semitones) % 12, key))[:-1]

    return moved(root) + quality + (f"/{moved(bass)}" if bass else "")


def _pitch_class(name: str) -> int:
    return parse_note(f"{name}4").midi % 12
