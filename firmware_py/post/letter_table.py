"""The rows of the outbox's database as letters: found, added, changed, each failure turned into one sentence.

Not here: what a state means and who may change it (``outbox``), the file itself and its mending (``outbox_file``).
"""

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from firmware_py.errors import MailError, UsageError
from firmware_py.post.outbox_file import COLUMNS, Memory, letter_of, opened
from firmware_py.post.queued_letter import LetterId, LetterState, QueuedLetter

_SELECT: Final = f"SELECT {COLUMNS} FROM letters"  # noqa: S608 - our own names


class LetterTable:
    """The letters in one outbox.

    Parameters
    ----------
    folder
        The outbox, made where it is missing.
    state
        The state folder. Session folders inside it are remembered relative to it, so that a card can be mounted
        anywhere.

    Raises
    ------
    MailError
        From here and from every method: the database cannot be read or written.
    """

    def __init__(self, folder: Path, state: Path) -> None:
        self._folder = folder
        self._state = state
        with self.told("opened"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.db = opened(folder, state)
        self.memory = Memory(self.db)

    def close(self) -> None:
        """Close the database."""
        self.db.close()

    def all(self) -> list[QueuedLetter]:
        """Return every letter, oldest first."""
        with self.told("read"):
            rows = self.db.execute(f"{_SELECT} ORDER BY id").fetchall()
        return [letter_of(row, self._state) for row in rows]

    def numbered(self, letter_id: LetterId) -> QueuedLetter:
        """Return one letter. Raises UsageError where there is none of that number."""
        with self.told("read"):
            row = self.db.execute(f"{_SELECT} WHERE id = ?", (letter_id,)).fetchone()
        if row is None:
            raise UsageError(f"there is no letter {letter_id}; 'hand-dance post --list' shows those there are")
        return letter_of(row, self._state)

    def of(self, *folders: Path) -> QueuedLetter | None:
        """Return the letter of a session that has, or had, one of these folders; None where there is none."""
        marks = ", ".join("?" for _ in folders)
        with self.told("read"):
            row = self.db.execute(
                f"{_SELECT} WHERE session IN ({marks})", [self.remembered(folder) for folder in folders]
            ).fetchone()
        return letter_of(row, self._state) if row else None

    def add(self, folder: Path, recipient: str, message_id: str, **columns: str | float) -> LetterId:
        """Add a letter and return its number; the columns not given have their defaults."""
        row = {"session": self.remembered(folder), "recipient": recipient, "message_id": message_id, **columns}
        marks = ", ".join("?" for _ in row)
        with self.told("written"):
            cursor = self.db.execute(
                f"INSERT INTO letters ({', '.join(row)}) VALUES ({marks})",  # noqa: S608 - our own names
                tuple(row.values()),
            )
        return LetterId(cursor.lastrowid or 0)

    def change(self, letter_id: LetterId, within: Collection[LetterState] = (), /, **columns: str | float) -> bool:
        """Change columns of a letter, where ``within`` is given only if its state is one of those; tell whether."""
        assignments = ", ".join(f"{name} = ?" for name in columns)
        guard = f" AND state IN ({', '.join('?' for _ in within)})" if within else ""
        with self.told("written"):
            cursor = self.db.execute(
                f"UPDATE letters SET {assignments} WHERE id = ?{guard}",  # noqa: S608 - our own names
                (*columns.values(), letter_id, *within),
            )
        return cursor.rowcount > 0

    def release(self, *states: LetterState) -> None:
        """Make due, of the letters in these states, those that wait for the server and not for anything else."""
        marks = ", ".join("?" for _ in states)
        with self.told("written"):
            self.db.execute(
                f"UPDATE letters SET state = ?, next_try = 0, server_wide = 0 WHERE server_wide = 1"  # noqa: S608
                f" AND state IN ({marks})",
                (LetterState.DUE, *states),
            )

    def remove(self, letter_id: LetterId) -> None:
        """Take a letter out for good."""
        with self.told("written"):
            self.db.execute("DELETE FROM letters WHERE id = ?", (letter_id,))

    def remembered(self, folder: Path) -> str:
        """Return how a session folder stands in the table."""
        whole = folder.absolute()
        return str(whole.relative_to(self._state) if whole.is_relative_to(self._state) else whole)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Let what happens within happen whole or not at all, and no other process in between."""
        with self.told("written"):
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.db.execute("COMMIT")
            except BaseException:
                if self.db.in_transaction:  # a full card has ended it already
                    self.db.execute("ROLLBACK")
                raise

    @contextmanager
    def told(self, deed: str) -> Iterator[None]:
        """Turn what the database or the card says into one sentence."""
        try:
            yield
        except (MailError, UsageError):
            raise
        except (sqlite3.Error, OSError) as error:
            raise MailError(
                f"the outbox {self._folder} could not be {deed} ({error}); free some space or mount it writable, "
                "the session itself is kept"
            ) from error
