"""What is said of each note: right, sharp, flat, early, late or missed, in cents and milliseconds, and of each bar.

Wanted and played notes are brought together by a global alignment (Needleman and Wunsch, 1970) that weighs pitch first
and time second, so that a player who drifts from the beat is still understood note by note.
Not here: the marks themselves (``marks``).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_py.music.note import Note
from firmware_py.music.tempo import tempo_curve, tempo_ratio

RIGHT_CENTS: Final = 40.0  # as far as the marks give a note its full worth
NEAR_CENTS: Final = 250.0  # played further off it is another note: one missed, one extra
TUNING_CENTS: Final = 150.0  # further off is a wrong note, not a matter of tuning
ON_TIME_MS: Final = 80.0
FAR_S: Final = 1.5  # a note so long before or after its time is another one
TIME_WEIGHT: Final = 0.8
ALL_BUT: Final = 0.9  # met by fewer, another tempo is tried
MORE: Final = 1.1  # times as many must then be met
FOLLOWED: Final = 0.75  # share of the notes that are met by who follows the song
OTHER_TEMPOS: Final = tuple(1.0 + sign * n / 100 for n in range(1, 11) for sign in (1, -1))  # over the song's
Floats = NDArray[np.float64]


class Verdict(StrEnum):
    """What became of a wanted note; a note both off pitch and off time is called by its pitch."""

    RIGHT = "right"
    SHARP = "sharp"
    FLAT = "flat"
    EARLY = "early"
    LATE = "late"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class NoteMark:
    """One wanted note: what was played for it (None: missed) and how near that came.

    bar: its number as engraved. credit: 0…1, how well its time was filled. cents: sharp above 0, late_ms: late above 0,
    the forgiven delay and octave taken off; both None where it was missed.
    """

    wanted: Note
    bar: int
    verdict: Verdict
    credit: float
    played: Note | None = None
    cents: float | None = None
    late_ms: float | None = None


@dataclass(frozen=True, slots=True)
class BarMark:
    """One bar: the share of its wanted time that was filled rightly, 0…1, and how many of its notes were right.

    late_ms: median of its notes, late above 0. tempo_ratio: the player's tempo over the song's around it. Both None
    where too few of its notes were played.
    """

    number: int
    credit: float
    right: int
    notes: int
    late_ms: float | None = None
    tempo_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The judgement of a whole performance; the fields are those of ``Marks``."""

    notes: tuple[NoteMark, ...]
    extra: tuple[Note, ...]
    tempo_ratio: float
    bias_cents: float
    spread_cents: float
    unsteady_ms: float


def judged(
    wanted: Sequence[Note],
    played: Sequence[Note],
    credits_: Floats,
    bar_numbers: Sequence[int],
    lag_s: float,
    forgiven_s: float,
    octave_shift: int,
) -> Verdicts:
    """Return the verdict on each wanted note.

    credits_: float64, shape (len(wanted),). lag_s: the delay of the whole performance, at which notes are looked for;
    forgiven_s: the part of it that no note is called late for.
    """
    pairs = matched(wanted, played, lag_s, octave_shift)
    if len(pairs) < ALL_BUT * len(wanted):
        pairs = _matched_at_another_tempo(wanted, played, lag_s, octave_shift, len(pairs)) or pairs
    marks = []
    for n, note in enumerate(wanted):
        m = pairs.get(n)
        if m is None:
            marks.append(NoteMark(note, bar_numbers[n], Verdict.MISSED, float(credits_[n])))
            continue
        cents = (played[m].pitch - note.pitch - 12 * octave_shift) * 100.0
        late_ms = (played[m].onset_s - note.onset_s - forgiven_s) * 1000.0
        verdict = _verdict(cents, late_ms)
        marks.append(NoteMark(note, bar_numbers[n], verdict, float(credits_[n]), played[m], cents, late_ms))
    taken = set(pairs.values())
    near = [k for k in marks if _is_near(k)]
    cents_off = np.array([k.cents for k in near])
    weights = np.array([k.wanted.duration_s for k in near])
    bias = float(np.average(cents_off, weights=weights)) if near else float("nan")
    spread = float(np.sqrt(np.average((cents_off - bias) ** 2, weights=weights))) if near else float("nan")
    late = np.array([k.late_ms for k in near])
    unsteady = 1.4826 * float(np.median(np.abs(late - np.median(late)))) if len(near) > 1 else float("nan")
    return Verdicts(
        notes=tuple(marks),
        extra=tuple(note for m, note in enumerate(played) if m not in taken),
        tempo_ratio=tempo_ratio(_onsets(near)),
        bias_cents=bias,
        spread_cents=spread,
        unsteady_ms=unsteady,
    )


def bars_of(notes: Iterable[NoteMark]) -> tuple[BarMark, ...]:
    """Return one BarMark for each bar that has notes, in order."""
    by_number: dict[int, list[NoteMark]] = {}
    for mark in notes:
        by_number.setdefault(mark.bar, []).append(mark)
    near = {number: [m for m in marks if _is_near(m)] for number, marks in by_number.items()}
    tempos = tempo_curve({number: _onsets(marks) for number, marks in near.items()})
    return tuple(
        BarMark(
            number,
            sum(m.credit * m.wanted.duration_s for m in marks) / sum(m.wanted.duration_s for m in marks),
            sum(m.verdict is Verdict.RIGHT for m in marks),
            len(marks),
            float(np.median([m.late_ms for m in near[number] if m.late_ms is not None])) if near[number] else None,
            tempos.get(number),
        )
        for number, marks in sorted(by_number.items())
    )


def matched(wanted: Sequence[Note], played: Sequence[Note], lag_s: float, octave_shift: int) -> dict[int, int]:
    """Return which played note (index) stands for which wanted one, in order, each at most once.

    Both in order of onset. Only notes within FAR_S of each other are compared, so an hour of music takes no more memory
    than its notes do.
    """
    onsets = [n.onset_s - lag_s for n in played]
    best = [0.0] * (len(played) + 1)  # best[m]: of what was found so far among the first m played notes
    chain = [-1] * (len(played) + 1)  # and the last link of the alignment that has it
    links: list[tuple[int, int, int]] = []  # wanted, played, the link before
    known = 0
    for n, note in enumerate(wanted):
        first = bisect_left(onsets, note.onset_s - FAR_S)
        last = max(first, bisect_right(onsets, note.onset_s + FAR_S))
        for m in range(known + 1, last + 1):
            best[m], chain[m] = best[known], chain[known]
        known = max(known, last)
        before, linked = best[first : last + 1], chain[first : last + 1]
        top, holder = 0.0, -1
        for m in range(first, last):
            worth = _worth(note, played[m], onsets[m], octave_shift)
            if worth is not None and before[m - first] + worth > top:
                top, holder = before[m - first] + worth, len(links)
                links.append((n, m, linked[m - first]))
            if top > best[m + 1]:
                best[m + 1], chain[m + 1] = top, holder
    pairs: dict[int, int] = {}
    link = chain[known]
    while link >= 0:
        n, m, link = links[link]
        pairs[n] = m
    return pairs


def _matched_at_another_tempo(
    wanted: Sequence[Note], played: Sequence[Note], lag_s: float, octave_shift: int, at_its_own: int
) -> dict[int, int]:
    """Return the pairs of a player who keeps another tempo, until the song is further away than FAR_S; none: of none.

    at_its_own: how many pairs there are at the song's own tempo. Most of the song must be met at another, and more of
    it, or anybody's waving would be a matter of tempo.
    """
    first_s = wanted[0].onset_s
    best: dict[int, int] = {}
    for ratio in OTHER_TEMPOS:
        there = [replace(n, onset_s=first_s + (n.onset_s - first_s) / ratio) for n in wanted]
        pairs = matched(there, played, lag_s, octave_shift)
        if len(pairs) > len(best):
            best = pairs
        if len(best) >= ALL_BUT * len(wanted):
            break
    return best if len(best) >= max(FOLLOWED * len(wanted), MORE * at_its_own) else {}


def _worth(wanted: Note, played: Note, onset_s: float, octave_shift: int) -> float | None:
    """Return what it is worth to take one note for the other; None: it is better to leave both alone."""
    cents = abs(played.pitch - wanted.pitch - 12 * octave_shift) * 100.0
    away_s = abs(onset_s - wanted.onset_s)
    if cents > NEAR_CENTS or away_s > FAR_S:
        return None
    return 2.0 - max(cents - RIGHT_CENTS, 0.0) / (NEAR_CENTS - RIGHT_CENTS) - TIME_WEIGHT * away_s / FAR_S


def _is_near(mark: NoteMark) -> bool:
    return mark.cents is not None and abs(mark.cents) <= TUNING_CENTS


def _onsets(marks: Sequence[NoteMark]) -> list[tuple[float, float]]:
    return [(m.wanted.onset_s, m.played.onset_s) for m in marks if m.played is not None]


def _verdict(cents: float, late_ms: float) -> Verdict:
    if abs(cents) > RIGHT_CENTS:
        return Verdict.SHARP if cents > 0 else Verdict.FLAT
    if abs(late_ms) > ON_TIME_MS:
        return Verdict.LATE if late_ms > 0 else Verdict.EARLY
    return Verdict.RIGHT
