"""What a player's earlier sessions say of the way they are going: bests, streaks, and a song's marks over time.

Pure functions over plain records; where the records are kept is ``archive.index``, how they look is ``report.stats``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class PastSession:
    """One session in the figures that are worth comparing.

    name: its folder's. started_utc: ISO 8601. song: its identifier, ``free`` for none; title: its name for people.
    seconds: its length. tempo_bpm, transpose: as played. marks: 0…100 and points: 0…10 000; both None in free play, in
    a session without marks, and before its report was made. notes: how many were played; wanted, right: how many the
    song has and how many of those were right. bias_cents, spread_cents, unsteady_ms: as in report.json, None where
    there are none. end: the reason it ended with, empty while it runs; failed: whether that is a failure.
    """

    name: str
    started_utc: str
    song: str
    title: str
    player: str
    patch: str
    seconds: float
    tempo_bpm: float
    transpose: int
    marks: float | None
    points: int | None
    notes: int
    wanted: int
    right: int
    bias_cents: float | None
    spread_cents: float | None
    unsteady_ms: float | None
    end: str
    failed: bool

    @property
    def counts(self) -> bool:
        """Whether its marks may stand beside others: somebody played, and nothing failed."""
        return self.marks is not None and self.notes > 0 and not self.failed

    def day(self, zone: tzinfo | None = None) -> date:
        """Return the day it was played on; zone: where, None for where this machine stands."""
        started = datetime.fromisoformat(self.started_utc)
        return (started if started.tzinfo else started.replace(tzinfo=UTC)).astimezone(zone).date()


@dataclass(frozen=True, slots=True)
class SongProgress:
    """One song's sessions that count, oldest first (at least one), and what they come to.

    best: the highest marks, the earliest of equal ones. gained: marks that the line through all of them rises from the
    first session to the last, by the median of slopes; 0 with fewer than three.
    """

    song: str
    title: str
    sessions: tuple[PastSession, ...]
    best: PastSession
    gained: float

    @property
    def last(self) -> PastSession:
        """The newest session."""
        return self.sessions[-1]


@dataclass(frozen=True, slots=True)
class Streak:
    """Days in a row with at least one session: up to today (or yesterday, which today may still continue), and ever."""

    now: int
    longest: int


def songs_of(sessions: Iterable[PastSession]) -> tuple[SongProgress, ...]:
    """Return the progress in each song that has marks, the song played last first. sessions: oldest first."""
    by_song: dict[str, list[PastSession]] = {}
    for session in sessions:
        if session.counts:
            by_song.setdefault(session.song, []).append(session)
    found = [
        SongProgress(
            song,
            played[-1].title,
            tuple(played),
            max(played, key=lambda s: s.marks or 0.0),
            _gained([s.marks or 0.0 for s in played]),
        )
        for song, played in by_song.items()
    ]
    return tuple(sorted(found, key=lambda p: (p.last.started_utc, p.last.name), reverse=True))


def streak_of(days: Iterable[date], today: date) -> Streak:
    """Return how many days in a row were played on; days: in any order, each as often as it likes."""
    there = sorted(set(days))
    if not there:
        return Streak(0, 0)
    runs = [1]
    for before, after in pairwise(there):
        runs.append(runs[-1] + 1 if after - before == timedelta(days=1) else 1)
    return Streak(runs[-1] if timedelta(0) <= today - there[-1] <= timedelta(days=1) else 0, max(runs))


def _gained(marks: Sequence[float]) -> float:
    """Return the rise over a row of marks by the median of the slopes of all pairs (Theil and Sen)."""
    if len(marks) < 3:
        return 0.0
    marks = marks[-100:]
    slopes = sorted((b - a) / (n - m) for m, a in enumerate(marks) for n, b in enumerate(marks) if n > m)
    middle = len(slopes) // 2
    median = slopes[middle] if len(slopes) % 2 else (slopes[middle - 1] + slopes[middle]) / 2
    return median * (len(marks) - 1)
