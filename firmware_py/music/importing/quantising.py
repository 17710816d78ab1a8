"""Onsets and lengths that a sequencer or a hand gave, to written ones.

A file that a notation program made lies on the grid already, but for lengths that were shortened; one that was played
freely is put on the nearest sixteenth or triplet. Not here: notes of a player of this instrument (``report.quantise``).
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final

from firmware_py.music.song import ScoreNote

_FINEST: Final = (16, 12)  # parts of a quarter note that can be written down
_NEAR: Final = Fraction(1, 96)  # so near to the grid is on it
_SHARE_ON_GRID: Final = 0.9  # of the onsets, in a file that was written and not played
_LOOSE: Final = Fraction(9, 100)  # so far from the grid a hand may be


def on_grid(beat: Fraction) -> Fraction:
    """Return the nearest place that can be written: a sixteenth of a quarter note, or a twelfth."""
    places = [Fraction(round(beat * parts), parts) for parts in _FINEST]
    return min(places, key=lambda place: (abs(place - beat), place.denominator))


def quantised(notes: Sequence[ScoreNote]) -> tuple[tuple[ScoreNote, ...], bool]:
    """Return a melody (in order, none overlapping the next) as one would write it, and whether it was played freely."""
    near = sum(abs(on_grid(n.onset) - n.onset) <= _NEAR for n in notes)
    freely = near < _SHARE_ON_GRID * len(notes)
    onsets = _loose_onsets(notes) if freely else [on_grid(n.onset) for n in notes]
    written: list[ScoreNote] = []
    for n, note in enumerate(notes):
        if written and onsets[n] <= written[-1].onset:
            if note.duration > written[-1].duration:  # of two in one place the longer one counts
                written[-1] = replace(note, onset=written[-1].onset)
            continue
        written.append(replace(note, onset=onsets[n], duration=note.end - onsets[n]))
    for n, note in enumerate(written):
        following = written[n + 1].onset if n + 1 < len(written) else None
        written[n] = replace(note, duration=_length(note, following, freely))
    return tuple(written), freely


def _loose_onsets(notes: Sequence[ScoreNote]) -> list[Fraction]:
    beats: dict[int, list[Fraction]] = {}
    for note in notes:
        beats.setdefault(int(note.onset), []).append(note.onset)
    parts: dict[int, int] = {}
    for beat, onsets in beats.items():
        errors = {p: max(abs(Fraction(round(x * p), p) - x) for x in onsets) for p in (1, 2, 3, 4)}
        crowded = {p: len({round(x * p) for x in onsets}) < len(onsets) for p in errors}
        fitting = [p for p, error in errors.items() if error <= _LOOSE and not crowded[p]]
        parts[beat] = fitting[0] if fitting else 3 if errors[3] < errors[4] * Fraction(3, 5) else 4
    return [Fraction(round(n.onset * parts[int(n.onset)]), parts[int(n.onset)]) for n in notes]


def _length(note: ScoreNote, following: Fraction | None, freely: bool) -> Fraction:
    """Return a written length: up to the next note where only the articulation lies between."""
    end = on_grid(note.end)
    if following is not None:
        gap = following - note.end
        if gap <= 0 or (freely and gap < Fraction(1, 2)):
            return following - note.onset
        if abs(end - note.end) > _NEAR and gap * 4 <= following - note.onset:
            return following - note.onset
    if freely or abs(end - note.end) > _NEAR:
        parts = 2 if freely or note.duration >= 1 else 4
        end = Fraction(round(note.end * parts), parts)
        if end <= note.onset:
            end = note.onset + Fraction(1, 4)
    if end <= note.onset:
        end = note.onset + Fraction(1, 16)
    return (end if following is None else min(end, following)) - note.onset
