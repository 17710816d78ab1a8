"""How a player is getting on over many sessions: what is counted, and how it is told as text, JSON and CSV.

Not here: the picture (``stats_picture``), the figures of one session (``figures``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, tzinfo
from typing import Any, Final

from firmware_py.music.progress import PastSession, SongProgress, Streak, songs_of, streak_of
from firmware_py.music.weakness import PastNote, Weakness, weakest_bars, weakest_intervals, weakest_notes
from firmware_py.report.notes_csv import csv_of

RECENT: Final = 10  # sessions of a song that still tell what to practise now
EVERYBODY: Final = "Everybody"
NAMELESS: Final = "Players without a name"
_SPARKS: Final = "▁▂▃▄▅▆▇█"
_SPARKS_SHOWN: Final = 16
_FAULTS: Final = {
    "missed": "missed", "sharp": "too high", "flat": "too low", "early": "too early", "late": "too late",
}  # fmt: skip


@dataclass(frozen=True)
class Stats:
    """A player's sessions (of one song, where one was asked for), oldest first, and what they come to.

    player: None for everybody's, empty for those who gave no name. seconds: played in all. days: with a session. songs:
    those with marks, the one played last first. weak_*: what goes wrong most in the last RECENT sessions of each song.
    """

    player: str | None
    song: str | None
    sessions: tuple[PastSession, ...]
    seconds: float
    days: int
    streak: Streak
    songs: tuple[SongProgress, ...]
    weak_notes: tuple[Weakness, ...]
    weak_intervals: tuple[Weakness, ...]
    weak_bars: tuple[Weakness, ...]

    @property
    def name(self) -> str:
        """Whose they are, for people: as the player wrote it last."""
        if self.player is None:
            return EVERYBODY
        return short(self.sessions[-1].player if self.sessions else self.player) or NAMELESS


def recent(sessions: Sequence[PastSession]) -> tuple[PastSession, ...]:
    """Return the sessions whose notes tell what to practise now: the last RECENT of each song that count."""
    return tuple(session for song in songs_of(sessions) for session in song.sessions[-RECENT:])


def stats_of(
    sessions: Sequence[PastSession],
    notes: Sequence[PastNote],
    *,
    player: str | None,
    song: str | None,
    today: date,
    zone: tzinfo | None = None,
) -> Stats:
    """Return the statistics of these sessions, oldest first.

    notes: those of ``recent``. zone: where days are counted, None for where this machine stands.
    """
    days = {session.day(zone) for session in sessions}
    return Stats(
        player=player,
        song=song,
        sessions=tuple(sessions),
        seconds=round(sum(session.seconds for session in sessions), 3),
        days=len(days),
        streak=streak_of(days, today),
        songs=songs_of(sessions),
        weak_notes=weakest_notes(notes),
        weak_intervals=weakest_intervals(notes),
        weak_bars=weakest_bars(notes),
    )


def as_json(stats: Stats) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    return {
        "player": stats.player,
        "song": stats.song,
        "sessions": len(stats.sessions),
        "seconds": stats.seconds,
        "days": stats.days,
        "streak_days": stats.streak.now,
        "longest_streak_days": stats.streak.longest,
        "songs": [
            {
                "song": one.song,
                "title": one.title,
                "sessions": len(one.sessions),
                "best": _point(one.best),
                "last": _point(one.last),
                "gained": round(one.gained, 1),
                "marks": [_point(session) for session in one.sessions],
            }
            for one in stats.songs
        ],
        "weakest_notes": [asdict(weak) for weak in stats.weak_notes],
        "weakest_intervals": [asdict(weak) for weak in stats.weak_intervals],
        "weakest_bars": [asdict(weak) for weak in stats.weak_bars],
    }


def as_text(stats: Stats, *, zone: tzinfo | None = None) -> str:
    """Return what a person reads."""
    lines = [f"{stats.name}: {summary(stats)}"]
    titles = [short(one.title) for one in stats.songs]
    width = max(map(len, titles), default=0)
    for title, one in zip(titles, stats.songs, strict=True):
        best, last = one.best.marks or 0.0, one.last.marks or 0.0
        marks = [session.marks or 0.0 for session in one.sessions][-_SPARKS_SHOWN:]
        sparks = "".join(_SPARKS[min(7, int(m / 12.5))] for m in marks)
        lines.append(
            f"  {title:<{width}}  best {best:3.0f} ({one.best.day(zone).isoformat()})  last {last:3.0f}  "
            f"{counted(len(one.sessions), 'session')}  {sparks}"
        )
    for heading, weaknesses in (
        ("notes", stats.weak_notes),
        ("steps and leaps", stats.weak_intervals),
        ("bars", stats.weak_bars),
    ):
        if weaknesses:
            lines.append(f"  {heading} to practise:")
            lines += [f"    {weak_line(stats, weak)}" for weak in weaknesses]
    return "\n".join(lines)


def summary(stats: Stats) -> str:
    """Return how much was played, in one line."""
    if not stats.sessions:
        return "no sessions yet"
    parts = [
        counted(len(stats.sessions), "session"),
        f"{duration(stats.seconds)} played",
        f"on {counted(stats.days, 'day')}",
    ]
    if stats.streak.now > 1:
        parts.append(f"{stats.streak.now} days in a row")
    if stats.streak.longest > max(1, stats.streak.now):
        parts.append(f"longest streak {stats.streak.longest} days")
    return ", ".join(parts)


def weak_line(stats: Stats, weak: Weakness) -> str:
    """Return one weakness in words: what, how often right, and what is wrong with it."""
    song = next((f" of {short(one.title)}" for one in stats.songs if one.song == weak.song), "")
    if song and len(stats.songs) == 1:
        song = ""
    return f"{short(weak.what)}{song}: {weak.right} of {weak.times} right, mostly {fault_words(weak)}"


def fault_words(weak: Weakness) -> str:
    """Return what is mostly wrong, with the figure that says how much."""
    words = _FAULTS.get(weak.fault, weak.fault)
    if weak.fault in ("sharp", "flat") and weak.cents is not None and abs(weak.cents) >= 1:
        return f"{words} by {abs(weak.cents):.0f} cents"
    if weak.fault in ("early", "late") and weak.late_ms is not None and abs(weak.late_ms) >= 1:
        return f"{words} by {abs(weak.late_ms):.0f} ms"
    return words


def sessions_csv(sessions: Iterable[PastSession]) -> bytes:
    """Return a row for each session, oldest first; the columns are the fields of PastSession."""
    columns = tuple(field.name for field in fields(PastSession))
    return csv_of(columns, ([getattr(session, column) for column in columns] for session in sessions))


def practise_csv(stats: Stats) -> bytes:
    """Return a row for each note, interval and bar that goes wrong most: kind, then the fields of Weakness."""
    columns = tuple(field.name for field in fields(Weakness))
    kinds = (("note", stats.weak_notes), ("interval", stats.weak_intervals), ("bar", stats.weak_bars))
    return csv_of(
        ("kind", *columns),
        ([kind, *(getattr(weak, column) for column in columns)] for kind, weaknesses in kinds for weak in weaknesses),
    )


def duration(seconds: float) -> str:
    """Return a length of time for people: 45 s, 12 min, 3 h 05 min."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def counted(number: int, noun: str) -> str:
    """Return a number of things: 1 day, 2 days."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def short(text: str, most: int = 40) -> str:
    """Return a text on one line, without control characters, cut to so many letters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _point(session: PastSession) -> dict[str, Any]:
    return {"session": session.name, "started_utc": session.started_utc, "marks": session.marks}
