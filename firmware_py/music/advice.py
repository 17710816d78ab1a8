"""Advice: three sentences that follow from the figures of the marks, each by a rule that stands here.

The first says what went well or what was heard at all, the others what to work on, the costliest first.
Not here: the figures (``marks``, ``judge``), their layout on a page (``report``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from firmware_py.music.judge import RIGHT_CENTS, BarMark, Verdict
from firmware_py.music.marks import Marks

SENTENCES: Final = 3
UNHEARD_S: Final = 0.5
LOST_MARKS: Final = 5.0  # below them the song was not recognised
OFF_PITCH_CENTS: Final = 15.0
SPREAD_CENTS: Final = 35.0
UNSTEADY_MS: Final = 60.0
MISSED_SHARE: Final = 0.10
RUN_ON_CREDIT: Final = 0.5  # a note that was not begun, but sounded: the one before it went on
RUN_ON_SHARE: Final = 0.04
EXTRA_SHARE: Final = 0.20
REST_COST: Final = 3.0
RECOGNISED_SHARE: Final = 0.75
PHRASE_BARS: Final = 4
WEAK_BELOW: Final = 0.85
DRIFT_TEMPO: Final = 0.03  # from the song's tempo, in each of so many bars in a row
DRIFT_BARS: Final = 3
WEAK_OPENING: Final = 0.30


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, the name of the rule that gave it, and how much the fault weighs (more comes first)."""

    rule: str
    text: str
    weight: float = 0.0


def advice_of(marks: Marks) -> tuple[str, str, str]:
    """Return three sentences for the player, in the order in which they are to be read."""
    first, second, third = sentences_of(marks)
    return first.text, second.text, third.text


def sentences_of(marks: Marks) -> tuple[Sentence, Sentence, Sentence]:
    """Return the same three sentences with the rules that gave them."""
    faults = sorted(_faults(marks), key=lambda s: -s.weight)
    first, second, third, *_ = (_opening(marks), *faults, *_next_steps(marks))
    return first, second, third


def best_phrase(marks: Marks) -> tuple[BarMark, ...]:
    """Return the four consecutive bars that went best (all bars where there are fewer)."""
    return _phrase(marks.bars, best=True)


def weakest_phrase(marks: Marks) -> tuple[BarMark, ...]:
    """Return the four consecutive bars that need practice most."""
    return _phrase(marks.bars, best=False)


def _opening(marks: Marks) -> Sentence:
    if marks.sounding_s < UNHEARD_S:
        return Sentence("silent", "No note was heard.")
    if not _recognised(marks):
        return Sentence("lost", "The song could not be recognised in what was played.")
    right = sum(m.verdict is Verdict.RIGHT for m in marks.notes)
    if right == len(marks.notes):
        return Sentence("all-right", f"All {right} notes were right and on time.")
    if all(m.cents is not None and abs(m.cents) <= RIGHT_CENTS for m in marks.notes):
        return Sentence("all-pitches", f"All {len(marks.notes)} notes had the right pitch.")
    phrase = best_phrase(marks)
    if _credit(phrase) < WEAK_OPENING:
        return Sentence("outline", "The melody could be made out, but its notes were not met.")
    return Sentence(
        "best-phrase",
        f"{right} of {len(marks.notes)} notes were right; {_bars(phrase)} went best, {_per_cent(phrase)}.",
    )


def _faults(marks: Marks) -> Iterator[Sentence]:
    count = len(marks.notes)
    played = [m for m in marks.notes if m.verdict is not Verdict.MISSED]
    if marks.sounding_s < UNHEARD_S:
        yield Sentence(
            "silent", "Hold the open hand in view of the camera: nearer is higher, no hand is silence.", 100.0
        )
        return
    if marks.tempo_ratio != 1.0:
        off = abs(marks.tempo_ratio - 1.0) * 100.0
        how, what = ("fast", "hold back") if marks.tempo_ratio > 1.0 else ("slow", "do not wait")
        yield Sentence(
            "tempo", f"You played about {off:.0f} % too {how}: listen for the first beat of each bar and {what}.", 90.0
        )
    elif not _recognised(marks):
        yield Sentence("lost", "Follow the melody upwards and downwards first, without minding each pitch.", 80.0)
    together = marks.tempo_ratio == 1.0 and _recognised(marks)
    if together and marks.lag_s > marks.forgiven_s:
        yield Sentence(
            "late",
            f"You were {marks.lag_s * 1000:.0f} ms behind the song: move a little before each note.",
            marks.late_cost,
        )
    elif together and marks.lag_s < marks.forgiven_s:
        yield Sentence(
            "early",
            f"You were {-marks.lag_s * 1000:.0f} ms ahead of the song: let the beat come to you.",
            marks.late_cost,
        )
    run_on = sum(m.verdict is Verdict.MISSED and m.credit >= RUN_ON_CREDIT for m in marks.notes)
    if run_on > count * RUN_ON_SHARE and _recognised(marks):
        yield Sentence(
            "run-on",
            f"{run_on} repeated notes ran into the one before: take the hand away for a moment before each.",
            60.0 * run_on / count,
        )
    missed = count - len(played) - run_on
    if missed > count * MISSED_SHARE:
        yield Sentence(
            "missed", f"{missed} of {count} notes were not played: keep the hand in view.", 60.0 * missed / count
        )
    if len(marks.extra) > count * EXTRA_SHARE and _recognised(marks):
        yield Sentence(
            "extra",
            f"{len(marks.extra)} notes were too many: move straight from one note to the next.",
            20.0 * len(marks.extra) / count,
        )
    if abs(marks.bias_cents) > OFF_PITCH_CENTS and _recognised(marks):  # false for NaN too
        how, where = ("sharp", "further from") if marks.bias_cents > 0 else ("flat", "nearer to")
        yield Sentence(
            "bias",
            f"You were {abs(marks.bias_cents):.0f} cents {how} on the whole: play a little {where} the camera.",
            abs(marks.bias_cents),
        )
    if marks.spread_cents > SPREAD_CENTS and _recognised(marks):
        yield Sentence(
            "spread",
            f"The tuning varied by {marks.spread_cents:.0f} cents from note to note: wait until each note is found.",
            marks.spread_cents / 2,
        )
    if together and marks.unsteady_ms > UNSTEADY_MS:
        yield Sentence(
            "unsteady",
            f"Notes came {marks.unsteady_ms:.0f} ms around their beat: tap the beat with the other hand.",
            marks.unsteady_ms / 4,
        )
    drift, drifting = _drift(marks)
    if together and drift:
        how, what = ("faster", "wait for the beat there") if drift > 0 else ("slower", "keep going there")
        yield Sentence(
            "drift", f"In {_bars(drifting)} you were about {abs(drift) * 100:.0f} % {how}: {what}.", 600.0 * abs(drift)
        )
    if marks.octave_shift:
        octaves = f"{abs(marks.octave_shift)} octave{'s' if abs(marks.octave_shift) > 1 else ''}"
        where = "above" if marks.octave_shift > 0 else "below"
        yield Sentence("octave", f"You played {octaves} {where} the melody, which costs nothing.", 5.0)
    if marks.rest_cost > REST_COST:
        yield Sentence(
            "rests", "Take the hand away in the rests: sounding on through them cost marks.", marks.rest_cost
        )
    weakest = weakest_phrase(marks)
    if len(marks.bars) > PHRASE_BARS and _recognised(marks) and _credit(weakest) < WEAK_BELOW:
        yield Sentence(
            "weakest-phrase",
            f"Practise {_bars(weakest)}: {_per_cent(weakest)}, the least of the song.",
            40.0 * (1 - _credit(weakest)),
        )


def _drift(marks: Marks) -> tuple[float, tuple[BarMark, ...]]:
    """Return how far the tempo lay from the song's, faster above 0, and the bars in a row that all lay furthest off.

    All of them on one side: one bar in which a player finds the beat again is no drift.
    """
    least, found = DRIFT_TEMPO, (0.0, tuple[BarMark, ...]())
    for n in range(len(marks.bars) - DRIFT_BARS + 1):
        passage = marks.bars[n : n + DRIFT_BARS]
        off = [bar.tempo_ratio - 1.0 for bar in passage if bar.tempo_ratio is not None]
        if len(off) == DRIFT_BARS and max(min(off), -max(off)) > least:
            least, found = max(min(off), -max(off)), (sum(off) / len(off), passage)
    return found


def _recognised(marks: Marks) -> bool:
    """Whether the song was played at all, in its own pitch, in another or at another tempo."""
    near = sum(m.cents is not None and abs(m.cents - marks.bias_cents) < SPREAD_CENTS for m in marks.notes)
    return marks.total >= LOST_MARKS or marks.tempo_ratio != 1.0 or near >= RECOGNISED_SHARE * len(marks.notes)


def _next_steps(marks: Marks) -> Iterator[Sentence]:
    if marks.total >= 95.0:
        yield Sentence("harder", "Try it a little faster, or take a song of the next level.")
        yield Sentence("expression", "Now shape it: raise and lower the hand to make phrases louder and softer.")
    elif marks.total >= 50.0:
        yield Sentence("again", "Once more at this tempo, and it will sit.")
        yield Sentence("listen", "Sing the tune before you play it: the hand follows the ear.")
    else:
        yield Sentence("slower", "Play it at a slower tempo first, and speed up when the notes are safe.")
        yield Sentence("listen", "Sing the tune before you play it: the hand follows the ear.")


def _phrase(bars: tuple[BarMark, ...], *, best: bool) -> tuple[BarMark, ...]:
    windows = _windows(bars)
    return max(windows, key=_credit) if best else min(windows, key=_credit)


def _windows(bars: tuple[BarMark, ...]) -> list[tuple[BarMark, ...]]:
    return [bars[n : n + PHRASE_BARS] for n in range(max(1, len(bars) - PHRASE_BARS + 1))]


def _credit(phrase: tuple[BarMark, ...]) -> float:
    return sum(b.credit for b in phrase) / len(phrase)


def _bars(phrase: tuple[BarMark, ...]) -> str:
    first, last = phrase[0].number, phrase[-1].number
    return f"bar {first}" if first == last else f"bars {first}–{last}"


def _per_cent(phrase: tuple[BarMark, ...]) -> str:
    return f"{100 * _credit(phrase):.0f} % of the time on the note"
