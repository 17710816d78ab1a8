"""UltraStar's total, 10 000 points and a rank, for those who know it from singing games.

As there: 9 000 points are shared among the notes by their length and earned for the time on the right note, in any
octave; 1 000 are shared among the lines and earned by each line as far as it was right. Right means here the nearest
semitone (UltraStar's strictest setting); a line is two bars, as our songs have no words. Not here: our own marks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

NOTE_POINTS: Final = 9_000
LINE_POINTS: Final = 1_000
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
    note: NDArray[np.intp],
    durations_s: NDArray[np.float64],
    bar_numbers: Sequence[int] | None = None,
) -> UltraStar:
    """Return the points of a performance.

    cents: float64, shape (n,), how far off each instant was, NaN in silence. note: int, shape (n,), the wanted note of
    each instant. durations_s: float64, shape (notes,). bar_numbers: the bar of each wanted note; None is one line.
    """
    semitones = np.nan_to_num(cents / 100.0, nan=6.0)
    hit = np.abs(semitones - 12.0 * np.round(semitones / 12.0)) <= 0.5
    count = np.maximum(np.bincount(note, minlength=len(durations_s)), 1)
    share = np.bincount(note, weights=hit, minlength=len(durations_s)) / count
    notes = float(share @ durations_s / durations_s.sum())
    line = np.asarray([(n - 1) // 2 for n in bar_numbers] if bar_numbers else [0] * len(durations_s))
    lines = [float(share[line == k] @ durations_s[line == k] / durations_s[line == k].sum()) for k in np.unique(line)]
    total = round((NOTE_POINTS * notes + LINE_POINTS * sum(lines) / len(lines)) / 10) * 10
    return UltraStar(total, rank_of(total))


def rank_of(total: int) -> str:
    """Return the rank of so many points."""
    return next(rank for least, rank in RANKS if total >= least)
