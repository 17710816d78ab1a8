"""What a page of free play needs that a song would have told: a key to write the notes in.

Not here: marks, which free play has none of.
"""

from collections.abc import Sequence
from typing import Final

from firmware_py.music.note import Note
from firmware_py.music.pitch import C_MAJOR, Key

_SIGNATURES: Final = (0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6)  # fewest signs first, sharps before flats
_STEPS: Final = (0, 2, 4, 5, 7, 9, 11)


def key_of(notes: Sequence[Note]) -> Key:
    """Return the major key whose own notes sounded longest, of equal ones that with the fewest signs.

    It only decides the signature and the spelling, so a minor key is as well served by its relative major.
    """
    held = [0.0] * 12
    for note in notes:
        held[round(note.pitch) % 12] += note.duration_s
    best, found = -1.0, C_MAJOR
    for fifths in _SIGNATURES:
        key = Key(fifths)
        inside = sum(held[(key.tonic + step) % 12] for step in _STEPS)
        if inside > best + 1e-9:
            best, found = inside, key
    return found
