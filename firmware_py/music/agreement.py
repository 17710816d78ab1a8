"""How well a curve follows wanted notes at one delay and octave, and which delay and octave that performance has.

This is the measuring; what it is worth in marks is ``marks``' formula. Nothing here knows a session or a song file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_py.music.curve import PitchCurve
from firmware_py.music.note import Note
from firmware_py.music.notes import SHORTEST_GAP_S

FULL_CREDIT_CENTS: Final = 40.0
NO_CREDIT_CENTS: Final = 90.0
SEARCH_S: Final = (-0.45, 0.60)  # delays that are tried, the upper end behind the machine's own
SEARCH_STEP_S: Final = 0.010
SEARCH_HOP_S: Final = 0.020
STRUCK_WITHIN_S: Final = 0.250
MOST_SEARCHED: Final = 30_000  # instants: ten minutes of music, evenly out of more

Floats = NDArray[np.float64]


def credit(cents: Floats) -> Floats:
    """Return 1 up to 40 cents off, falling evenly to 0 at 90 cents; 0 in silence (NaN)."""
    worth = (NO_CREDIT_CENTS - np.abs(cents)) / (NO_CREDIT_CENTS - FULL_CREDIT_CENTS)
    return np.asarray(np.clip(np.nan_to_num(worth, nan=0.0), 0.0, 1.0))


@dataclass(frozen=True)
class Frames:
    """The wanted notes, cut into instants.

    at_s, pitch: float64, shape (n,), the instants (seconds) and the pitch wanted there. note: int, shape (n,), which
    note it belongs to. since_s, left_s: float64, shape (n,), time from the note's onset and to its end.
    """

    at_s: Floats
    pitch: Floats
    note: NDArray[np.intp]
    since_s: Floats
    left_s: Floats

    @classmethod
    def of(cls, wanted: Sequence[Note], hop_s: float) -> "Frames":
        """Cut each note into equal instants of about ``hop_s`` seconds, at least one a note."""
        counts = np.array([max(1, round(n.duration_s / hop_s)) for n in wanted], dtype=np.intp)
        note = np.repeat(np.arange(len(wanted)), counts)
        place = np.arange(len(note)) - np.repeat(np.cumsum(counts) - counts, counts)
        duration = np.array([n.duration_s for n in wanted])
        since = (place + 0.5) * (duration / counts)[note]
        onset = np.array([n.onset_s for n in wanted])
        pitch = np.array([n.pitch for n in wanted])
        return cls(onset[note] + since, pitch[note], note, since, duration[note] - since)

    def cents_off(self, curve: PitchCurve, lag_s: float, octave_shift: int) -> Floats:
        """Return by how many cents the curve is sharp (above 0) at each instant, NaN in silence, shape (n,)."""
        played = pitch_at(curve.heard_pitch, curve.rate_hz, self.at_s + lag_s)
        return (played - self.pitch - 12 * octave_shift) * 100.0


def pitch_at(pitch: Floats, rate_hz: float, at_s: Floats) -> Floats:
    """Return an evenly sampled pitch at some instants, NaN in silence and outside the curve."""
    place = np.floor(at_s * rate_hz + 1e-6).astype(np.int64)
    inside = (place >= 0) & (place < len(pitch))
    found = np.full(len(at_s), np.nan)
    found[inside] = pitch[place[inside]]
    return found


def best_lag_and_octave(
    curve: PitchCurve, wanted: Sequence[Note], delay_s: float, strikes: "Strikes | None" = None
) -> tuple[float, int]:
    """Return the delay (seconds) and the whole octaves at which the curve agrees best with the wanted notes.

    Delays are tried from 0.45 s early to 0.6 s more than ``delay_s``, the machine's own; where several serve equally
    well it is the one nearest to that. Octaves are tried around the distance between the two medians. strikes: those
    of a song whose pitches alone cannot tell one delay from another.
    """
    frames = Frames.of(wanted, SEARCH_HOP_S)
    stride = len(frames.at_s) // MOST_SEARCHED + 1
    at_s, asked = frames.at_s[::stride], frames.pitch[::stride]
    lags = (
        np.arange(round(SEARCH_S[0] / SEARCH_STEP_S), round((delay_s + SEARCH_S[1]) / SEARCH_STEP_S) + 1)
        * SEARCH_STEP_S
    )
    heard = curve.heard_pitch
    if not np.isfinite(heard).any():
        return delay_s, 0
    near = round(float(np.nanmedian(heard) - np.median(frames.pitch)) / 12.0)
    best, found = -1.0, (delay_s, 0)
    for lag in sorted(lags.tolist(), key=lambda lag: abs(lag - delay_s)):
        away = pitch_at(heard, curve.rate_hz, at_s + lag) - asked
        met = float(strikes.nearness(lag).mean()) if strikes else 0.0
        for octave in (near, near - 1, near + 1):
            agreed = float(credit((away - 12 * octave) * 100.0).mean()) + met
            if agreed > best + 1e-4:
                best, found = agreed, (lag, octave)
    return found


def held_note_credit(pitches: Floats, weights: Floats, whole: float | None = None) -> float:
    """Return what the best single held note would earn: the largest share of time within reach of one pitch, 0…1.

    pitches, weights: float64, shape (n,), MIDI numbers and what each counts. whole: what all of it counts; None: the
    sum of the weights.
    """
    grid = np.arange(pitches.min() - 1.0, pitches.max() + 1.0, 0.05)
    earned = credit((grid[:, None] - pitches[None, :]) * 100.0) @ weights
    return float(earned.max() / (weights.sum() if whole is None else whole))


def guessed_notes_credit(pitches: Floats, weights: Floats, luck: float) -> float:
    """Return what guessing would earn, 0…1: each note drawn anew from the song's own, as often as they occur in it.

    pitches, weights: as for ``held_note_credit``. luck: how many standard deviations above the mean a guesser may come;
    a short song of few pitches leaves much room for it, a long one hardly any.
    """
    weights = weights / weights.sum()
    _, which = np.unique(np.round(pitches), return_inverse=True)
    met = np.bincount(which, weights=weights)[which]  # the chance of each note to be guessed
    return float(weights @ met + luck * np.sqrt(weights**2 @ (met * np.maximum(1.0 - met, 0.0))))


def repeats(pitches: Floats) -> NDArray[np.bool_]:
    """Return which notes have the pitch of the one before, so that a hand that is held meets both; shape (n,)."""
    return np.abs(np.diff(pitches, prepend=np.inf)) * 100.0 < NO_CREDIT_CENTS


@dataclass(frozen=True)
class Strikes:
    """Which notes of a song only a new strike tells from the one before, and when the sound of a curve began anew.

    repeated: bool, shape (notes,). due_s: float64, shape (notes,), when each note begins. near_s: how far from it a
    strike still is its own: 0.25 s, or half the way from the note before. begun_s: float64, shape (n,), seconds.
    """

    repeated: NDArray[np.bool_]
    due_s: Floats
    near_s: Floats
    begun_s: Floats

    @classmethod
    def of(cls, curve: PitchCurve, wanted: Sequence[Note], repeated: NDArray[np.bool_]) -> "Strikes":
        """Find the strikes in a curve: where it sounds after a silence that parts two notes."""
        due_s = np.array([n.onset_s for n in wanted])
        sounding = np.flatnonzero(np.isfinite(curve.heard_pitch))
        silence = np.diff(sounding, prepend=-np.inf) - 1.0
        begun = sounding[silence >= SHORTEST_GAP_S * curve.rate_hz - 1e-9] / curve.rate_hz
        near_s = np.minimum(STRUCK_WITHIN_S, 0.5 * np.diff(due_s, prepend=-np.inf))
        return cls(repeated, due_s, near_s, np.concatenate(([-np.inf], begun, [np.inf])))

    def nearness(self, lag_s: float) -> Floats:
        """Return how near a strike came to each note, 1: on it, 0: too far; shape (notes,)."""
        due_s = self.due_s + lag_s
        after = np.searchsorted(self.begun_s, due_s)
        away_s = np.minimum(self.begun_s[after] - due_s, due_s - self.begun_s[after - 1])
        return np.asarray(np.clip(1.0 - away_s / self.near_s, 0.0, 1.0))

    def told_apart(self, lag_s: float) -> NDArray[np.bool_]:
        """Return which notes are another one than the note before: by their pitch, or struck; shape (notes,)."""
        return ~self.repeated | (self.nearness(lag_s) > 0.0)
