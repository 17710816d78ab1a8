"""The figures beside the advice, each a name and a value in plain words; and the marks' formula in small print.

Not here: measuring them (``music.marks``, ``music.judge``).
"""

from collections.abc import Sequence
from typing import Final

from firmware_py.languages.words import ENGLISH, Words
from firmware_py.music import agreement, judge, marks
from firmware_py.music.bars import bar_ranges
from firmware_py.report import wording
from firmware_py.report.contents import MarksLine, PlayedNote, Report

_IN_TUNE_CENTS: Final = 5.0
_ON_TIME_MS: Final = 10.0
_MOST_BARS_NAMED: Final = 4
_GOOD_BAR: Final = 80.0


def figures_of(report: Report) -> tuple[tuple[str, str], ...]:
    """Return name and value of each figure that this session has; none without notes."""
    if not report.notes and not report.second:
        return ()
    return _song_figures(report, report.marks) if report.marks else _free_figures(report)


def free_sentences(notes: Sequence[PlayedNote], words: Words = ENGLISH) -> tuple[str, ...]:
    """Return what there is to say of free play, which nobody marks; nothing without notes."""
    if not notes:
        return ()
    longest: dict[str, float] = {}
    for note in notes:
        longest[note.name] = longest.get(note.name, 0.0) + note.duration_s
    most = words.say("The note you stayed on most was {favourite}.", favourite=max(longest, key=longest.__getitem__))
    if len(longest) == 1:
        return (most,)
    what = words.say(
        "You played {notes} between {low} and {high}, {sounding} seconds of sound in all.",
        notes=words.count("{n} note", "{n} notes", len(notes)),
        low=min(notes, key=lambda n: n.pitch).name,
        high=max(notes, key=lambda n: n.pitch).name,
        sounding=f"{sum(n.duration_s for n in notes):.0f}",
    )
    return (what, most)


def no_notes_sentences(words: Words = ENGLISH, *, song: bool) -> tuple[str, str, str]:
    """Return what is said where no note was heard, with a song or without one."""
    return (
        words.say("No notes this time: the camera did not see a hand that it could follow."),
        words.say(
            "Hold an open hand in front of the camera, about an arm's length away, "
            "with a light on it rather than behind it."
        ),
        words.say("The recording and the song's melody are here all the same. Come back whenever you like.")
        if song
        else words.say("The recording is here all the same. Come back whenever you like."),
    )


def small_print() -> str:
    """Return how the marks are made, with the figures that the formula itself uses."""
    return wording.FORMULA.format(
        early=f"{-marks.EARLIEST_S * 1000:.0f}",
        late=f"{marks.LATEST_S * 1000:.0f}",
        full=f"{agreement.FULL_CREDIT_CENTS:.0f}",
        none=f"{agreement.NO_CREDIT_CENTS:.0f}",
        glide=f"{marks.FREE_GLIDE_S * 1000:.0f}",
        breath=f"{marks.FREE_BREATH_S * 1000:.0f}",
        lead=f"{marks.FREE_LEAD_S * 1000:.0f}",
        rest=f"{marks.MOST_REST_COST:.0f}",
        late_cost=f"{marks.LATE_COST_PER_S:g}",
        right=f"{judge.RIGHT_CENTS:.0f}",
        on_time=f"{judge.ON_TIME_MS:.0f}",
    )


def _song_figures(report: Report, line: MarksLine) -> tuple[tuple[str, str], ...]:
    figures = [(wording.FIGURES["right"], wording.OF.format(part=report.count("right"), whole=len(report.wanted)))]
    if line.bias_cents is not None and line.spread_cents is not None:
        figures.append((wording.FIGURES["bias"], _bias(line.bias_cents)))
        figures.append((wording.FIGURES["spread"], wording.PLUS_MINUS_CENTS.format(cents=round(line.spread_cents))))
    late = [w.late_ms for w in report.wanted if w.late_ms is not None]
    if late:
        figures.append((wording.FIGURES["timing"], _timing(sum(late) / len(late))))
    if line.unsteady_ms is not None:
        figures.append((wording.FIGURES["steady"], wording.PLUS_MINUS_MS.format(ms=round(line.unsteady_ms))))
    if line.tempo_ratio != 1.0:
        percent = abs(line.tempo_ratio - 1) * 100
        word = wording.TOO_FAST if line.tempo_ratio > 1 else wording.TOO_SLOW
        figures.append((wording.FIGURES["tempo"], word.format(percent=f"{percent:.0f}")))
    marked = _marked_bars(report)
    if len(marked) > 1:
        best = max(m for m, _ in marked)
        if best >= _GOOD_BAR:
            figures.append(
                (wording.FIGURES["best"], bar_ranges([n for m, n in marked if m >= best - 2], _MOST_BARS_NAMED))
            )
        worst = min(m for m, _ in marked)
        if worst < _GOOD_BAR:
            weakest = sorted((m, n) for m, n in marked if m <= worst + 15 and m < _GOOD_BAR)[:_MOST_BARS_NAMED]
            figures.append((wording.FIGURES["practise"], bar_ranges(sorted(n for _, n in weakest))))
    return tuple(figures)


def _free_figures(report: Report) -> tuple[tuple[str, str], ...]:
    notes = (*report.notes, *report.second)
    low = min(notes, key=lambda n: n.pitch)
    high = max(notes, key=lambda n: n.pitch)
    return (
        (wording.FIGURES["notes"], str(len(notes))),
        (wording.FIGURES["range"], low.name if low.name == high.name else f"{low.name} – {high.name}"),
        (wording.FIGURES["longest"], wording.SECONDS.format(seconds=f"{max(n.duration_s for n in notes):.1f}")),
        (wording.FIGURES["sounding"], wording.SECONDS.format(seconds=f"{sum(n.duration_s for n in notes):.0f}")),
    )


def _bias(cents: float) -> str:
    if abs(cents) < _IN_TUNE_CENTS:
        return wording.IN_TUNE
    return (wording.SHARP if cents > 0 else wording.FLAT).format(cents=round(abs(cents)))


def _timing(late_ms: float) -> str:
    if abs(late_ms) < _ON_TIME_MS:
        return wording.ON_TIME
    return (wording.LATE if late_ms > 0 else wording.EARLY).format(ms=round(abs(late_ms)))


def _marked_bars(report: Report) -> list[tuple[float, int]]:
    """Return marks and number in the song of each bar that has marks, the mean where it was played several times."""
    times: dict[int, list[float]] = {}
    for bar in report.bars:
        if bar.marks is not None:
            times.setdefault(bar.number if bar.of_song is None else bar.of_song, []).append(bar.marks)
    return [(sum(marks) / len(marks), number) for number, marks in sorted(times.items())]
