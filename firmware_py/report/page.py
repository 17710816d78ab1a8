"""The page: a report, its engraved systems and its pitch curve, laid out by typst as PDF or as a picture.

Texts go to typst as data and are never read as markup. Same data in, same bytes out: typst's own embedded fonts, others
only for letters that those lack (``fonts``), and the session's start as the date. Not here: how a page looks
(``page.typ``), what it says (``wording``).
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Final, Literal

from firmware_py.errors import ReportError
from firmware_py.languages.words import ENGLISH, Words
from firmware_py.report import wording
from firmware_py.report.contents import EarlierLine, Report
from firmware_py.report.engraving import System
from firmware_py.report.fonts import folder_of_fonts, foreign_letters
from firmware_py.report.looks import LOOKS, legend_svg
from firmware_py.report.memory import give_memory_back
from firmware_py.report.progress import progress_svg
from firmware_py.report.roll import PLOT_MM, Row
from firmware_py.report.summary import one_line

PAPERS: Final = {"a4": 14.0, "us-letter": 16.95}  # margins in millimetres that leave 182 mm for the music

_TOP_MM: Final = {"a4": 13.0, "us-letter": 10.0}
_MUSIC_MM: Final = {"a4": 100.0, "us-letter": 86.0}  # height that the first page leaves for the systems
_GAP_MM: Final = (1.2, 8.0)  # between two systems, at least and at most
_FEW_SYSTEMS: Final = 6
_NO_MARKS_MM: Final = 40.0  # more than that, where no marks are explained
_PLOT_MM: Final = (17.0, 56.0)  # height of the pitch curve, at least and at most
_SHARE_OF_ROOM: Final = 0.8  # of what the score leaves
_FIRST_PICTURES: Final = 9  # rows and systems: no first sheet holds more
_TITLE_PT: Final = ((28, 24.0, 11.5), (48, 19.0, 11.5), (90, 16.0, 10.5))  # longest title; its size, its subtitle's
_LONG_TITLE_PT: Final = (13.0, 9.5)
_LONGEST_WORD: Final = 22  # letters after which a line may break inside a word
_SPACES: Final = "\u00a0\u2009\u202f"
_ZERO_WIDTH_SPACE: Final = "\u200b"


@dataclass(frozen=True)
class Page:
    """A page ready for typst. data: JSON. paper: one of PAPERS. foreign: letters that typst's own fonts lack."""

    data: str
    paper: str
    foreign: str = ""


def page_of(
    report: Report,
    rows: Sequence[Row],
    systems: Sequence[System],
    *,
    paper: str = "a4",
    small_print: str = "",
    figures: Sequence[tuple[str, str]] = (),
    words: Words = ENGLISH,
) -> Page:
    """Return the page of a report.

    rows: the pitch curve. systems: the engraved score. paper: a4 or us-letter. small_print: how the marks are made.
    figures: names and values that stand beside the advice. words: the player's language.

    Raises ReportError for another paper.
    """
    if paper not in PAPERS:
        raise ReportError(f"{paper!r} is no paper known here; there are {', '.join(PAPERS)}")
    started = _started(report)
    title = wording.title(words, report)
    title_pt, subtitle_pt = next((sizes for longest, *sizes in _TITLE_PT if len(title) <= longest), _LONG_TITLE_PT)
    data = {
        "paper": paper,
        "margin_mm": PAPERS[paper],
        "top_mm": _TOP_MM[paper],
        "lang": words.language,
        "document": {
            "title": _plain(f"{title} · {wording.NAME}"),
            "description": _plain(one_line(report, words)),
            "author": _plain(report.player) or wording.NAME,
            "date": {
                "year": started.year,
                "month": started.month,
                "day": started.day,
                "hour": started.hour,
                "minute": started.minute,
                "second": started.second,
            },
        },
        "footer": wording.footer(words, started),
        "kicker": wording.NAME,
        "title": _breakable(title),
        "title_pt": title_pt,
        "subtitle_pt": subtitle_pt,
        "subtitle": _breakable(_subtitle(report)),
        "facts": [_breakable(fact) for fact in wording.facts(words, report, started)],
        "marks": _marks(report, words),
        "numbered": bool(report.notes and report.marks),
        "advice": [_breakable(sentence) for sentence in report.advice],
        "figures": [list(figure) for figure in figures],
        "legend": _legend(report, words),
        "roll": [{"svg": r.svg, "width_mm": r.width_mm, "alt": wording.roll_title(words, report)} for r in rows],
        "roll_title": wording.roll_title(words, report),
        "progress": _progress(report, words),
        "roll_note": wording.roll_note(words, report),
        "systems": [{"svg": s.svg, "width_mm": s.width_mm, "alt": f"{s.first_bar + 1}–{s.end_bar}"} for s in systems],
        "system_gap_mm": _gap_mm(systems, paper),
        "score_title": wording.score_title(words, report),
        "small_print": small_print,
    }
    said = (title, report.player, data["subtitle"], report.patch)
    return Page(json.dumps(data), paper, foreign_letters("".join(map(str, said))))


def pdf_of(page: Page) -> bytes:
    """Return the page as PDF. Raises ReportError where typst refuses it."""
    return _typeset(page, "pdf", None)


def png_of(page: Page, ppi: float) -> bytes:
    """Return the first sheet as PNG at so many pixels an inch. Raises ReportError where typst refuses it.

    Typst draws all sheets or none, so what cannot stand on the first one is left out before.
    """
    data: dict[str, Any] = json.loads(page.data)
    rows, systems = len(data["roll"]), len(data["systems"])
    data["roll"] = data["roll"][:_FIRST_PICTURES]
    data["systems"] = data["systems"][: max(0, _FIRST_PICTURES - rows)]
    if rows + systems > _FIRST_PICTURES:
        data["small_print"] = ""
    return _typeset(replace(page, data=json.dumps(data)), "png", ppi)


def _typeset(page: Page, form: Literal["pdf", "png"], ppi: float | None) -> bytes:
    import typst

    source = files("firmware_py.report").joinpath("page.typ").read_bytes()
    try:
        with folder_of_fonts(page.foreign) as folders:
            made: Any = typst.compile(
                source,
                format=form,
                ppi=ppi,
                font_paths=typst.Fonts(include_system_fonts=False, font_paths=folders),
                sys_inputs={"data": page.data},
            )
    except RuntimeError as error:
        raise ReportError(
            f"typst could not lay out the page ({error}); notes.musicxml and notes.mid still hold the notes"
        ) from error
    give_memory_back()
    return bytes(made[0] if isinstance(made, list) else made)


def _started(report: Report) -> datetime:
    try:
        started = datetime.fromisoformat(report.started_utc)
    except ValueError:
        return datetime(2000, 1, 1, tzinfo=UTC)  # a record whose clock was broken still gets its page
    return started.astimezone(UTC) if started.tzinfo else started.replace(tzinfo=UTC)


def _subtitle(report: Report) -> str:
    if report.song is None:
        return ""
    return ", ".join(str(part) for part in (report.song.composer, report.song.year) if part)


def _marks(report: Report, words: Words) -> dict[str, str] | None:
    if report.marks is None:
        return None
    return {
        "number": f"{report.marks.total:.0f}",
        "of": wording.OF_HUNDRED,
        "rank": wording.rank(words, report.marks.rank),
        "points": wording.points(words, report),
        "quiet": "" if report.notes else "yes",
    }


def _legend(report: Report, words: Words) -> list[dict[str, str]]:
    if report.song is None or not report.notes:
        return []
    return [
        {"svg": legend_svg(look), "word": wording.verdict(words, verdict), "count": str(report.count(verdict))}
        for verdict, look in LOOKS.items()
        if report.count(verdict)
    ]


def plot_mm(systems: Sequence[System], paper: str, *, marked: bool) -> float:
    """Return how high the pitch curve may stand: higher where the score leaves room, lower where it needs it."""
    if len(systems) > _FEW_SYSTEMS:
        return PLOT_MM
    room = _MUSIC_MM.get(paper, 0.0) + (0.0 if marked else _NO_MARKS_MM)
    left = room - sum(system.height_mm + _GAP_MM[1] for system in systems)
    return min(_PLOT_MM[1], max(_PLOT_MM[0], PLOT_MM + left * _SHARE_OF_ROOM))


def _gap_mm(systems: Sequence[System], paper: str) -> float:
    """Return the room between two systems: airy, but not so that they need another page."""
    if len(systems) < 2:
        return 0.0
    left = _MUSIC_MM[paper] - sum(system.height_mm for system in systems)
    return round(min(_GAP_MM[1], max(_GAP_MM[0], left / (len(systems) - 1))), 2)


def _progress(report: Report, words: Words) -> dict[str, str] | None:
    """Return the picture of the player's marks over time, None for a first time."""
    if report.marks is None or not report.earlier:
        return None
    now = EarlierLine(report.started_utc, report.marks.total)
    best = now.marks > max(line.marks for line in report.earlier)
    return {
        "title": wording.progress_title(words, best=best),
        "svg": progress_svg((*report.earlier, now), words),
    }


def _plain(text: str) -> str:
    """Return a text without control characters; a space that does not break stays."""
    return "".join(c for c in text if c.isprintable() or c in _SPACES)


def _breakable(text: str) -> str:
    """Return a printable text in which no word is too long for a line."""
    parts = re.split(rf"(\S{{{_LONGEST_WORD}}})(?=\S)", _plain(text))
    return "".join(part + _ZERO_WIDTH_SPACE if i % 2 else part for i, part in enumerate(parts))
