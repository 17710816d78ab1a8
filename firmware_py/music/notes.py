"""The note tracker: from the curve that a hand played to the notes that a reader would write down.

Each sounding stretch is decoded by the Viterbi algorithm over semitone states (Viterbi 1967; the figures are those of
a tracker that was tried on gliding hands): the pitch is seen with a standard deviation of half a semitone, three
times that while it glides, and a note goes on with probability 0.998 per 10 ms. Against hysteresis this finds the
note inside a glide and is not fooled by a tremble across the border between two semitones.
It works on the control curve, never on audio. Not here: comparing notes with a song (``judge``).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_py.music.curve import PitchCurve
from firmware_py.music.note import Note
from firmware_py.music.vibrato import vibrato_of

STEP_S: Final = 0.010  # the decoder looks at the mean of so much curve at a time
STAY: Final = 0.998  # probability that a note goes on for another step
SPREAD_STILL: Final = 0.5  # semitones
SPREAD_GLIDING: Final = 1.5
GLIDING: Final = 10.0  # semitones a second: faster is a glide
MOST_COST: Final = 12.0  # of one step: a single wild value cannot outweigh a whole note
SHORTEST_GAP_S: Final = 0.040  # a shorter silence is a lost frame, not an articulation
SHORTEST_NOTE_S: Final = 0.075  # a shorter one between others is part of a glide
LONGEST_PASSAGE_S: Final = 0.200  # a shorter one that never holds still is part of a glide too
STILL_S: Final = 0.040
PASSING: Final = 8.5  # semitones a second
SHORTEST_ALONE_S: Final = 0.050  # a shorter one between silences is a twitch


@dataclass(slots=True)
class _Piece:
    """A stretch of curve held by one semitone state: frames start…stop − 1; passing: only on the way to another."""

    start: int
    stop: int
    state: int
    pitch: float
    passing: bool

    @property
    def frames(self) -> int:
        return self.stop - self.start


def notes_of(curve: PitchCurve) -> tuple[Note, ...]:
    """Return the notes of a curve, in order and without overlap.

    A note begins after at least 40 ms of silence, or where a glide has passed half its way to the new pitch; it ends
    where the next one begins or silence does. Its pitch is the median of its frames (cents off are kept), its loudness
    their mean; vibrato is measured within it. Notes under 75 ms between two others, and under 200 ms if they never hold
    still, are taken for a part of the glide and go to the neighbour nearer in pitch; a sound under 50 ms between
    silences is dropped.
    """
    pitch = curve.heard_pitch
    sounding = np.isfinite(pitch)
    rate = curve.rate_hz
    notes: list[Note] = []
    for start, stop in _runs(sounding, math.ceil(SHORTEST_GAP_S * rate - 1e-9)):
        if (stop - start) / rate < SHORTEST_ALONE_S:
            continue
        stretch = _filled(pitch[start:stop], sounding[start:stop])
        pieces = _absorbed(_decoded(stretch, rate), SHORTEST_NOTE_S * rate)
        _place_borders(pieces, stretch, round(0.150 * rate))
        for piece in pieces:
            span = slice(start + piece.start, start + piece.stop)
            heard = sounding[span]
            notes.append(
                Note(
                    onset_s=(start + piece.start) / rate,
                    duration_s=piece.frames / rate,
                    pitch=float(np.median(pitch[span][heard])) if heard.any() else piece.pitch,
                    loudness=float(curve.loudness[span][heard].mean()) if heard.any() else 0.0,
                    vibrato=vibrato_of(pitch[span], rate),
                )
            )
    return tuple(notes)


def _runs(sounding: NDArray[np.bool_], shortest_gap: int) -> list[tuple[int, int]]:
    """Return the sounding stretches as (start, stop), those with a shorter gap between them joined."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], sounding, [False])).astype(np.int8)))
    runs: list[tuple[int, int]] = []
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if runs and start - runs[-1][1] < shortest_gap:
            runs[-1] = (runs[-1][0], stop)
        else:
            runs.append((start, stop))
    return runs


def _filled(pitch: NDArray[np.float64], sounding: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Carry the last pitch over lost frames; the first frame of a stretch always sounds."""
    last = np.maximum.accumulate(np.where(sounding, np.arange(len(pitch)), 0))
    return np.asarray(pitch[last])


def _decoded(pitch: NDArray[np.float64], rate_hz: float) -> list[_Piece]:
    """Return the most likely path through semitone states as pieces of equal state."""
    hop = max(1, round(STEP_S * rate_hz))
    starts = np.arange(0, len(pitch), hop)
    seen = np.add.reduceat(pitch, starts) / np.diff(np.append(starts, len(pitch)))
    lowest = math.floor(seen.min()) - 1
    states = np.arange(lowest, math.ceil(seen.max()) + 2, dtype=np.float64) + _tuning(seen)
    speed = np.abs(np.gradient(seen)) * rate_hz / hop if len(seen) > 1 else np.zeros(len(seen))
    spread = np.where(speed > GLIDING, SPREAD_GLIDING, SPREAD_STILL)[:, None]
    likely = -np.minimum(0.5 * ((seen[:, None] - states) / spread) ** 2, MOST_COST)
    path = _viterbi(likely, math.log(STAY), math.log((1 - STAY) / (len(states) - 1)))
    borders = np.flatnonzero(np.diff(path)) + 1
    firsts = [0, *starts[borders].tolist()]
    pieces = []
    for first, after, state in zip(
        firsts, [*firsts[1:], len(pitch)], path[np.append(0, borders)].tolist(), strict=True
    ):
        piece = pitch[first:after]
        pieces.append(_Piece(first, after, state, float(np.median(piece)), _is_passing(piece, rate_hz)))
    return pieces


def _is_passing(piece: NDArray[np.float64], rate_hz: float) -> bool:
    """Return whether a short piece holds still for no 40 ms, as the slow end of a wide glide does not."""
    still = max(1, round(STILL_S * rate_hz))
    if not still < len(piece) <= LONGEST_PASSAGE_S * rate_hz:
        return False
    return bool(np.abs(piece[still:] - piece[:-still]).min() > PASSING * STILL_S)


def _tuning(seen: NDArray[np.float64]) -> float:
    """Return by how much of a semitone, −0.5…0.5, the player is off as a whole; 0 where notes disagree."""
    mean = np.exp(2j * np.pi * seen).mean()
    return float(np.angle(mean) / (2 * np.pi)) if abs(mean) > 0.4 else 0.0


def _viterbi(likely: NDArray[np.float64], stay: float, change: float) -> NDArray[np.intp]:
    """Return the best path, shape (steps,), through log-likelihoods of shape (steps, states).

    Every change costs the same, so the best way into a state is to have stayed or to come from the best of all: one
    comparison per state instead of one per pair.
    """
    steps, count = likely.shape
    stayed = np.empty((steps, count), dtype=np.bool_)
    best = np.zeros(steps, dtype=np.intp)
    score = likely[0].copy()
    for t in range(1, steps):
        came_from = int(score.argmax())
        best[t] = came_from
        jump = score[came_from] + change
        score += stay
        np.greater_equal(score, jump, out=stayed[t])
        np.maximum(score, jump, out=score)
        score += likely[t]
    path = np.empty(steps, dtype=np.intp)
    state = int(score.argmax())
    for t in range(steps - 1, -1, -1):
        path[t] = state
        if t and not stayed[t, state]:
            state = int(best[t])
    return path


def _absorbed(pieces: Sequence[_Piece], shortest: float) -> list[_Piece]:
    """Give pieces shorter than ``shortest`` frames to the neighbour nearer in pitch, the shortest ones first.

    Three passes with a rising limit stand for "shortest first": each is linear, so an hour of noise takes no longer.
    """
    kept = list(pieces)
    for limit in (shortest / 4, shortest / 2, shortest):
        done: list[_Piece] = []
        waiting = list(reversed(kept))
        while waiting:
            piece = waiting.pop()
            if done and piece.state == done[-1].state:
                done[-1].stop = piece.stop
            elif (piece.frames >= limit and not piece.passing) or not (done or waiting):
                done.append(piece)
            elif done and (not waiting or abs(done[-1].pitch - piece.pitch) < abs(waiting[-1].pitch - piece.pitch)):
                done[-1].stop = piece.stop
            else:
                waiting[-1].start = piece.start
        kept = done
    return kept


def _place_borders(pieces: Sequence[_Piece], pitch: NDArray[np.float64], reach: int) -> None:
    """Move each border between two notes to where the glide passes half its way, at most ``reach`` frames."""
    for left, right in pairwise(pieces):
        border = right.start
        first = max(left.start + left.frames // 2, border - reach)
        last = min(right.stop - right.frames // 2, border + reach)
        near_left = np.abs(pitch[first:last] - left.pitch) < np.abs(pitch[first:last] - right.pitch)
        if near_left.any() and not near_left.all():
            border = first + int(np.flatnonzero(near_left)[-1]) + 1
            left.stop = right.start = border
