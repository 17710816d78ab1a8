"""The figures beside the advice, each a name and a value in plain words; and the marks' formula in small print.

Not here: measuring them (``music.marks``, ``music.judge``).
"""

from collections.abc import Sequence
from typing import Final

from firmware_py.languages.words import ENGLISH, Words
from firmware_py.music import agreement, judge, marks, ultrastar
from firmware_py.music.bars import bar_ranges
from firmware_py.music.pitch import parse_note
from firmware_py.report.contents import MarksLine, PlayedNote, Report
from firmware_py.report.note_names import printed_note
from firmware_py.report.strips import shown
from firmware_py.report.wording import minutes

_IN_TUNE_CENTS: Final = 5.0
_ON_TIME_MS: Final = 10.0
_MOST_BARS_NAMED: Final = 4
_MOST_TIMES_NAMED: Final = 5
_GOOD_BAR: Final = 80.0
_MINUTES_FROM_S: Final = 120.0


def figures_of(report: Report, words: Words = ENGLISH) -> tuple[tuple[str, str], ...]:
    """Return name and value of each figure that this session has; none without notes."""
    if not report.notes and not report.second:
        return ()
    return _song_figures(report, report.marks, words) if report.marks else _free_figures(report, words)


def free_sentences(notes: Sequence[PlayedNote], words: Words = ENGLISH) -> tuple[str, ...]:
    """Return what there is to say of free play, which nobody marks; nothing without notes."""
    if not notes:
        return ()
    longest: dict[str, float] = {}
    for note in notes:
        longest[note.name] = longest.get(note.name, 0.0) + note.duration_s
    favourite = printed_note(words, parse_note(max(longest, key=longest.__getitem__)))
    most = words.say("The note you stayed on most was {favourite}.", favourite=favourite)
    if len(longest) == 1:
        return (most,)
    low, high = _lowest_and_highest(notes, words)
    sounding_s = sum(n.duration_s for n in notes)
    what = words.say(
        "You played {notes} between {low} and {high}, {sounding} of sound in all.",
        notes=words.count("{n} note", "{n} notes", len(notes)),
        low=low,
        high=high,
        sounding=_minutes(sounding_s, words) or words.count("{n} second", "{n} seconds", round(sounding_s)),
    )
    return (what, most)


def no_notes_sentences(words: Words = ENGLISH, *, song: bool, seen: bool = False) -> tuple[str, str, str]:
    """Return what is said where no note was heard, with a song or without one. seen: a hand was there for a moment."""
    if seen:
        why = words.say("No notes this time: a hand was there, but it never stayed long enough for a note.")
        what_to_do = words.say("Keep your hand in the picture, and hold it still for a moment where a note begins.")
    else:
        why = words.say("No notes this time: the camera did not see a hand that it could follow.")
        what_to_do = words.say(
            "Hold an open hand in front of the camera, about an arm's length away, "
            "with a light on it rather than behind it."
        )
    return (
        why,
        what_to_do,
        words.say("The recording and the song's melody are here all the same. Come back whenever you like.")
        if song
        else words.say("The recording is here all the same. Come back whenever you like."),
    )


def small_print(words: Words = ENGLISH) -> str:
    """Return how the marks are made, with the figures that the formula itself uses."""
    return " ".join(
        (
            words.say(
                "How the marks are made. The performance is laid on the song at the one delay and the one octave at "
                "which they agree best; {early} ms early to {late} ms late costs nothing, each further 10 ms "
                "{late_cost} per cent.",
                early=f"{-marks.EARLIEST_S * 1000:.0f}",
                late=f"{marks.LATEST_S * 1000:.0f}",
                late_cost=words.number(marks.LATE_COST_PER_S, 1),
            ),
            words.say(
                "A note is worth as much as it is long: all of that while it is played within {full} cents "
                "(hundredths of a semitone), nothing from {none} cents on, evenly less between.",
                full=f"{agreement.FULL_CREDIT_CENTS:.0f}",
                none=f"{agreement.NO_CREDIT_CENTS:.0f}",
            ),
            words.say(
                "Free are its first {glide} ms, for the hand to arrive (at most half of it), up to {breath} ms of "
                "silence at its end, for the hand to leave (a half), and its last {lead} ms, for a next note that "
                "comes a trifle early (a quarter).",
                glide=f"{marks.FREE_GLIDE_S * 1000:.0f}",
                breath=f"{marks.FREE_BREATH_S * 1000:.0f}",
                lead=f"{marks.FREE_LEAD_S * 1000:.0f}",
            ),
            words.say(
                "What the best single held note would have agreed, or lucky guesses among the song’s notes, is taken "
                "off: earned = (agreement − held) / (1 − held). Silence earns nothing, wrong notes lose, and sounding "
                "on through long rests costs up to {rest}. What is left, times a hundred, is the mark.",
                rest=f"{marks.MOST_REST_COST:.0f}",
            ),
            words.say(
                "A note is right within {right} cents and {on_time} ms; a bar’s marks are the share of its time that "
                "agreed. The {most} points are UltraStar’s: {notes} for sixteenths won, in any octave, {lines} for "
                "lines.",
                right=f"{judge.RIGHT_CENTS:.0f}",
                on_time=f"{judge.ON_TIME_MS:.0f}",
                most=_thousands(ultrastar.NOTE_POINTS + ultrastar.LINE_POINTS),
                notes=_thousands(ultrastar.NOTE_POINTS),
                lines=_thousands(ultrastar.LINE_POINTS),
            ),
        )
    )


def _song_figures(report: Report, line: MarksLine, words: Words) -> tuple[tuple[str, str], ...]:
    of = words.say("{part} of {whole}", part=report.count("right"), whole=len(report.wanted))
    figures = [(words.say("Notes right"), of)]
    if line.bias_cents is not None and line.spread_cents is not None:
        figures.append((words.say("Pitch, on average"), _bias(line.bias_cents, words)))
        figures.append((words.say("Pitch, spread"), words.say("± {cents} cents", cents=round(line.spread_cents))))
    late = [w.late_ms for w in report.wanted if w.late_ms is not None]
    if late:
        figures.append((words.say("Timing, on average"), _timing(sum(late) / len(late), words)))
    if line.unsteady_ms is not None:
        figures.append((words.say("From note to note"), words.say("± {ms} ms", ms=round(line.unsteady_ms))))
    if line.tempo_ratio != 1.0:
        figures.append((words.say("Tempo"), _tempo(line.tempo_ratio, words)))
    each_time = [shown(each.marks) for each in report.repetitions]
    if len(each_time) > 1:
        last = each_time if len(each_time) <= _MOST_TIMES_NAMED else each_time[1 - _MOST_TIMES_NAMED :]
        named = " · ".join(last)
        figures.append((words.say("Each time, of 100"), named if len(last) == len(each_time) else f"… {named}"))
    marked = _marked_bars(report)
    if len(marked) > 1:
        best = max(m for m, _ in marked)
        if best >= _GOOD_BAR:
            bars = bar_ranges([n for m, n in marked if m >= best - 2], _MOST_BARS_NAMED)
            figures.append((words.say("Best bars"), bars))
        worst = min(m for m, _ in marked)
        if worst < _GOOD_BAR:
            weakest = sorted((m, n) for m, n in marked if m <= worst + 15 and m < _GOOD_BAR)[:_MOST_BARS_NAMED]
            figures.append((words.say("Bars to practise"), bar_ranges(sorted(n for _, n in weakest))))
    return tuple(figures)


def _free_figures(report: Report, words: Words) -> tuple[tuple[str, str], ...]:
    notes = (*report.notes, *report.second)
    low, high = _lowest_and_highest(notes, words)
    longest = words.number(max(n.duration_s for n in notes), 1)
    sounding_s = sum(n.duration_s for n in notes)
    sounding = _minutes(sounding_s, words) or words.say("{seconds} s", seconds=words.number(sounding_s))
    return (
        (words.say("Notes"), str(len(notes))),
        (words.say("Range"), low if low == high else f"{low} – {high}"),
        (words.say("Longest note"), words.say("{seconds} s", seconds=longest)),
        (words.say("Sounding"), sounding),
    )


def _minutes(seconds: float, words: Words) -> str:
    """Return the length in minutes; nothing for what is more plainly told in seconds."""
    return minutes(words, seconds) if seconds >= _MINUTES_FROM_S else ""


def _lowest_and_highest(notes: Sequence[PlayedNote], words: Words) -> tuple[str, str]:
    low, high = min(notes, key=lambda n: n.pitch), max(notes, key=lambda n: n.pitch)
    return printed_note(words, parse_note(low.name)), printed_note(words, parse_note(high.name))


def _bias(cents: float, words: Words) -> str:
    if abs(cents) < _IN_TUNE_CENTS:
        return words.say("in tune")
    if cents > 0:
        return words.say("{cents} cents sharp", cents=round(cents))
    return words.say("{cents} cents flat", cents=round(-cents))


def _timing(late_ms: float, words: Words) -> str:
    if abs(late_ms) < _ON_TIME_MS:
        return words.say("on the beat")
    if late_ms > 0:
        return words.say("{ms} ms late", ms=round(late_ms))
    return words.say("{ms} ms early", ms=round(-late_ms))


def _tempo(ratio: float, words: Words) -> str:
    percent = f"{abs(ratio - 1) * 100:.0f}"
    if ratio > 1:
        return words.say("{percent} % too fast", percent=percent)
    return words.say("{percent} % too slow", percent=percent)


def _thousands(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _marked_bars(report: Report) -> list[tuple[float, int]]:
    """Return marks and number in the song of each bar that has marks, the mean where it was played several times."""
    times: dict[int, list[float]] = {}
    for bar in report.bars:
        if bar.marks is not None:
            times.setdefault(bar.number if bar.of_song is None else bar.of_song, []).append(bar.marks)
    return [(sum(marks) / len(marks), number) for number, marks in sorted(times.items())]
