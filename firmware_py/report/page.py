"""The page: a report, its engraved systems and its pitch curve, laid out by typst as PDF or as a picture.

Texts go to typst as data and are never read as markup. Same data in, same bytes out: only typst's own embedded
fonts, and the session's start as the date. Not here: how a page looks (``page.typ``), what it says (``wording``).
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Final, Literal

from firmware_py.errors import ReportError
from firmware_py.report import wording
from firmware_py.report.contents import EarlierLine, Report
from firmware_py.report.engraving import System
from firmware_py.report.looks import LOOKS, legend_svg
from firmware_py.report.memory import give_memory_back
from firmware_py.report.notation import Metre
from firmware_py.report.progress import progress_svg
from firmware_py.report.roll import Row
from firmware_py.report.summary import one_line

PAPERS: Final = {"a4": 14.0, "us-letter": 16.95}  # margins in millimetres that leave 182 mm for the music

_MUSIC_MM: Final = {"a4": 100.0, "us-letter": 84.0}  # height that the first page leaves for the systems
_GAP_MM: Final = (1.2, 5.0)  # between two systems, at least and at most
_LEAST_RANKED: Final = 5_010  # the game's names for less are no way to speak to a child
_FIRST_PICTURES: Final = 9  # rows and systems: no first sheet holds more
_TITLE_PT: Final = ((28, 24.0), (48, 19.0), (90, 15.0))  # longest title, its size; beyond: 11.5
_LONGEST_WORD: Final = 22  # letters after which a line may break inside a word
_ZERO_WIDTH_SPACE: Final = "\u200b"


@dataclass(frozen=True)
class Page:
    """A page ready for typst. data: JSON. paper: one of PAPERS."""

    data: str
    paper: str


def page_of(
    report: Report,
    rows: Sequence[Row],
    systems: Sequence[System],
    *,
    paper: str = "a4",
    small_print: str = "",
    figures: Sequence[tuple[str, str]] = (),
) -> Page:
    """Return the page of a report.

    rows: the pitch curve. systems: the engraved score. paper: a4 or us-letter. small_print: how the marks are made.
    figures: names and values that stand beside the advice. Raises ReportError for another paper.
    """
    if paper not in PAPERS:
        raise ReportError(f"{paper!r} is no paper known here; there are {', '.join(PAPERS)}")
    started = _started(report)
    data = {
        "paper": paper,
        "margin_mm": PAPERS[paper],
        "lang": wording.LANGUAGE,
        "document": {
            "title": _plain(f"{report.title} · {wording.NAME}"),
            "description": _plain(one_line(report)),
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
        "footer": wording.FOOTER.format(started=f"{started:%Y-%m-%d %H:%M}"),
        "kicker": wording.NAME,
        "title": _breakable(report.title),
        "title_pt": _title_pt(report.title),
        "subtitle": _breakable(_subtitle(report)),
        "facts": [_breakable(fact) for fact in _facts(report, started)],
        "marks": _marks(report),
        "numbered": bool(report.notes and report.marks),
        "advice": [_breakable(wording.with_signs(s)) for s in report.advice],
        "figures": [[name, wording.with_signs(value)] for name, value in figures],
        "legend": _legend(report),
        "roll": [{"svg": r.svg, "width_mm": r.width_mm, "alt": wording.ROLL_FREE} for r in rows],
        "roll_title": _roll_title(report),
        "progress": _progress(report),
        "roll_note": _roll_note(report),
        "systems": [{"svg": s.svg, "width_mm": s.width_mm, "alt": f"{s.first_bar + 1}–{s.end_bar}"} for s in systems],
        "system_gap_mm": _gap_mm(systems, paper),
        "score_title": _score_title(report),
        "small_print": small_print,
    }
    return Page(json.dumps(data), paper)


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
    return _typeset(Page(json.dumps(data), page.paper), "png", ppi)


def _typeset(page: Page, form: Literal["pdf", "png"], ppi: float | None) -> bytes:
    import typst

    source = files("firmware_py.report").joinpath("page.typ").read_bytes()
    try:
        made: Any = typst.compile(
            source,
            format=form,
            ppi=ppi,
            ignore_system_fonts=True,
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


def _title_pt(title: str) -> float:
    return next((size for longest, size in _TITLE_PT if len(title) <= longest), 11.5)


def _subtitle(report: Report) -> str:
    if report.song is None:
        return ""
    return ", ".join(str(part) for part in (report.song.composer, report.song.year) if part)


def _facts(report: Report, started: datetime) -> list[str]:
    facts = [wording.PLAYER.format(player=report.player)] if report.player else []
    facts.append(f"{started.day} {wording.MONTHS[started.month - 1]} {started.year}")
    facts.append(wording.LENGTH.format(minutes=int(report.seconds) // 60, seconds=int(report.seconds) % 60))
    if report.song is not None:
        facts.append(wording.KEY.format(key=wording.with_signs(report.song.key)))
        pulse = Metre(report.song.beats_per_bar, report.song.beat_unit).pulse
        facts.append(wording.TEMPO.format(tempo=f"{report.tempo_bpm / float(pulse):.0f}"))
    if report.patch:
        facts.append(wording.PATCH.format(patch=report.patch))
    return facts


def _marks(report: Report) -> dict[str, str] | None:
    if report.marks is None:
        return None
    return {
        "number": f"{report.marks.total:.0f}",
        "of": wording.OF_HUNDRED,
        "rank": report.marks.rank if report.marks.points >= _LEAST_RANKED else "",
        "points": wording.POINTS.format(points=f"{report.marks.points:,}".replace(",", "\u2009"))
        if report.notes
        else wording.NO_MARKS_YET,
        "quiet": "" if report.notes else "yes",
    }


def _legend(report: Report) -> list[dict[str, str]]:
    if report.song is None or not report.notes:
        return []
    return [
        {"svg": legend_svg(look), "word": look.word, "count": str(report.count(verdict))}
        for verdict, look in LOOKS.items()
        if report.count(verdict)
    ]


def _gap_mm(systems: Sequence[System], paper: str) -> float:
    """Return the room between two systems: airy, but not so that they need another page."""
    if len(systems) < 2:
        return 0.0
    left = _MUSIC_MM[paper] - sum(system.height_mm for system in systems)
    return round(min(_GAP_MM[1], max(_GAP_MM[0], left / (len(systems) - 1))), 2)


def _progress(report: Report) -> dict[str, str] | None:
    """Return the picture of the player's marks over time, None for a first time."""
    if report.marks is None or not report.earlier:
        return None
    now = EarlierLine(report.started_utc, report.marks.total)
    best = now.marks > max(line.marks for line in report.earlier)
    title = wording.PROGRESS_BEST if best else wording.PROGRESS
    return {"title": title, "svg": progress_svg((*report.earlier, now))}


def _roll_title(report: Report) -> str:
    if report.song is None:
        return wording.ROLL_FREE
    return wording.ROLL_SONG if report.marks else wording.ROLL_UNMARKED


def _roll_note(report: Report) -> str:
    note = _roll_words(report)
    if any(bar.tempo_ratio is not None for bar in report.bars):
        note += wording.ROLL_TEMPO
    return note + wording.ROLL_SECOND if report.second else note


def _roll_words(report: Report) -> str:
    if report.song is None:
        return wording.ROLL_FREE_NOTE
    if not report.notes:
        return ""
    if report.marks is None:
        return wording.ROLL_PLAIN
    lag_ms = round(report.marks.forgiven_ms)
    note = wording.ROLL_LAG.format(ms=lag_ms) if lag_ms >= 5 else wording.ROLL_PLAIN
    if report.marks.octaves:
        way = wording.LOWER if report.marks.octaves > 0 else wording.HIGHER
        note += wording.ROLL_OCTAVE.format(octaves=abs(report.marks.octaves), way=way)
    return note


def _score_title(report: Report) -> str:
    if report.song is None:
        return wording.SCORE_FREE
    return wording.SCORE_SONG if report.notes else wording.SCORE_ONLY


def _plain(text: str) -> str:
    """Return a text without control characters, for the document's own title and author."""
    return "".join(c for c in text if c.isprintable())


def _breakable(text: str) -> str:
    """Return a printable text in which no word is too long for a line."""
    parts = re.split(rf"(\S{{{_LONGEST_WORD}}})(?=\S)", _plain(text))
    return "".join(part + _ZERO_WIDTH_SPACE if i % 2 else part for i, part in enumerate(parts))
