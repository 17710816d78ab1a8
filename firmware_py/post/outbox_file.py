"""The outbox's database file: its schema, and how a damaged one is set aside and filled again.

Cut in half, zeroed pages, a stranger's schema: the file goes into a folder of its own with a note, what can still be
read of it and the receipts in the session folders make a new one, and the post goes on. Not here: what the rows mean
(``outbox``).
"""

import fcntl
import logging
import os
import sqlite3
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from firmware_py.errors import MailRefusedError
from firmware_py.post.address import checked
from firmware_py.post.queued_letter import LetterId, LetterState, QueuedLetter
from firmware_py.post.receipt import receipts

log: Final = logging.getLogger(__name__)

DATABASE: Final = "letters.sqlite"
NOTE: Final = "NOTE.txt"
_LOCK: Final = ".opening"

_LETTERS: Final = """
CREATE TABLE IF NOT EXISTS letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session TEXT NOT NULL UNIQUE,
    recipient TEXT NOT NULL,
    message_id TEXT NOT NULL UNIQUE,
    queued REAL NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    next_try REAL NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    server_wide INTEGER NOT NULL DEFAULT 0,
    place TEXT NOT NULL DEFAULT '',
    delivered_at REAL NOT NULL DEFAULT 0
) STRICT
"""
# What the mailer remembers beside the letters: how far it read the bounces, which network event it has answered.
_MEMORY: Final = "CREATE TABLE IF NOT EXISTS memory (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT"
_ADDED: Final = {"delivered_at": "REAL NOT NULL DEFAULT 0"}
"""Columns that boxes of an earlier version have not; everything else must be there."""

COLUMNS: Final = (
    "id, session, recipient, message_id, queued, state, reason, next_try, attempts, server_wide, place, delivered_at"
)
Row = tuple[int, str, str, str, float, str, str, float, int, int, str, float]
_NAMES: Final = COLUMNS.split(", ")


def letter_of(row: Row, state: Path) -> QueuedLetter:
    """Return a row as a letter; sessions inside the state folder are kept relative to it."""
    number, session, recipient, message_id, queued, said, reason, next_try, attempts, wide, place, delivered_at = row
    return QueuedLetter(
        id=LetterId(number),
        session=state / session,
        recipient=recipient,
        message_id=message_id,
        queued=queued,
        state=LetterState(said),
        reason=reason,
        next_try=next_try,
        attempts=attempts,
        server_wide=bool(wide),
        where=place,
        delivered_at=delivered_at,
    )


class Memory(MutableMapping[str, str]):
    """Small things to remember, each by its name, on the card before they are believed."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __getitem__(self, name: str) -> str:
        row = self._db.execute("SELECT value FROM memory WHERE name = ?", (name,)).fetchone()
        if row is None:
            raise KeyError(name)
        return str(row[0])

    def __setitem__(self, name: str, value: str) -> None:
        if self.get(name) != value:
            self._db.execute("INSERT OR REPLACE INTO memory (name, value) VALUES (?, ?)", (name, value))

    def __delitem__(self, name: str) -> None:
        self._db.execute("DELETE FROM memory WHERE name = ?", (name,))

    def __iter__(self) -> Iterator[str]:
        return (str(row[0]) for row in self._db.execute("SELECT name FROM memory ORDER BY name").fetchall())

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM memory").fetchone()[0])


def opened(folder: Path, state: Path) -> sqlite3.Connection:
    """Open the database in the outbox's folder, made or mended if need be.

    Parameters
    ----------
    folder
        The outbox.
    state
        The state folder, whose session folders hold receipts.

    Raises
    ------
    sqlite3.Error, OSError
        The folder cannot be written, or is full.
    """
    path = folder / DATABASE
    with _alone(folder):
        try:
            return _connected(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) and _passes(error):
                raise
            found = str(error)
        aside = _set_aside(path)
        try:
            db = _connected(path)
        except BaseException:
            with suppress(OSError):
                (aside / DATABASE).rename(path)
            raise
        saved = sum(_take_in(db, row) for row in _readable(aside / DATABASE))
        rebuilt = _from_receipts(db, state)
        said = (
            f"the outbox {path} was damaged ({found}) and lies in {aside}; {saved} letters could be read from it, "
            f"{rebuilt} more were found by their sessions"
        )
        log.warning("%s", said)
        (aside / NOTE).write_text(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC: {said}.\nThis folder may be deleted.\n")
        return db


def _connected(path: Path) -> sqlite3.Connection:
    """Open and check; raises sqlite3.DatabaseError for a file that is no whole outbox."""
    db = sqlite3.connect(path, timeout=20, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        # FULL: a commit is on the card before it is believed; NORMAL could lose "delivered" in a power cut.
        db.execute("PRAGMA synchronous=FULL")
        verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        there = {row[1] for row in db.execute("PRAGMA table_info(letters)")} or set(_NAMES)
        missing = set(_NAMES) - set(_ADDED) - there
        if missing:
            raise sqlite3.DatabaseError(f"its letters have no {', '.join(sorted(missing))}")
        db.execute(_LETTERS)
        db.execute(_MEMORY)
        for name in sorted(set(_ADDED) - there):
            db.execute(f"ALTER TABLE letters ADD COLUMN {name} {_ADDED[name]}")
        states = {row[0] for row in db.execute("SELECT DISTINCT state FROM letters")}
        if strange := states - set(LetterState):
            raise sqlite3.DatabaseError(f"its letters have unknown states: {', '.join(sorted(map(repr, strange)))}")
    except BaseException:
        db.close()
        raise
    return db


def _passes(error: sqlite3.OperationalError) -> bool:
    """Whether the card is at fault and not the file: full, read-only, busy."""
    blamed = (
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
    )
    return (error.sqlite_errorcode & 0xFF) in blamed


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process at a time open, so that two never mend the same file."""
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _set_aside(path: Path) -> Path:
    """Move the database with its journal into a new folder and return it."""
    for n in range(1, 1000):
        aside = path.parent / f"damaged-{n}"
        with suppress(FileExistsError):
            aside.mkdir(mode=0o700)
            break
    for suffix in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside / (DATABASE + suffix))
    return aside


def _readable(path: Path) -> Iterator[Row]:
    """Yield the rows of a damaged database that can still be read: from its start, then from its end."""
    try:
        db = sqlite3.connect(path, isolation_level=None)
    except sqlite3.Error:
        return
    try:
        there = {row[1] for row in db.execute("PRAGMA table_info(letters)")}
        columns = ", ".join(name if name in there else "0" for name in _NAMES)
        for order in ("", " DESC"):
            with suppress(sqlite3.Error):
                yield from db.execute(f"SELECT {columns} FROM letters NOT INDEXED ORDER BY id{order}")  # noqa: S608
    except sqlite3.Error:
        return
    finally:
        db.close()


def _take_in(db: sqlite3.Connection, row: tuple[Any, ...]) -> bool:
    """Put a row into the new database where it makes sense and is not there yet; tell whether it did."""
    try:
        whole = dict(zip(_NAMES, row, strict=True))
        checked(str(whole["recipient"]))
        LetterState(whole["state"])
        marks = ", ".join("?" for _ in _NAMES)
        done = db.execute(f"INSERT OR IGNORE INTO letters ({COLUMNS}) VALUES ({marks})", row)  # noqa: S608
    except (ValueError, MailRefusedError, sqlite3.IntegrityError):
        return False
    return done.rowcount > 0


def _from_receipts(db: sqlite3.Connection, state: Path) -> int:
    """Take in the letters that only the session folders know, and believe what those say was delivered."""
    count = 0
    for session, receipt in receipts(state / "sessions"):
        name = str(session.relative_to(state))
        done = db.execute(
            "INSERT OR IGNORE INTO letters (session, recipient, message_id, queued, state, place)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (name, receipt.recipient, receipt.message_id, receipt.queued, receipt.state, receipt.where),
        )
        count += done.rowcount > 0
        if receipt.state in (LetterState.DELIVERED, LetterState.CANCELLED):
            db.execute(
                "UPDATE letters SET state = ?, place = ?, reason = '' WHERE session = ?",
                (receipt.state, receipt.where, name),
            )
    return count
