"""The picture of a player's sessions: each song's marks over time, and under them what to practise; SVG and PNG.

Drawn by hand as the roll is. Not here: what is counted (``stats``).
"""

from collections.abc import Sequence
from datetime import tzinfo
from html import escape
from typing import Any, Final

from firmware_py.errors import ReportError
from firmware_py.music.progress import PastSession, SongProgress
from firmware_py.music.weakness import Weakness
from firmware_py.report.stats import Stats, counted, fault_words, short, summary

MOST_SONGS: Final = 6
MOST_POINTS: Final = 60  # sessions of a song that are drawn, the newest
_WIDTH: Final = 1000.0
_MARGIN: Final = 44.0
_GAP: Final = 40.0
_PLOT: Final = 150.0
_PANEL: Final = _PLOT + 96.0
_ROW: Final = 34.0
_PAPER, _INK, _GREY, _RULE = "#FFFDF8", "#222222", "#666666", "#DDD6C8"
_GOOD, _WEAK = "#007A5A", "#C04A00"
_FONT: Final = 'font-family="Libertinus Serif, Georgia, serif"'
_PIXELS: Final = 1600
_LONGEST: Final = 29  # letters of a title that stand beside its figures; twice as many in one column


def svg_of(stats: Stats, *, zone: tzinfo | None = None) -> bytes:
    """Return the picture as SVG, UTF-8. zone: where days are counted."""
    songs = stats.songs[:MOST_SONGS]
    parts = [
        _words(_MARGIN, 62, stats.name, 38),
        _words(_MARGIN, 92, summary(stats), 19, colour=_GREY),
    ]
    top = 124.0
    columns = 1 if len(songs) == 1 else 2
    width = (_WIDTH - 2 * _MARGIN - (columns - 1) * _GAP) / columns
    for n, song in enumerate(songs):
        left = _MARGIN + n % columns * (width + _GAP)
        parts += _panel(song, left, top + n // columns * _PANEL, width, zone)
    top += -(-len(songs) // columns) * _PANEL
    if not songs:
        parts.append(_words(_MARGIN, top + 20, "Marks come with the first song that is followed.", 19, colour=_GREY))
        top += 48
    if len(stats.songs) > len(songs):
        parts.append(
            _words(_MARGIN, top, f"and {counted(len(stats.songs) - len(songs), 'more song')}", 16, colour=_GREY)
        )
        top += 28
    lists = [
        (heading, weaknesses)
        for heading, weaknesses in (
            ("Notes to practise", stats.weak_notes),
            ("Bars to practise", stats.weak_bars)
            if len(stats.songs) == 1
            else ("Steps and leaps to practise", stats.weak_intervals),
        )
        if weaknesses
    ]
    for n, (heading, weaknesses) in enumerate(lists):
        parts += _weak(heading, weaknesses, _MARGIN + n * (_WIDTH - 2 * _MARGIN + _GAP) / 2, top)
    if lists:
        top += 44 + _ROW * max(len(weaknesses) for _, weaknesses in lists)
    height = top + 20
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {height:g}" width="{_WIDTH:g}" '
        f'height="{height:g}" role="img" aria-label="{escape(stats.name)}: {escape(summary(stats))}">'
        f'<rect width="{_WIDTH:g}" height="{height:g}" fill="{_PAPER}"/>' + "".join(parts) + "</svg>\n"
    ).encode("utf-8", "replace")


def png_of(svg: bytes) -> bytes:
    """Return the picture as PNG, 1600 pixels wide. Raises ReportError where it cannot be drawn."""
    import typst

    try:
        made: Any = typst.compile(
            b"#set page(width: 10in, height: auto, margin: 0pt)\n"
            b'#image(bytes(sys.inputs.svg), format: "svg", width: 100%)',
            format="png",
            ppi=_PIXELS / 10,
            ignore_system_fonts=True,
            sys_inputs={"svg": svg.decode()},
        )
    except RuntimeError as error:
        raise ReportError(f"the picture could not be drawn as PNG ({error}); ask for an .svg instead") from error
    return bytes(made[0] if isinstance(made, list) else made)


def _panel(song: SongProgress, left: float, top: float, width: float, zone: tzinfo | None) -> list[str]:
    """Draw one song: its title, and the marks of its sessions, 0…100, one step across for each."""
    plot, bottom = top + 40, top + 40 + _PLOT
    right = left + width
    best, last = song.best.marks or 0.0, song.last.marks or 0.0
    gain = f", {'up' if song.gained > 0 else 'down'} {abs(song.gained):.0f}" if abs(song.gained) >= 1 else ""
    parts = [
        _words(left, top + 18, short(song.title, _LONGEST if width < _WIDTH / 2 else 2 * _LONGEST), 22),
        _words(right, top + 18, f"best {best:.0f}, last {last:.0f}{gain}", 17, "end", _GREY),
    ]
    for mark in (0, 50, 100):
        y = bottom - mark / 100 * _PLOT
        parts.append(
            f'<line x1="{left + 30:.1f}" y1="{y:.1f}" x2="{right:.1f}" y2="{y:.1f}" stroke="{_RULE}" stroke-width="1"/>'
        )
        parts.append(_words(left + 22, y + 5, str(mark), 14, "end", _GREY))
    shown = song.sessions[-MOST_POINTS:]
    places = _places(shown, left + 44, right - 14, bottom)
    if len(places) > 1:
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        parts.append(f'<path d="M{path}" fill="none" stroke="{_GOOD}" stroke-width="2.5" stroke-linejoin="round"/>')
    small = len(places) > 30
    for session, (x, y) in zip(shown, places, strict=True):
        if session is song.best:
            parts.append(_star(x, y))
            beside = y - 16 if y - plot > 34 else y + 28  # not on the line of 100
            parts.append(_words(x, beside, f"{best:.0f}", 15, "middle", _GOOD))
        else:
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2.5 if small else 4.5:g}" fill="{_PAPER}" stroke="{_GOOD}" '
                'stroke-width="2"/>'
            )
    first_day, last_day = (shown[n].day(zone) for n in (0, -1))
    y = bottom + 24
    if first_day == last_day:
        parts.append(_words(left + 44, y, f"{first_day:%Y-%m-%d}, {counted(len(shown), 'session')}", 14, colour=_GREY))
    else:
        parts.append(_words(left + 44, y, f"{first_day:%Y-%m-%d}", 14, colour=_GREY))
        parts.append(_words((left + 44 + right) / 2, y, counted(len(shown), "session"), 14, "middle", _GREY))
        parts.append(_words(right, y, f"{last_day:%Y-%m-%d}", 14, "end", _GREY))
    return parts


def _places(sessions: Sequence[PastSession], left: float, right: float, bottom: float) -> list[tuple[float, float]]:
    step = (right - left) / max(1, len(sessions) - 1)
    start = left if len(sessions) > 1 else (left + right) / 2
    return [(start + n * step, bottom - (session.marks or 0.0) / 100 * _PLOT) for n, session in enumerate(sessions)]


def _weak(heading: str, weaknesses: Sequence[Weakness], left: float, top: float) -> list[str]:
    """Draw a bar for each weakness: full length all right, filled as far as it was."""
    parts = [
        _words(left, top + 18, heading, 22),
        _words(left + (_WIDTH - 2 * _MARGIN - _GAP) / 2, top + 18, "how often right, and what else", 14, "end", _GREY),
    ]
    bar, wide = left + 156, 70.0
    for n, weak in enumerate(weaknesses):
        y = top + 52 + n * _ROW
        share = weak.right / weak.times
        parts += [
            _words(left, y, short(weak.what, 22), 16),
            f'<rect x="{bar:.1f}" y="{y - 13:.1f}" width="{wide:g}" height="14" rx="3" fill="#F3D9C8"/>',
            f'<rect x="{bar:.1f}" y="{y - 13:.1f}" width="{share * wide:.1f}" height="14" rx="3" fill="{_GOOD}"/>',
            _words(bar + wide + 10, y, f"{weak.right} of {weak.times}, {fault_words(weak)}", 15, colour=_GREY),
        ]
    return parts


def _star(x: float, y: float) -> str:
    points = (
        (0, -9.5),
        (2.6, -3.2),
        (9.2, -2.9),
        (4.1, 1.5),
        (5.8, 8),
        (0, 4.3),
        (-5.8, 8),
        (-4.1, 1.5),
        (-9.2, -2.9),
        (-2.6, -3.2),
    )
    path = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in points)
    return f'<polygon points="{path}" fill="{_GOOD}" stroke="{_PAPER}" stroke-width="1.5"/>'


def _words(x: float, y: float, words: str, size: float, anchor: str = "start", colour: str = _INK) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}"'
    return f'<text {place} fill="{colour}" {_FONT}>{escape(words, quote=False)}</text>'
