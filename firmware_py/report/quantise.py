"""Played notes, in seconds, to written notes, in beats: an eighth grid, finer only where two notes would meet.

A sixteenth grid writes a casual performance as a clutter of rests, so gaps under a beat are swallowed as well.
Not here: bars, ties and note values (``notation``). No note is ever dropped: MIDI, MusicXML and report.json
carry the same ones.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import floor
from typing import Final

from firmware_py.music.note import Note
from firmware_py.music.song import ScoreNote

EIGHTH: Final = Fraction(1, 2)
SWALLOWED: Final = Fraction(1)  # a silence shorter than this many beats is written as sound
FINEST: Final = 8  # a beat's grid is divided at most by this


def quantise(
    notes: Sequence[Note],
    *,
    start_s: float,
    tempo_bpm: float,
    melody: Sequence[ScoreNote] = (),
    end: Fraction | None = None,
) -> tuple[ScoreNote, ...]:
    """Return one written note for each played note, in the same order, none overlapping the next.

    notes: in order of onset. start_s: seconds of the first beat of bar 1, the player's own delay included; a note
    that began before it is written on it. tempo_bpm: quarter notes a minute, > 0. melody: what the song wants; a
    beat in which it has sixteenths or triplets is quantised to those. end: end of the song in beats; a last note
    that overhangs it by less than a beat ends there.
    """
    if not notes:
        return ()
    grids = _grids_of(melody)
    played = [
        (_exact((n.onset_s - start_s) * tempo_bpm / 60), _exact((n.end_s - start_s) * tempo_bpm / 60)) for n in notes
    ]
    onsets = _onsets([max(Fraction(0), onset) for onset, _ in played], grids)
    written = []
    for i, note in enumerate(notes):
        following = onsets[i + 1] if i + 1 < len(onsets) else None
        written_end = _end_of(onsets[i], played[i][1], following, end, grids)
        written.append(ScoreNote(onsets[i], written_end - onsets[i], round(note.pitch)))
    return tuple(written)


def _exact(beats: float) -> Fraction:
    return Fraction(round(beats * 4096), 4096)


def _grids_of(melody: Sequence[ScoreNote]) -> dict[int, Fraction]:
    """Return the grid of each beat in which the melody has more than eighths."""
    grids: dict[int, Fraction] = {}
    for note in melody:
        for point in (note.onset, note.onset + note.duration):
            beat = floor(point)
            if point.denominator % 3 == 0:
                grids[beat] = Fraction(1, 3)
            elif point.denominator > 2:
                grids.setdefault(beat, Fraction(1, 4))
    return grids


def _grid(point: Fraction, grids: dict[int, Fraction]) -> Fraction:
    return grids.get(floor(point), EIGHTH)


def _snap(point: Fraction, step: Fraction) -> Fraction:
    """Return the nearest multiple of step, the later one of two equally near."""
    return floor(point / step + EIGHTH) * step


def _onsets(wanted: list[Fraction], grids: dict[int, Fraction]) -> list[Fraction]:
    steps = [_grid(x, grids) for x in wanted]
    coarsest = steps[:]
    while True:
        snapped = [_snap(x, step) for x, step in zip(wanted, steps, strict=True)]
        clashing = {j for i in range(1, len(snapped)) if snapped[i] <= snapped[i - 1] for j in (i - 1, i)}
        refinable = [i for i in clashing if steps[i] * FINEST > coarsest[i]]
        if not refinable:
            break
        for i in refinable:
            steps[i] /= 2
    for i in range(1, len(snapped)):
        if snapped[i] <= snapped[i - 1]:
            snapped[i] = snapped[i - 1] + _grid(snapped[i - 1], grids) / FINEST
    return snapped


def _end_of(
    onset: Fraction,
    played_end: Fraction,
    following: Fraction | None,
    song_end: Fraction | None,
    grids: dict[int, Fraction],
) -> Fraction:
    limit = following
    if limit is None and song_end is not None and onset < song_end and played_end - song_end < SWALLOWED:
        limit = song_end
    if limit is not None and limit - played_end < SWALLOWED:
        return limit
    step = _grid(onset, grids)
    snapped = _snap(played_end, _grid(played_end, grids))
    if snapped <= onset:
        snapped = onset + step if onset % step == 0 else onset + step / FINEST
    return snapped if limit is None else min(snapped, limit)
