"""Advice: three sentences that follow from the figures of the marks, each by a rule that stands here.

The first says what went well or what was heard at all, the others what to work on, the costliest first.
Not here: the figures (``marks``, ``judge``), their layout on a page (``report``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from firmware_py.languages.words import ENGLISH, Words
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


def advice_of(marks: Marks, words: Words = ENGLISH) -> tuple[str, str, str]:
    """Return three sentences for the player, in the order in which they are to be read and in the language given."""
    first, second, third = sentences_of(marks, words)
    return first.text, second.text, third.text


def sentences_of(marks: Marks, words: Words = ENGLISH) -> tuple[Sentence, Sentence, Sentence]:
    """Return the same three sentences with the rules that gave them."""
    faults = sorted(_faults(marks, words), key=lambda s: -s.weight)
    first, second, third, *_ = (_opening(marks, words), *faults, *_next_steps(marks, words))
    return first, second, third


def best_phrase(marks: Marks) -> tuple[BarMark, ...]:
    """Return the four consecutive bars that went best (all bars where there are fewer)."""
    return _phrase(marks.bars, best=True)


def weakest_phrase(marks: Marks) -> tuple[BarMark, ...]:
    """Return the four consecutive bars that need practice most."""
    return _phrase(marks.bars, best=False)


def _opening(marks: Marks, words: Words) -> Sentence:
    if marks.sounding_s < UNHEARD_S:
        return Sentence("silent", words.say("No note was heard."))
    if not _recognised(marks):
        return Sentence("lost", words.say("The song could not be recognised in what was played."))
    right = sum(m.verdict is Verdict.RIGHT for m in marks.notes)
    if right == len(marks.notes):
        return Sentence("all-right", words.say("All {notes} notes were right and on time.", notes=right))
    if all(m.cents is not None and abs(m.cents) <= RIGHT_CENTS for m in marks.notes):
        return Sentence("all-pitches", words.say("All {notes} notes had the right pitch.", notes=len(marks.notes)))
    phrase = best_phrase(marks)
    if _credit(phrase) < WEAK_OPENING:
        return Sentence("outline", words.say("The melody could be made out, but its notes were not met."))
    return Sentence(
        "best-phrase",
        words.count(
            "{n} of {notes} notes was right; {bars} went best, {percent} % of the time on the note.",
            "{n} of {notes} notes were right; {bars} went best, {percent} % of the time on the note.",
            right,
            notes=len(marks.notes),
            bars=_bars(phrase, words),
            percent=_per_cent(phrase),
        ),
    )


def _faults(marks: Marks, words: Words) -> Iterator[Sentence]:
    count = len(marks.notes)
    played = [m for m in marks.notes if m.verdict is not Verdict.MISSED]
    if marks.sounding_s < UNHEARD_S:
        yield Sentence(
            "silent",
            words.say("Hold the open hand in view of the camera: nearer is higher, no hand is silence."),
            100.0,
        )
        return
    if marks.tempo_ratio != 1.0:
        off = f"{abs(marks.tempo_ratio - 1.0) * 100.0:.0f}"
        if marks.tempo_ratio > 1.0:
            said = words.say(
                "You played about {percent} % too fast: listen for the first beat of each bar and hold back.",
                percent=off,
            )
        else:
            said = words.say(
                "You played about {percent} % too slow: listen for the first beat of each bar and do not wait.",
                percent=off,
            )
        yield Sentence("tempo", said, 90.0)
    elif not _recognised(marks):
        yield Sentence(
            "lost", words.say("Follow the melody upwards and downwards first, without minding each pitch."), 80.0
        )
    together = marks.tempo_ratio == 1.0 and _recognised(marks)
    if together and marks.lag_s > marks.forgiven_s:
        yield Sentence(
            "late",
            words.say(
                "You were {ms} ms behind the song: move a little before each note.", ms=f"{marks.lag_s * 1000:.0f}"
            ),
            marks.late_cost,
        )
    elif together and marks.lag_s < marks.forgiven_s:
        yield Sentence(
            "early",
            words.say("You were {ms} ms ahead of the song: let the beat come to you.", ms=f"{-marks.lag_s * 1000:.0f}"),
            marks.late_cost,
        )
    run_on = sum(m.verdict is Verdict.MISSED and m.credit >= RUN_ON_CREDIT for m in marks.notes)
    if run_on > count * RUN_ON_SHARE and _recognised(marks):
        yield Sentence(
            "run-on",
            words.count(
                "{n} repeated note ran into the one before: take the hand away for a moment before it.",
                "{n} repeated notes ran into the one before: take the hand away for a moment before each.",
                run_on,
            ),
            60.0 * run_on / count,
        )
    missed = count - len(played) - run_on
    if missed > count * MISSED_SHARE:
        yield Sentence(
            "missed",
            words.count(
                "{n} of {notes} notes was not played: keep the hand in view.",
                "{n} of {notes} notes were not played: keep the hand in view.",
                missed,
                notes=count,
            ),
            60.0 * missed / count,
        )
    if len(marks.extra) > count * EXTRA_SHARE and _recognised(marks):
        yield Sentence(
            "extra",
            words.count(
                "{n} note was too many: move straight from one note to the next.",
                "{n} notes were too many: move straight from one note to the next.",
                len(marks.extra),
            ),
            20.0 * len(marks.extra) / count,
        )
    if abs(marks.bias_cents) > OFF_PITCH_CENTS and _recognised(marks):  # false for NaN too
        cents = f"{abs(marks.bias_cents):.0f}"
        if marks.bias_cents > 0:
            said = words.say(
                "You were {cents} cents sharp on the whole: play a little further from the camera.", cents=cents
            )
        else:
            said = words.say(
                "You were {cents} cents flat on the whole: play a little nearer to the camera.", cents=cents
            )
        yield Sentence("bias", said, abs(marks.bias_cents))
    if marks.spread_cents > SPREAD_CENTS and _recognised(marks):
        yield Sentence(
            "spread",
            words.say(
                "The tuning varied by {cents} cents from note to note: wait until each note is found.",
                cents=f"{marks.spread_cents:.0f}",
            ),
            marks.spread_cents / 2,
        )
    if together and marks.unsteady_ms > UNSTEADY_MS:
        yield Sentence(
            "unsteady",
            words.say(
                "Notes came {ms} ms around their beat: tap the beat with the other hand.",
                ms=f"{marks.unsteady_ms:.0f}",
            ),
            marks.unsteady_ms / 4,
        )
    drift, drifting = _drift(marks)
    if together and drift:
        bars, percent = _bars(drifting, words), f"{abs(drift) * 100:.0f}"
        if drift > 0:
            said = words.say(
                "In {bars} you were about {percent} % faster: wait for the beat there.", bars=bars, percent=percent
            )
        else:
            said = words.say(
                "In {bars} you were about {percent} % slower: keep going there.", bars=bars, percent=percent
            )
        yield Sentence("drift", said, 600.0 * abs(drift))
    if marks.octave_shift:
        octaves = abs(marks.octave_shift)
        if marks.octave_shift > 0:
            said = words.count(
                "You played {n} octave above the melody, which costs nothing.",
                "You played {n} octaves above the melody, which costs nothing.",
                octaves,
            )
        else:
            said = words.count(
                "You played {n} octave below the melody, which costs nothing.",
                "You played {n} octaves below the melody, which costs nothing.",
                octaves,
            )
        yield Sentence("octave", said, 5.0)
    if marks.rest_cost > REST_COST:
        yield Sentence(
            "rests",
            words.say("Take the hand away in the rests: sounding on through them cost marks."),
            marks.rest_cost,
        )
    weakest = weakest_phrase(marks)
    if len(marks.bars) > PHRASE_BARS and _recognised(marks) and _credit(weakest) < WEAK_BELOW:
        yield Sentence(
            "weakest-phrase",
            words.say(
                "Practise {bars}: {percent} % of the time on the note, the least of the song.",
                bars=_bars(weakest, words),
                percent=_per_cent(weakest),
            ),
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


def _next_steps(marks: Marks, words: Words) -> Iterator[Sentence]:
    if marks.total >= 95.0:
        yield Sentence("harder", words.say("Try it a little faster, or take a song of the next level."))
        yield Sentence(
            "expression", words.say("Now shape it: raise and lower the hand to make phrases louder and softer.")
        )
    elif marks.total >= 50.0:
        yield Sentence("again", words.say("Once more at this tempo, and it will sit."))
    else:
        yield Sentence("slower", words.say("Play it at a slower tempo first, and speed up when the notes are safe."))
    if marks.total < 95.0:
        yield Sentence("listen", words.say("Sing the tune before you play it: the hand follows the ear."))


def _phrase(bars: tuple[BarMark, ...], *, best: bool) -> tuple[BarMark, ...]:
    windows = _windows(bars)
    return max(windows, key=_credit) if best else min(windows, key=_credit)


def _windows(bars: tuple[BarMark, ...]) -> list[tuple[BarMark, ...]]:
    return [bars[n : n + PHRASE_BARS] for n in range(max(1, len(bars) - PHRASE_BARS + 1))]


def _credit(phrase: tuple[BarMark, ...]) -> float:
    return sum(b.credit for b in phrase) / len(phrase)


def _bars(phrase: tuple[BarMark, ...], words: Words) -> str:
    first, last = phrase[0].number, phrase[-1].number
    if first == last:
        return words.say("bar {number}", number=first)
    return words.say("bars {first}–{last}", first=first, last=last)


def _per_cent(phrase: tuple[BarMark, ...]) -> str:
    return f"{100 * _credit(phrase):.0f}"
