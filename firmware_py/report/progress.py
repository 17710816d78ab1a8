"""Progress: the player's earlier marks for the same song, and a small picture of how they went on.

Only who has a name has a progress: a box in a hall must not show one visitor the marks of another. What a report once
said of earlier sessions stays in it, so that deleting those changes no page. Not here: statistics over all songs.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from firmware_py.archive.library import earlier_sessions
from firmware_py.archive.session_folder import SessionFolder, SessionRecord
from firmware_py.errors import ReportError
from firmware_py.languages.words import ENGLISH, Words
from firmware_py.music.songs_library import FREE_PLAY
from firmware_py.report.contents import EarlierLine, Report
from firmware_py.report.drawing import label, rule

MOST_EARLIER: Final = 11

_WIDTH: Final = 800.0
_HEIGHT: Final = 130.0
_LEFT: Final = 52.0
_RIGHT: Final = 60.0
_TOP: Final = 16.0
_BOTTOM: Final = 38.0
_SOFT: Final = "#6B665C"
_ACCENT: Final = "#8E2A4A"


def earlier_of(folder: SessionFolder, record: SessionRecord) -> tuple[EarlierLine, ...]:
    """Return the player's last marks for this song before this session, oldest first, at most eleven.

    They are those of ``archive.library.earlier_sessions``.
    """
    if not record.player or record.song in ("", FREE_PLAY):
        return ()
    told = _told(folder)
    if told is not None and (told.player, told.song and told.song.name) == (record.player, record.song):
        return told.earlier
    earlier = earlier_sessions(folder)[-MOST_EARLIER:]
    return tuple(EarlierLine(past.started_utc, past.marks) for past in earlier if past.marks is not None)


def progress_svg(lines: Sequence[EarlierLine], words: Words = ENGLISH) -> str:
    """Return the marks of at least two sessions, the last of them this one, as a picture 80 by 13 millimetres."""
    step = (_WIDTH - _LEFT - _RIGHT) / (len(lines) - 1)
    places = [(_LEFT + n * step, _y(line.marks)) for n, line in enumerate(lines)]
    best = max(line.marks for line in lines[:-1])
    drawing = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}">']
    for marks in (0, 100):
        drawing.append(rule(_LEFT - 12, _y(marks), _WIDTH - _RIGHT + 12, _y(marks), "#E0DACB", 1.4))
        drawing.append(label(_LEFT - 18, _y(marks) + 8, str(marks), 22, "end", _SOFT))
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    drawing.append(f'<polyline points="{line}" fill="none" stroke="{_SOFT}" stroke-width="2.6"/>')
    for x, y in places[:-1]:
        drawing.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="#FFFFFF" stroke="{_SOFT}" stroke-width="2.6"/>')
    x, y = places[-1]
    drawing.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="9" fill="{_ACCENT}"/>')
    drawing.append(label(x + 17, y + 10, f"{lines[-1].marks:.0f}", 28, "start", _ACCENT))
    first, last = _days(lines, words)
    if first != last:
        drawing.append(label(_LEFT, _HEIGHT - 4, first, 22, "start", _SOFT))
    drawing.append(label(places[-1][0] + 12, _HEIGHT - 4, last, 22, "end", _SOFT))
    if lines[-1].marks > best:
        drawing.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="14" fill="none" stroke="{_ACCENT}" stroke-width="2"/>')
    return "".join([*drawing, "</svg>"])


def _told(folder: SessionFolder) -> Report | None:
    try:
        return Report.from_json(folder.file(SessionFolder.REPORT).read_bytes())
    except (OSError, ReportError):
        return None


def _days(lines: Sequence[EarlierLine], words: Words) -> tuple[str, str]:
    """Return the first and the last day as printed, with their years where those differ; "" for a broken date."""
    days = []
    for line in (lines[0], lines[-1]):
        try:
            days.append(datetime.fromisoformat(line.started_utc).date())
        except ValueError:
            return "", ""
    first, last = days
    if first.year == last.year:
        return words.day(first), words.day(last)
    return words.date(first), words.date(last)


def _y(marks: float) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - min(max(marks, 0.0), 100.0) / 100)
