"""The key of notes whose file names none: the one whose scale holds most of their time, decided by tonic and ending.

Not here: the key of what a hand played freely (``report.free_play``).
"""

from collections.abc import Sequence

from firmware_py.music.pitch import Key, scale_mask
from firmware_py.music.song import ScoreNote


def find_key(notes: Sequence[ScoreNote]) -> Key:
    """Return the likeliest key of a melody; C major for none."""
    weights = [0.0] * 12
    for note in notes:
        weights[note.midi % 12] += float(note.duration)
    whole = sum(weights)
    if not whole:
        return Key(0)

    def likeliness(key: Key) -> tuple[float, int]:
        scale = scale_mask("minor" if key.minor else "major", key)
        inside = sum(weight for n, weight in enumerate(weights) if scale >> n & 1)
        leading = 0.5 * weights[(key.tonic + 11) % 12] if key.minor else 0.0  # the raised seventh is a minor key's own
        chord = (0, 3, 7) if key.minor else (0, 4, 7)
        stable = sum(weights[(key.tonic + step) % 12] for step in chord)
        ends = 0.25 * whole if notes[-1].midi % 12 == key.tonic else 0.0
        return (inside + leading + 0.3 * stable + 0.2 * weights[key.tonic] + ends, -abs(key.fifths))

    # Majors of signatures −5…6, minors likewise: every tonic once.
    keys = [Key(place) for place in range(-5, 7)] + [Key(place, minor=True) for place in range(-2, 10)]
    return max(keys, key=likeliness)
