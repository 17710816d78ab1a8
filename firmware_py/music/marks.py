"""Marks: what a performance of a song is worth, 0…100, by one formula that is written down here and nowhere else.

Not here: how agreement is measured (``agreement``), what is said of each note (``judge``), advice (``advice``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_py.music.agreement import (
    Floats,
    Frames,
    Strikes,
    best_lag_and_octave,
    credit,
    guessed_notes_credit,
    held_note_credit,
    repeats,
)
from firmware_py.music.curve import PitchCurve
from firmware_py.music.judge import BarMark, NoteMark, Verdicts, bars_of, judged
from firmware_py.music.note import Note
from firmware_py.music.notes import notes_of
from firmware_py.music.song import Song
from firmware_py.music.ultrastar import DEFAULT_BEAT_S, UltraStar, ultrastar_of

FREE_GLIDE_S: Final = 0.080
FREE_BREATH_S: Final = 0.150
FREE_FIST_S: Final = 0.300  # where a fist ends a note, which takes longer to be seen than a hand that leaves
FREE_LEAD_S: Final = 0.040
GLIDE_SHARE: Final = 0.50  # of a note: the most that each of these may take of a short one
BREATH_SHARE: Final = 0.50
LEAD_SHARE: Final = 0.25
EARLIEST_S: Final = -0.060
LATEST_S: Final = 0.150
REACTION_S: Final = 0.090
LATE_COST_PER_S: Final = 2.5
LUCK: Final = 2.5  # standard deviations: one guesser in two hundred has more of it
LONG_REST_S: Final = 0.500
REST_GRACE_S: Final = 0.250
MOST_REST_COST: Final = 10.0
MOST_HELD: Final = 0.8  # a song on one note is still worth playing
HOP_S: Final = 0.005
SIXTEENTH: Final = Fraction(1, 4)  # of a quarter note


@dataclass(frozen=True)
class Marks:
    """What a performance was worth, and why.

    total: 0…100. ultrastar: UltraStar's 10 000 points beside it. notes: one NoteMark for each wanted note, in order.
    extra: notes played that the song did not want. bars: one BarMark a bar. lag_s: how far behind the song (before it:
    below 0) the whole performance sounded, the machine's own delay included; forgiven_s: the part of it that nobody is
    charged for. octave_shift: whole octaves, forgiven.
    tempo_ratio: the player's tempo over the song's, 1.0 where no other is sure. bias_cents: sharp above 0;
    spread_cents: standard deviation around it, from note to note; NaN without notes near their pitch. unsteady_ms:
    standard deviation of the onsets, estimated from the median so that a few strays do not count; NaN with fewer than
    two. held_credit: what the best held note, or guessing with luck, would have earned, 0…1. late_cost, rest_cost:
    marks lost to the whole lag and to sounding through rests. sounding_s: seconds in which something was heard.
    """

    total: float
    ultrastar: UltraStar
    notes: tuple[NoteMark, ...]
    extra: tuple[Note, ...]
    bars: tuple[BarMark, ...]
    lag_s: float
    forgiven_s: float
    octave_shift: int
    tempo_ratio: float
    bias_cents: float
    spread_cents: float
    unsteady_ms: float
    held_credit: float
    late_cost: float
    rest_cost: float
    sounding_s: float


def marks_for_song(
    curve: PitchCurve,
    song: Song | None,
    start_s: float,
    *,
    delay_s: float = 0.0,
    played: Sequence[Note] | None = None,
    breath_s: float = FREE_BREATH_S,
) -> Marks | None:
    """Return the marks of a session, None for free play (no song).

    song: as played (tempo, transposition). start_s: its first bar line, seconds from the first frame of sound.wav.
    delay_s, played and breath_s are those of ``marks_of``.
    """
    if song is None or not song.melody:
        return None
    numbers = tuple(song.bar_number(n.onset) for n in song.melody)
    return marks_of(
        curve,
        song.melody_at(start_s),
        delay_s=delay_s,
        played=played,
        bar_numbers=numbers,
        sixteenth_s=song.seconds(SIXTEENTH),
        breath_s=breath_s,
    )


def marks_of(
    curve: PitchCurve,
    wanted: Sequence[Note],
    *,
    delay_s: float = 0.0,
    played: Sequence[Note] | None = None,
    bar_numbers: Sequence[int] | None = None,
    sixteenth_s: float = DEFAULT_BEAT_S,
    breath_s: float = FREE_BREATH_S,
) -> Marks:
    """Return the marks of a curve against the wanted notes (at least one, in order of their onsets).

    delay_s: the machine's own delay from hand to sound; a player may move ahead of it, but need not. played: the
    curve's notes, where they are already known. bar_numbers: the bar of each wanted note; without them all lie in
    bar 1. sixteenth_s: UltraStar's beat. breath_s: silence at a note's end that is free.

    The formula, in a teacher's words:

    1. The performance may be a little early or late as a whole: we look for the one delay, and the one octave, at which
       it agrees best with the song. What sounds from 60 ms early to 150 ms late costs nothing (where the machine is
       slow: its own delay and 90 ms late); each further 10 ms costs a fortieth of the marks.
    2. Each note is worth as much as it is long. What is played within 40 cents of it earns its full worth, nothing is
       earned from 90 cents on, and evenly less in between. The first 80 ms of a note are free, for the hand to arrive
       (at most half of the note); so are 150 ms of silence at its end, for the hand to leave, or 300 ms where a fist
       ends a note (at most half); and its last 40 ms (at most a quarter), for a next note that comes a trifle early.
    3. A hand that is simply held still meets every song now and then, and so does one that guesses among its notes.
       What the best held note would have earned, or a guesser with luck, whichever is more, is therefore taken off what
       was played: earned = (agreement − held) / (1 − held). Silence earns nothing and loses nothing; wrong notes lose.
       Where a held note would be most of the song, a note that repeats the one before it earns only if it was struck
       again: the sound began anew near its beginning.
    4. Sounding on through the song's long rests (half a second and more; the first quarter is free) costs up to 10.
    5. What is left, times a hundred, is the mark; never below 0, never above 100.
    """
    if not wanted:
        raise ValueError("marks need at least one wanted note; free play has none")
    durations = np.array([n.duration_s for n in wanted])
    pitches = np.array([n.pitch for n in wanted])
    held = held_note_credit(pitches, durations)
    strikes = None
    if held > MOST_HELD and (repeated := repeats(pitches)).any():
        strikes = Strikes.of(curve, wanted, repeated)
        held = held_note_credit(pitches, np.where(repeated, 0.0, durations), durations.sum())
    held = min(max(held, guessed_notes_credit(pitches, durations, LUCK)), MOST_HELD)

    lag_s, octave = best_lag_and_octave(curve, wanted, delay_s, strikes)
    frames = Frames.of(wanted, HOP_S)
    cents = frames.cents_off(curve, lag_s, octave)
    silent = np.isnan(cents)
    agreement = credit(cents)
    if strikes:
        agreement = agreement * strikes.told_apart(lag_s)[frames.note]
    earned = np.where(silent, 0.0, (agreement - held) / (1.0 - held))
    glide = frames.since_s < np.minimum(FREE_GLIDE_S, GLIDE_SHARE * durations)[frames.note]
    breath = silent & (frames.left_s < np.minimum(breath_s, BREATH_SHARE * durations)[frames.note])
    lead = frames.left_s < np.minimum(FREE_LEAD_S, LEAD_SHARE * durations)[frames.note]
    counted = ~glide & ~breath & ~lead
    share = float(_mean_of_each(earned, counted, frames.note, len(wanted)) @ durations / durations.sum())
    per_note = _mean_of_each(agreement, counted, frames.note, len(wanted))

    forgiven_s = min(max(LATEST_S, delay_s + REACTION_S), max(EARLIEST_S, lag_s))
    on_time = max(0.0, 1.0 - LATE_COST_PER_S * abs(lag_s - forgiven_s))
    rest_cost = MOST_REST_COST * _share_of_rests_sounding(curve, wanted, lag_s)
    before = 100.0 * min(1.0, max(0.0, share))
    total = min(100.0, max(0.0, before * on_time - rest_cost))

    played = notes_of(curve) if played is None else played
    verdicts: Verdicts = judged(wanted, played, per_note, bar_numbers or (1,) * len(wanted), lag_s, forgiven_s, octave)
    return Marks(
        total=round(total, 6),
        ultrastar=ultrastar_of(cents, counted, frames.note, durations, bar_numbers, sixteenth_s),
        notes=verdicts.notes,
        extra=verdicts.extra,
        bars=bars_of(verdicts.notes),
        lag_s=lag_s,
        forgiven_s=forgiven_s,
        octave_shift=octave,
        tempo_ratio=verdicts.tempo_ratio,
        bias_cents=verdicts.bias_cents,
        spread_cents=verdicts.spread_cents,
        unsteady_ms=verdicts.unsteady_ms,
        held_credit=held,
        late_cost=before * (1.0 - on_time),
        rest_cost=rest_cost,
        sounding_s=float(np.isfinite(curve.heard_pitch).sum() / curve.rate_hz),
    )


def _mean_of_each(value: Floats, counted: NDArray[np.bool_], note: NDArray[np.intp], notes: int) -> Floats:
    """Return the mean of the counted frames of each note, 0 for a note without any; shape (notes,)."""
    total = np.bincount(note[counted], weights=value[counted], minlength=notes)
    number = np.bincount(note[counted], minlength=notes)
    return np.asarray(total / np.maximum(number, 1))


def _share_of_rests_sounding(curve: PitchCurve, wanted: Sequence[Note], lag_s: float) -> float:
    """Return which part of the long rests between the notes was sounded through, 0…1; 0 where there is none."""
    heard = np.isfinite(curve.heard_pitch)
    rest_frames = sounding = 0
    until = wanted[0].end_s
    for note in wanted[1:]:
        if note.onset_s - until >= LONG_REST_S:
            first = max(0, round((until + REST_GRACE_S + lag_s) * curve.rate_hz))
            last = max(first, round((note.onset_s + EARLIEST_S + lag_s) * curve.rate_hz))
            rest_frames += last - first
            sounding += int(heard[first:last].sum())
        until = max(until, note.end_s)
    return sounding / rest_frames if rest_frames else 0.0
