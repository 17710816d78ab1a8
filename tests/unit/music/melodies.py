"""Melodies that nobody wrote, each of one kind from a seed: what a song may be like that is not shipped."""

from typing import Final

import numpy as np

from firmware_py.music.note import Note

MAJOR: Final = (0, 2, 4, 5, 7, 9, 11, 12, 14)
# lengths in quarter notes, distances from the lowest note in semitones, share of rests, beats a minute
KINDS: Final = {
    "pentatonic": ((0.5, 1, 1, 2), (0, 2, 4, 7, 9, 12, 14), 0.0, (60, 160)),
    "wide leaps": ((0.5, 1, 2), tuple(range(31)), 0.0, (60, 160)),
    "long rests": ((1, 2), MAJOR, 0.4, (60, 160)),
    "sixteenths": ((0.25, 0.25, 0.25, 0.5, 1), MAJOR, 0.0, (60, 90)),
    "triplets": ((1 / 3, 1 / 3, 1 / 3, 1), MAJOR, 0.0, (60, 120)),
    "six eighths": ((0.5, 1, 1.5, 0.75), MAJOR, 0.0, (60, 160)),
    "chromatic": ((0.5, 1), tuple(range(13)), 0.0, (60, 160)),
    "slow": ((1, 2, 4), MAJOR, 0.0, (40, 60)),
    "fast": ((1, 2), MAJOR, 0.0, (180, 200)),
    "mixed": ((0.25, 0.5, 1, 1.5, 3), MAJOR, 0.1, (60, 120)),
}


def melody_of(kind: str, seed: int) -> list[Note]:
    """Return 32 to 80 notes of a kind, the first two seconds after the beginning."""
    rng = np.random.default_rng((seed, list(KINDS).index(kind)))
    lengths, steps, rests, tempos = KINDS[kind]
    quarter_s = 60.0 / rng.uniform(*tempos)
    lowest = int(rng.integers(48, 66))
    notes, at_s = [], 2.0
    for _ in range(int(rng.integers(32, 81))):
        duration_s = float(rng.choice(lengths)) * quarter_s
        notes.append(Note(at_s, duration_s, float(lowest + rng.choice(steps))))
        at_s += duration_s + (quarter_s * float(rng.choice((1, 2, 4))) if rng.random() < rests else 0.0)
    return notes
