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
from firmware_py.music.songs_library import FREE_PLAY
from firmware_py.report.contents import EarlierLine, Report

MOST_EARLIER: Final = 11

_WIDTH: Final = 800.0
_HEIGHT: Final = 130.0
_LEFT: Final = 52.0
_RIGHT: Final = 60.0
_TOP: Final = 16.0
_BOTTOM: Final = 38.0
_FONT: Final = 'font-family="Libertinus Serif"'
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


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


def progress_svg(lines: Sequence[EarlierLine]) -> str:
    """Return the marks of at least two sessions, the last of them this one, as a picture 80 by 13 millimetres."""
    step = (_WIDTH - _LEFT - _RIGHT) / (len(lines) - 1)
    places = [(_LEFT + n * step, _y(line.marks)) for n, line in enumerate(lines)]
    best = max(line.marks for line in lines[:-1])
    drawing = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}">']
    for marks in (0, 100):
        drawing.append(
            f'<line x1="{_LEFT - 12:g}" y1="{_y(marks):.1f}" x2="{_WIDTH - _RIGHT + 12:g}" y2="{_y(marks):.1f}" '
            'stroke="#E0DACB" stroke-width="1.4"/>'
        )
        drawing.append(_words(_LEFT - 18, _y(marks) + 8, str(marks), "end"))
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    drawing.append(f'<polyline points="{line}" fill="none" stroke="#6B665C" stroke-width="2.6"/>')
    for x, y in places[:-1]:
        drawing.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="#FFFFFF" stroke="#6B665C" stroke-width="2.6"/>')
    x, y = places[-1]
    drawing.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="9" fill="#8E2A4A"/>')
    drawing.append(_words(x + 17, y + 10, f"{lines[-1].marks:.0f}", "start", "#8E2A4A", 28))
    if _day(lines[0]) != _day(lines[-1]):
        drawing.append(_words(_LEFT, _HEIGHT - 4, _day(lines[0]), "start"))
    drawing.append(_words(places[-1][0] + 12, _HEIGHT - 4, _day(lines[-1]), "end"))
    if lines[-1].marks > best:
        drawing.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="14" fill="none" stroke="#8E2A4A" stroke-width="2"/>')
    return "".join([*drawing, "</svg>"])


def _told(folder: SessionFolder) -> Report | None:
    try:
        return Report.from_json(folder.file(SessionFolder.REPORT).read_bytes())
    except (OSError, ReportError):
        return None


def _day(line: EarlierLine) -> str:
    try:
        day = datetime.fromisoformat(line.started_utc)
    except ValueError:
        return ""
    return f"{day.day} {_MONTHS[day.month - 1]}"


def _y(marks: float) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - min(max(marks, 0.0), 100.0) / 100)


def _words(x: float, y: float, words: str, anchor: str, colour: str = "#6B665C", size: float = 22) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}"'
    return f'<text {place} fill="{colour}" {_FONT}>{words}</text>'
