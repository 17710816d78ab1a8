"""UltraStar's total, 10 000 points and a rank, for those who know it from singing games.

By the rule of UltraStar Deluxe: a note is cut into beats, sixteenths at the song's tempo, and a beat is won or lost
whole, by one look at the pitch, in any octave. 9 000 points are shared among the beats; 1 000 among the lines, each
earned as far as its beats were, two points of them given. A beat is looked at for half of its length here, and what
is free in our own marks (the glide into a note, the breath before the next) is taken for what it leads to or follows:
a hand needs both where a voice needs neither. Right means the nearest semitone, the game's strictest setting; a line
is two bars, as our songs have no words. Not here: our own marks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

NOTE_POINTS: Final = 9_000
LINE_POINTS: Final = 1_000
LINE_GIFT: Final = 2.0  # points of a line that it may lack and still count as whole
LEAST_OF_BEAT: Final = 0.5
DEFAULT_BEAT_S: Final = 0.125  # a sixteenth at 120 beats a minute
RANKS: Final = (
    (9_010, "Ultrastar"),
    (8_510, "Superstar"),
    (7_510, "Lead Singer"),
    (6_010, "Rising Star"),
    (5_010, "Hopeful"),
    (4_010, "Wannabe"),
    (2_010, "Amateur"),
    (0, "Tone Deaf"),
)


@dataclass(frozen=True, slots=True)
class UltraStar:
    """Points, 0…10 000, a multiple of ten as the game shows them, and the rank that they give."""

    total: int
    rank: str


def ultrastar_of(
    cents: NDArray[np.float64],
    counted: NDArray[np.bool_],
    note: NDArray[np.intp],
    durations_s: NDArray[np.float64],
    bar_numbers: Sequence[int] | None = None,
    beat_s: float = DEFAULT_BEAT_S,
) -> UltraStar:
    """Return the points of a performance.

    cents: float64, shape (n,), how far off each instant was, NaN in silence. counted: bool, shape (n,), false where
    nothing is asked of it. note: int, shape (n,), the wanted note of each instant, ascending. durations_s: float64,
    shape (notes,). bar_numbers: the bar of each wanted note; None is one line. beat_s: length of a sixteenth, > 0; a
    shorter note is one beat.
    """
    semitones = np.nan_to_num(cents / 100.0, nan=6.0)
    hit = np.abs(semitones - 12.0 * np.round(semitones / 12.0)) <= 0.5
    hit = hit[_asked(counted, note)]
    beats = np.maximum(np.rint(durations_s / beat_s).astype(np.intp), 1)
    first = np.cumsum(beats) - beats
    count = np.maximum(np.bincount(note, minlength=len(durations_s)), 1)
    place = np.arange(len(note)) - (np.cumsum(count) - count)[note]
    beat = first[note] + place * beats[note] // count[note]
    instants = np.bincount(beat, minlength=int(beats.sum()))
    won = np.bincount(beat, weights=hit, minlength=len(instants)) >= LEAST_OF_BEAT * np.maximum(instants, 1)
    points = np.bincount(np.repeat(np.arange(len(beats)), beats), weights=won) * NOTE_POINTS / len(won)
    most = beats * NOTE_POINTS / len(won)
    line = np.asarray([(n - 1) // 2 for n in bar_numbers] if bar_numbers else [0] * len(durations_s))
    lines = [_perfection(float(points[line == k].sum()), float(most[line == k].sum())) for k in np.unique(line)]
    total = round((float(points.sum()) + LINE_POINTS * sum(lines) / len(lines)) / 10) * 10
    return UltraStar(total, rank_of(total))


def rank_of(total: int) -> str:
    """Return the rank of so many points."""
    return next(rank for least, rank in RANKS if total >= least)


def _asked(counted: NDArray[np.bool_], note: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return for each instant the counted one that stands for it: the last of its note so far, or else the first."""
    places = np.arange(len(note))
    before = np.maximum.accumulate(np.where(counted, places, -1))
    after = np.minimum.accumulate(np.where(counted, places, len(note))[::-1])[::-1]
    owner = np.append(note, -1)  # of the place before the first and after the last: no note
    found = np.where(owner[before] == note, before, after)
    return np.where(owner[found] == note, found, places)


def _perfection(points: float, most: float) -> float:
    """Return which part of its bonus a line earns, 0…1."""
    return min(1.0, points / (most - LINE_GIFT)) if most > LINE_GIFT else 1.0
