"""Simulated players: each plays a melody as a PitchCurve, with chosen faults, from a seed.

The hand glides to each pitch (25–60 ms until it is there), trembles a little, and withdraws for about 110 ms before
a repeated note. No camera and no sound: this is the control curve that they would end in.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from firmware_py.music.curve import PitchCurve
from firmware_py.music.note import Note

RATE_HZ = 200.0
TAIL_S = 1.0


@dataclass(frozen=True)
class Faults:
    """What a player does wrong. Times in seconds, tuning in cents; jitter is the standard deviation of each note's."""

    late_s: float = 0.0
    onset_jitter_s: float = 0.010
    cents: float = 0.0
    cents_jitter: float = 6.0
    tremble_cents: float = 4.0
    glide_s: tuple[float, float] = (0.025, 0.060)
    gap_s: float = 0.110
    missed: float = 0.0
    wrong: float = 0.0
    tempo: float = 1.0


PERFECT = Faults()


def play(melody: Sequence[Note], seed: int, faults: Faults = PERFECT, *, seconds: float | None = None) -> PitchCurve:
    """Return the curve of a player of this melody with these faults."""
    rng = np.random.default_rng(seed)
    start = melody[0].onset_s
    heard = []
    for note in melody:
        if rng.random() < faults.missed:
            continue
        onset = start + (note.onset_s - start) / faults.tempo + faults.late_s + rng.normal(0, faults.onset_jitter_s)
        pitch = note.pitch + (faults.cents + rng.normal(0, faults.cents_jitter)) / 100
        if rng.random() < faults.wrong:
            pitch += float(rng.choice([-4, -3, -2, 2, 3, 4]))
        heard.append(replace(note, onset_s=onset, duration_s=note.duration_s / faults.tempo, pitch=pitch))
    return curve_of_notes(heard, rng, faults, seconds or melody[-1].end_s + TAIL_S)


def curve_of_notes(notes: Sequence[Note], rng: np.random.Generator, faults: Faults, seconds: float) -> PitchCurve:
    """Return the curve of these notes, each held to the next one unless a rest lies between."""
    count = int(seconds * RATE_HZ)
    t = (np.arange(count) + 0.5) / RATE_HZ
    pitch = np.full(count, np.nan)
    for n, note in enumerate(notes):
        following = notes[n + 1] if n + 1 < len(notes) else None
        end = note.end_s
        if following is not None and following.onset_s - note.end_s < 0.15:
            end = following.onset_s
            if round(following.pitch) == round(note.pitch):
                end -= min(faults.gap_s, 0.4 * note.duration_s)
        span = (t >= note.onset_s) & (t < end)
        before = notes[n - 1].pitch if n and note.onset_s - notes[n - 1].end_s < 0.15 else note.pitch
        glide = rng.uniform(*faults.glide_s) / 3  # within 5 % of its way after three time constants
        way = np.exp(-(t[span] - note.onset_s) / glide)
        pitch[span] = note.pitch + (before - note.pitch) * way
    tremble = np.convolve(rng.normal(0, 1, count + 20), np.ones(21) / np.sqrt(21), mode="valid")[:count]
    pitch = pitch + tremble * faults.tremble_cents / 100
    loudness = np.where(np.isnan(pitch), 0.0, 0.7)
    return PitchCurve(RATE_HZ, pitch.astype(np.float32), pitch.astype(np.float32), loudness.astype(np.float32))


def held(melody: Sequence[Note], pitch: float) -> PitchCurve:
    """Return one pitch held from before the first note until after the last."""
    count = int((melody[-1].end_s + TAIL_S) * RATE_HZ)
    line = np.full(count, pitch, dtype=np.float32)
    return PitchCurve(RATE_HZ, line, line, np.full(count, 0.7, dtype=np.float32))


def silent(melody: Sequence[Note]) -> PitchCurve:
    """Return a curve in which nothing sounds."""
    count = int((melody[-1].end_s + TAIL_S) * RATE_HZ)
    line = np.full(count, np.nan, dtype=np.float32)
    return PitchCurve(RATE_HZ, line, line, np.zeros(count, dtype=np.float32))


def random_waving(melody: Sequence[Note], seed: int) -> PitchCurve:
    """Return a hand that wanders through the song's range and a little beyond, with no idea of it."""
    rng = np.random.default_rng(seed)
    low, high = min(n.pitch for n in melody) - 3, max(n.pitch for n in melody) + 3
    count = int((melody[-1].end_s + TAIL_S) * RATE_HZ)
    corners = np.arange(0, count + 400, rng.integers(30, 160))
    line = np.interp(np.arange(count), corners, rng.uniform(low, high, len(corners))).astype(np.float32)
    return PitchCurve(RATE_HZ, line, line, np.full(count, 0.7, dtype=np.float32))


def random_in_scale_and_rhythm(melody: Sequence[Note], seed: int) -> PitchCurve:
    """Return the song's rhythm on notes drawn at random from its own."""
    rng = np.random.default_rng(seed)
    own = sorted({n.pitch for n in melody})
    return play([replace(n, pitch=float(rng.choice(own))) for n in melody], seed)


def first_half(melody: Sequence[Note], seed: int) -> PitchCurve:
    """Return a perfect player who stops at half of the song's sounding time, be it within a note."""
    left = sum(n.duration_s for n in melody) / 2
    kept = []
    for note in melody:
        if left <= 0:
            break
        kept.append(replace(note, duration_s=min(left, note.duration_s)))
        left -= note.duration_s
    return play(kept, seed, seconds=melody[-1].end_s + TAIL_S)


def quantised(make: Callable[..., PitchCurve], *args: object) -> PitchCurve:
    """Return a player's curve as a full pull to the chromatic scale would sound it."""
    curve = make(*args)
    return replace(curve, pitch=np.round(curve.pitch))
