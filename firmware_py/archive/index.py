"""The index of the library: what session.json and report.json say of every session, in SQLite, to be read at once.

It holds nothing of its own. Each use compares it with the folders and reads again what changed, so nobody has to tell
it of a session made, reported, or deleted by hand; broken or of another version, it is made anew; where it cannot be
written, it lives in memory for as long as the question takes. Not here: what the figures mean (``music.progress``).
"""

import json
import math
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from firmware_py.archive.players import player_key
from firmware_py.archive.session_folder import SessionFolder
from firmware_py.errors import SessionFolderError
from firmware_py.music.passage import Passage
from firmware_py.music.progress import PastSession
from firmware_py.music.weakness import PastNote

FILE: Final = "library.sqlite"
VERSION: Final = 1
LARGEST_REPORT_BYTES: Final = 64_000_000
REST_S: Final = 1.0  # so long a rest before a note, and no interval leads to it
_BUSY_S: Final = 2.0
_SESSION_COLUMNS: Final = tuple(f.name for f in fields(PastSession))
_NOTE_COLUMNS: Final = tuple(f.name for f in fields(PastNote))
_TABLES: Final = f"""
CREATE TABLE sessions (stamp TEXT NOT NULL, who TEXT NOT NULL, {", ".join(_SESSION_COLUMNS)}, PRIMARY KEY (name));
CREATE INDEX by_player ON sessions (who, song);
CREATE TABLE notes (session TEXT NOT NULL, nth INTEGER NOT NULL, {", ".join(_NOTE_COLUMNS)},
    PRIMARY KEY (session, nth)) WITHOUT ROWID;
PRAGMA user_version = {VERSION};
"""
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild found: how many sessions and notes stand in the index, and a sentence on each broken session."""

    sessions: int
    notes: int
    broken: tuple[str, ...]


def past_sessions(state: Path, *, player: str | None = None, song: str | None = None) -> tuple[PastSession, ...]:
    """Return the sessions of a state folder, oldest first; of one player or song, where one is given.

    A player is the same in upper and lower case; the empty name is everybody who gave none.
    """
    asked = {"who": None if player is None else player_key(player), "song": song}
    where = " AND ".join(f"{column} = ?" for column, value in asked.items() if value is not None) or "1"
    query = f"SELECT {', '.join(_SESSION_COLUMNS)} FROM sessions WHERE {where} ORDER BY started_utc, name"  # noqa: S608
    values = [value for value in asked.values() if value is not None]
    return _ask(state, lambda index: tuple(_session(row) for row in index.connection.execute(query, values)))


def past_notes(state: Path, sessions: Iterable[PastSession]) -> tuple[PastNote, ...]:
    """Return every wanted note of these sessions, in their order."""
    query = f"SELECT {', '.join(_NOTE_COLUMNS)} FROM notes WHERE session = ? ORDER BY nth"  # noqa: S608
    names = [session.name for session in sessions]
    return _ask(
        state,
        lambda index: tuple(PastNote(*row) for name in names for row in index.connection.execute(query, (name,))),
    )


def rebuild(state: Path) -> Rebuilt:
    """Throw the index away and make it again from the folders. Raises SessionFolderError where it cannot be written."""
    place = state / FILE
    try:
        state.mkdir(parents=True, exist_ok=True)
        _remove(place)
        with closing(_connected(place)) as connection:
            return _Index(connection, state).count()
    except (OSError, sqlite3.Error) as error:
        raise SessionFolderError(
            f"the index {place} cannot be written ({error}); free some space or mount it writable: "
            "the sessions themselves are untouched"
        ) from error


def _ask(state: Path, question: Callable[["_Index"], _Answer]) -> _Answer:
    """Return the answer of the index as it is now; a broken file is thrown away, one that cannot be used left alone."""
    place = state / FILE
    if state.is_dir():
        for _ in range(2):
            try:
                with closing(_connected(place)) as connection:
                    return question(_Index(connection, state))
            except sqlite3.OperationalError:
                break  # read-only, full, or held by another program
            except sqlite3.DatabaseError:
                with suppress(OSError):
                    _remove(place)
    with closing(_connected(":memory:")) as connection:
        return question(_Index(connection, state))


class _Index:
    """An open index, brought up to date with the folders under ``state / sessions``."""

    def __init__(self, connection: sqlite3.Connection, state: Path) -> None:
        self.connection = connection
        self._broken: list[str] = []
        known = dict(connection.execute("SELECT name, stamp FROM sessions"))
        there = dict(_stamps(state / "sessions"))
        for name in known.keys() - there.keys():
            self._forget(name)
        for name in sorted(name for name, stamp in there.items() if known.get(name) != stamp):
            try:
                self._forget(name)
                self._read(SessionFolder(state / "sessions" / name), there[name])
            except SessionFolderError as error:
                self._broken.append(str(error))
            except (OverflowError, UnicodeError) as error:
                self._broken.append(f"{name!r} holds what no index can ({error}); mend or delete it")
        connection.commit()

    def count(self) -> Rebuilt:
        """Return what is in it."""
        sessions, notes = (
            int(self.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
            for table in ("sessions", "notes")
        )
        return Rebuilt(sessions, notes, tuple(self._broken))

    def _forget(self, name: str) -> None:
        self.connection.execute("DELETE FROM sessions WHERE name = ?", (name,))
        self.connection.execute("DELETE FROM notes WHERE session = ?", (name,))

    def _read(self, folder: SessionFolder, stamp: str) -> None:
        session, notes = read_session(folder)
        row = (stamp, player_key(session.player), *astuple(session))
        self.connection.execute(f"INSERT INTO sessions VALUES ({_marks(row)})", row)  # noqa: S608
        self.connection.executemany(
            f"INSERT INTO notes VALUES (?, ?, {_marks(_NOTE_COLUMNS)})",  # noqa: S608
            [(session.name, n, *astuple(note)) for n, note in enumerate(notes)],
        )


def read_session(folder: SessionFolder) -> tuple[PastSession, tuple[PastNote, ...]]:
    """Return what the index keeps of a session, read from its folder; without a report that can be read, no marks.

    A practised passage has none either: they say nothing beside those of a whole song. Its notes count as all others.
    Notes that the song had still to come when the session ended are left out: who stopped early did not miss them.
    Raises SessionFolderError where session.json cannot be read, or says no time.
    """
    record = folder.record()
    try:
        datetime.fromisoformat(record.started_utc)
    except ValueError as error:
        raise SessionFolderError(
            f"{folder.file(SessionFolder.RECORD)} began at {record.started_utc!r}, which is no time; "
            "write it as 2026-11-21T10:30:00Z"
        ) from error
    report = _report(folder)
    marks = _mapping(report.get("marks")) if record.passage.is_whole else {}
    seconds = _number(record.seconds) or 0.0
    notes = tuple(note for onset_s, note in _notes(report, record.song, record.passage) if onset_s < seconds)
    session = PastSession(
        name=folder.path.name,
        started_utc=record.started_utc,
        song=record.song,
        title=str(report.get("title") or record.song),
        player=record.player,
        patch=record.patch,
        seconds=seconds,
        tempo_bpm=_number(record.tempo_bpm) or 0.0,
        transpose=record.transpose,
        marks=_number(marks.get("total")),
        points=None if (points := _number(marks.get("points"))) is None else round(points),
        notes=len(_list(report.get("notes"))),
        wanted=len(_list(report.get("wanted"))),
        right=sum(note.verdict == "right" for note in notes),
        bias_cents=_number(marks.get("bias_cents")),
        spread_cents=_number(marks.get("spread_cents")),
        unsteady_ms=_number(marks.get("unsteady_ms")),
        end=record.end,
        failed=record.failed,
    )
    return session, notes


def _notes(report: dict[str, Any], song: str, practised: Passage) -> Iterator[tuple[float, PastNote]]:
    """Read the wanted notes, each with its onset and its bar in the song; what is not one is passed over."""
    before: tuple[float, int] | None = None  # end and pitch of the note before
    for found in _list(report.get("wanted")):
        with suppress(TypeError, ValueError, LookupError):
            onset_s, duration_s, pitch = float(found["onset_s"]), float(found["duration_s"]), int(found["pitch"])
            near = before is not None and onset_s - before[0] < REST_S
            note = PastNote(
                song=song,
                bar=practised.bar_of_song(int(found["bar"])),
                name=str(found["name"]),
                pitch=pitch,
                interval=pitch - before[1] if before and near else None,
                verdict=str(found["verdict"]),
                cents=_number(found["cents"]),
                late_ms=_number(found["late_ms"]),
            )
            yield onset_s, note
            before = (onset_s + duration_s, pitch)


def _report(folder: SessionFolder) -> dict[str, Any]:
    path = folder.file(SessionFolder.REPORT)
    try:
        if path.stat().st_size > LARGEST_REPORT_BYTES:
            return {}
        return _mapping(json.loads(path.read_bytes()))
    except (OSError, ValueError, RecursionError):
        return {}


def _stamps(sessions: Path) -> Iterator[tuple[str, str]]:
    """Return name and stamp of each session folder; the stamp changes with session.json or report.json."""
    with suppress(FileNotFoundError), os.scandir(sessions) as entries:
        for entry in entries:
            record, report = (_stamp(Path(entry.path) / name) for name in (SessionFolder.RECORD, SessionFolder.REPORT))
            if record:
                yield entry.name, f"{record} {report}"


def _stamp(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_ino}:{found.st_size}:{found.st_mtime_ns}"


def _connected(place: Path | str) -> sqlite3.Connection:
    connection = sqlite3.connect(place, timeout=_BUSY_S)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        if not _is_ours(connection):
            connection.execute("BEGIN IMMEDIATE")
            if not _is_ours(connection):  # another program may have made the tables while this one waited
                for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                    connection.execute(f'DROP TABLE "{table}"')
                for statement in filter(str.strip, _TABLES.split(";")):
                    connection.execute(statement)
            connection.commit()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _is_ours(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("PRAGMA user_version").fetchone()[0] == VERSION)


def _remove(place: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        place.with_name(place.name + ending).unlink(missing_ok=True)


def _session(row: tuple[Any, ...]) -> PastSession:
    return PastSession(*(*row[:-1], bool(row[-1])))  # SQLite knows no bool


def _marks(values: Iterable[object]) -> str:
    return ", ".join("?" for _ in values)


def _mapping(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def _number(found: Any) -> float | None:
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        return None
    return float(found)
