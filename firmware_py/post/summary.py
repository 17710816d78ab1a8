"""What a letter tells of a session, read from session.json and report.json.

Not here: computing any of it (``music``, ``report``) or putting it into words (``wording``). Whatever is missing or
odd in those files leaves its field empty: a letter with less in it beats no letter.
"""

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from firmware_py.archive.session_folder import SessionFolder, SessionRecord
from firmware_py.errors import SessionFolderError
from firmware_py.post.address import one_line

LARGEST_REPORT_BYTES = 8_000_000


@dataclass(frozen=True)
class Summary:
    """One session in a few fields, each safe to stand in a header or a sentence.

    song is the song's identifier and title its name for people, empty in free play. language is that of the letter,
    by its code. started is in UTC, None where unknown. marks run
    from 0 to 100, None where there are none. notes counts the notes played. advice is at most three sentences.
    gaps counts the stretches in which a process was dead. bars holds the marks of each bar, 0…100, in order, None for
    one that asked for nothing; it is empty where there are none.
    """

    song: str
    title: str
    player: str
    started: datetime | None
    seconds: float
    marks: float | None
    notes: int | None
    advice: tuple[str, ...]
    gaps: int
    language: str = "en"
    bars: tuple[float | None, ...] = ()


def summarise(folder: SessionFolder) -> Summary:
    """Read what is there of a session."""
    record = _record(folder)
    report = _report(folder)
    song = record.song if record else folder.path.name.partition("_")[2] or "session"
    told = report.get("song")
    title = told.get("title") if isinstance(told, dict) else None
    free = "song" in report and told is None
    advice = report.get("advice")
    return Summary(
        song=one_line(song, 80) or "session",
        title=one_line(title, 80) if isinstance(title, str) and title.strip() else "" if free else _spoken(song),
        player=one_line(record.player, 60) if record else "",
        started=_started(record),
        seconds=record.seconds if record and math.isfinite(record.seconds) else 0.0,
        marks=_marks(report.get("marks")),
        notes=_count(report.get("notes")),
        advice=tuple(one_line(s, 300) for s in advice if isinstance(s, str))[:3] if isinstance(advice, list) else (),
        gaps=len(record.gaps) if record else 0,
        language=record.language if record else "en",
        bars=_bars(report.get("bars")),
    )


def _record(folder: SessionFolder) -> SessionRecord | None:
    try:
        return folder.record()
    except SessionFolderError:
        return None


def _report(folder: SessionFolder) -> dict[str, Any]:
    path = folder.file(SessionFolder.REPORT)
    try:
        if path.stat().st_size > LARGEST_REPORT_BYTES:
            return {}
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _started(record: SessionRecord | None) -> datetime | None:
    if record is None:
        return None
    try:
        started = datetime.fromisoformat(record.started_utc)
    except (TypeError, ValueError):
        return None
    return started.astimezone(UTC) if started.tzinfo else started.replace(tzinfo=UTC)


def _marks(found: Any) -> float | None:
    """Marks stand in an object as ``total``, among what they are made of; there are none in free play."""
    found = found.get("total") if isinstance(found, dict) else None
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        return None
    return min(max(float(found), 0.0), 100.0)


def _bars(found: Any) -> tuple[float | None, ...]:
    if not isinstance(found, list) or not all(isinstance(bar, dict) for bar in found):
        return ()
    bars = tuple(_marks({"total": bar.get("marks")}) for bar in found)
    return bars if any(marks is not None for marks in bars) else ()


def _count(found: Any) -> int | None:
    if isinstance(found, list):
        return len(found)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _spoken(song: str) -> str:
    """``ode-to-joy`` → ``Ode to joy``, for a report that names no title."""
    words = one_line(song.replace("-", " ").replace("_", " "), 80)
    return words[:1].upper() + words[1:] or "Session"
