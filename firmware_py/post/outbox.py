"""The outbox: a durable queue of letters, one a session, that survives power cuts and two mailers at once.

It keeps the truth about each letter; the files stay in the session folder until the letter is sent. Not here:
composing a letter (``letter``), handing it over (``transports``), deciding what a failure means (``mailer``).
"""

import os
import random
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from firmware_py.errors import MailError, MailRefusedError, UsageError
from firmware_py.post.address import checked, one_line
from firmware_py.post.backoff import JITTER, LONGEST_S, delay_s, patience_is_over
from firmware_py.post.lock import locked
from firmware_py.post.outbox_file import COLUMNS, DATABASE, Memory, Row, letter_of, opened
from firmware_py.post.queued_letter import LetterId, LetterState, QueuedLetter
from firmware_py.post.receipt import Receipt, message_id_of

_AT_REST: Final = (LetterState.DELIVERED, LetterState.CANCELLED)

HELD: Final = "an address may still be held up to the camera"


class Outbox:
    """The queue in ``<state>/outbox``.

    Parameters
    ----------
    state
        The state folder. Session folders inside it are remembered relative to it, so that a card can be mounted
        anywhere.
    domain
        Right half of the Message-IDs that are given out.
    clock
        Seconds since 1970.
    rng
        Source of the back-off's jitter.
    """

    DATABASE: Final = DATABASE
    BELL: Final = "bell"

    def __init__(
        self,
        state: Path,
        *,
        domain: str = "hand-dance.local",
        clock: Callable[[], float] = time.time,
        rng: random.Random | None = None,
    ) -> None:
        self._state = state.absolute()
        self._domain = domain
        self._clock = clock
        self._rng = rng or random.Random()  # noqa: S311 - jitter, not a secret
        self.path = self._state / "outbox"
        with self._told("opened"):
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = opened(self.path, self._state)
        self.memory = Memory(self._db)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def queue(self, folder: Path, recipient: str, after_s: float = 0.0) -> LetterId:
        """Queue the letter of a session, on disk before it returns.

        Queueing a session again is the same letter; another recipient re-addresses it while it has not left. A new
        letter waits ``after_s`` seconds for a better address; queueing it again without a wait ends that.

        Raises
        ------
        MailRefusedError
            The folder is not there, the address is not one, or the letter was already delivered to somebody else.
        MailError
            The outbox cannot be written.
        """
        address = checked(recipient)
        if not folder.is_dir():
            raise MailRefusedError(f"there is no session folder {folder}; name one that 'hand-dance sessions' lists")
        session = self._remembered(folder)
        with self._told("written"), self._transaction():
            row = self._db.execute(f"SELECT {COLUMNS} FROM letters WHERE session = ?", (session,)).fetchone()  # noqa: S608
            if row is None:
                now = self._clock()
                state, reason = (LetterState.WAITING, HELD) if after_s else (LetterState.DUE, "")
                cursor = self._db.execute(
                    "INSERT INTO letters (session, recipient, message_id, queued, state, reason, next_try)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        *(session, address, message_id_of(folder, self._domain), now),
                        *(state, reason, now + after_s if after_s else 0),
                    ),
                )
                found = LetterId(cursor.lastrowid or 0)
            else:
                letter = self._letter(row)
                found = letter.id
                if letter.recipient != address:
                    self._readdress(letter, address)
                elif letter.reason == HELD and not after_s:
                    self._db.execute(
                        "UPDATE letters SET state = ?, reason = '', next_try = 0 WHERE id = ? AND state = ?",
                        (LetterState.DUE, found, LetterState.WAITING),
                    )
        Receipt.of(self.letter(found)).write(folder)
        self._ring()
        return found

    def move(self, old: Path, new: Path, rename: Callable[[], None]) -> None:
        """Let a session's letter follow its folder, which ``rename`` moves while no mailer can read in it.

        The letter is told first: where a power cut comes between the two, the same call again completes it. Raises
        MailError where a mailer is sending it just now.
        """
        with self._told("read"):
            row = self._db.execute(
                "SELECT id FROM letters WHERE session IN (?, ?)", (self._remembered(old), self._remembered(new))
            ).fetchone()
        if row is None:
            rename()
            return
        with self._told("written"):
            lock = locked(self.path / str(row[0]))
        if lock is None:
            raise MailError(f"the letter of {old.name} is on its way just now; try again")
        try:
            with self._told("written"):
                self._db.execute("UPDATE letters SET session = ? WHERE id = ?", (self._remembered(new), row[0]))
            rename()
        finally:
            os.close(lock)

    def forget(self, folder: Path) -> QueuedLetter | None:
        """Take a session's letter out of the queue for good and return it; None where there was none.

        Raises MailError where a mailer is sending it just now.
        """
        with self._told("read"):
            row = self._db.execute(
                f"SELECT {COLUMNS} FROM letters WHERE session = ?",  # noqa: S608
                (self._remembered(folder),),
            ).fetchone()
        if row is None:
            return None
        letter = self._letter(row)
        workspace = self.path / str(letter.id)
        with self._told("written"):
            lock = locked(workspace)
        if lock is None:
            raise MailError(f"the letter of {folder.name} is on its way just now; try again")
        try:
            with self._told("written"):
                self._db.execute("DELETE FROM letters WHERE id = ?", (letter.id,))
            shutil.rmtree(workspace, ignore_errors=True)
        finally:
            os.close(lock)
        return letter

    def due(self, now: float) -> list[QueuedLetter]:
        """Return the letters to try now, oldest first.

        Those that are due; those whose wait is over, or so far ahead that only a clock set back explains it; those
        that a mailer left in ``sending`` (``claim`` tells a dead mailer from a living one). Where any letter is to be
        tried, those that wait for the same server come along, so that the order is kept once it answers; and so do
        those that wait for the same recipient, who gets the older one first where that can be.
        """
        too_far = now + LONGEST_S * (1 + JITTER)
        letters = [letter for letter in self.letters() if letter.state not in _AT_REST]
        ready = {
            letter.id
            for letter in letters
            if letter.state in (LetterState.DUE, LetterState.SENDING)
            or (letter.state is LetterState.WAITING and not now < letter.next_try <= too_far)
        }
        if not ready:
            return []
        newest = {letter.recipient: letter.id for letter in letters if letter.id in ready}
        return [
            letter
            for letter in letters
            if letter.id in ready
            or (
                letter.state is LetterState.WAITING
                and (letter.server_wide or letter.id < newest.get(letter.recipient, 0))
            )
        ]

    def letters(self) -> list[QueuedLetter]:
        """Return every letter, oldest first."""
        with self._told("read"):
            rows = self._db.execute(f"SELECT {COLUMNS} FROM letters ORDER BY id").fetchall()  # noqa: S608
        return [self._letter(row) for row in rows]

    def letter(self, letter_id: LetterId) -> QueuedLetter:
        """Return one letter. Raises UsageError where there is none of that number."""
        with self._told("read"):
            row = self._db.execute(f"SELECT {COLUMNS} FROM letters WHERE id = ?", (letter_id,)).fetchone()  # noqa: S608
        if row is None:
            raise UsageError(f"there is no letter {letter_id}; 'hand-dance post --list' shows those there are")
        return self._letter(row)

    def retry(self, letter_id: LetterId) -> QueuedLetter:
        """Make one letter due now, whatever it waited for.

        Raises UsageError for an unknown number, MailError for a letter that was delivered: it goes out once.
        """
        letter = self.letter(letter_id)
        if letter.state is LetterState.DELIVERED:
            raise MailError(f"letter {letter_id} was delivered ({letter.where}); it is not sent a second time")
        self._to_due(letter_id)
        return self.letter(letter_id)

    def recent(self, seconds: float, but: LetterId) -> list[tuple[str, float]]:
        """Return recipient and time of what left the box within so many seconds, or may be leaving it now.

        The letter of number ``but`` does not count. A clock set back makes deliveries lie ahead; they count too.
        """
        now = self._clock()
        return [
            (letter.recipient, now if letter.state is LetterState.SENDING else letter.delivered_at)
            for letter in self.letters()
            if letter.id != but
            and (
                letter.state is LetterState.SENDING
                or (letter.delivered_at and abs(now - letter.delivered_at) < seconds)
            )
        ]

    def retry_all(self) -> list[LetterId]:
        """Make every letter that waits or needs a person due now; return their numbers."""
        stopped = [a.id for a in self.letters() if a.state in (LetterState.WAITING, LetterState.NEEDS_A_PERSON)]
        for letter_id in stopped:
            self._to_due(letter_id)
        return stopped

    def cancel(self, letter_id: LetterId) -> QueuedLetter:
        """Never send a letter; its session stays on the box, and ``retry`` makes it due again.

        Raises UsageError for an unknown number, MailError for a letter that was delivered or is on its way just now.
        """
        letter = self.letter(letter_id)
        if letter.state is LetterState.DELIVERED:
            raise MailError(f"letter {letter_id} was delivered ({letter.where}); it cannot be called back")
        with self._told("written"):
            lock = locked(self.path / str(letter_id))
        if lock is None:
            raise MailError(f"letter {letter_id} is on its way to {letter.recipient} just now; look again in a minute")
        try:
            with self._told("written"):
                self._db.execute(
                    "UPDATE letters SET state = ?, reason = '', next_try = 0, server_wide = 0"
                    " WHERE id = ? AND state != ?",
                    (LetterState.CANCELLED, letter_id, LetterState.DELIVERED),
                )
            letter = self.letter(letter_id)
            Receipt.of(letter).write(letter.session)
            shutil.rmtree(self.path / str(letter_id), ignore_errors=True)
        finally:
            os.close(lock)
        return letter

    @contextmanager
    def claim(self, letter_id: LetterId) -> Iterator[tuple[QueuedLetter, Path] | None]:
        """Take one letter for sending and yield it with a folder of its own for made files; None: not to be sent now.

        The claim is a lock of the kernel on that folder: it ends with the process, however it dies, so no mailer has
        to guess whether another one is alive. The letter is ``sending`` from here until ``delivered``, ``wait`` or
        ``stop`` is called; a crash leaves it so, and the next mailer takes it with the same Message-ID.
        """
        workspace = self.path / str(letter_id)
        with self._told("written"):
            lock = locked(workspace)
        if lock is None:
            yield None
            return
        try:
            letter = self.letter(letter_id)
            if letter.state in _AT_REST:
                shutil.rmtree(workspace, ignore_errors=True)
                yield None
                return
            self._change(letter_id, "state = ?, attempts = attempts + 1", LetterState.SENDING)
            yield self.letter(letter_id), workspace
            if self.letter(letter_id).state is LetterState.DELIVERED:
                shutil.rmtree(workspace, ignore_errors=True)
        finally:
            os.close(lock)

    def delivered(self, letter_id: LetterId, where: str) -> QueuedLetter:
        """Record that the other side has taken the letter; and whoever waits for the same server is due."""
        with self._told("written"), self._transaction():
            self._db.execute(
                "UPDATE letters SET state = ?, reason = '', next_try = 0, server_wide = 0, place = ?, delivered_at = ?"
                " WHERE id = ?",
                (LetterState.DELIVERED, where, self._clock(), letter_id),
            )
            self._db.execute(
                "UPDATE letters SET state = ?, next_try = 0, server_wide = 0 WHERE server_wide = 1 AND state IN (?, ?)",
                (LetterState.DUE, LetterState.WAITING, LetterState.NEEDS_A_PERSON),
            )
        letter = self.letter(letter_id)
        Receipt.of(letter).write(letter.session)
        return letter

    def wait(self, letter_id: LetterId, reason: str, *, server_wide: bool = False) -> QueuedLetter:
        """Record a failure that time may heal: try again later, or ask a person after a week of trying."""
        letter = self.letter(letter_id)
        now = self._clock()
        if patience_is_over(now - letter.queued, letter.attempts):
            return self.stop(letter_id, f"not delivered in {letter.attempts} tries: {reason}", server_wide=server_wide)
        self._change(
            letter_id,
            "state = ?, reason = ?, next_try = ?, server_wide = ?",
            LetterState.WAITING,
            one_line(reason, 400),
            now + delay_s(letter.attempts, self._rng),
            int(server_wide),
        )
        return self.letter(letter_id)

    def postpone(self, letter_id: LetterId, reason: str, until: float) -> QueuedLetter:
        """Put a claimed letter back untried until a time: not a failure, and no try is counted."""
        self._change(
            letter_id,
            "state = ?, reason = ?, next_try = ?, attempts = max(attempts - 1, 0), server_wide = 0",
            LetterState.WAITING,
            one_line(reason, 400),
            until,
        )
        return self.letter(letter_id)

    def stop(self, letter_id: LetterId, reason: str, *, server_wide: bool = False) -> QueuedLetter:
        """Record a failure that only a person can heal."""
        self._change(
            letter_id,
            "state = ?, reason = ?, next_try = 0, server_wide = ?",
            LetterState.NEEDS_A_PERSON,
            one_line(reason, 400),
            int(server_wide),
        )
        return self.letter(letter_id)

    def came_back(self, letter_id: LetterId, reason: str) -> QueuedLetter:
        """Record that a delivered letter was sent back by whoever it was passed on to: a person has to act."""
        return self.stop(letter_id, f"it came back: {reason}")

    def tidy(self) -> None:
        """Remove the made files of letters at rest, which a mailer that died after its last word left."""
        for letter in self.letters():
            workspace = self.path / str(letter.id)
            if letter.state in _AT_REST and workspace.is_dir():
                with self.claim(letter.id):  # removes it, unless somebody is at it
                    pass

    def network_is_back(self) -> None:
        """Make due what waits for the server and not for anything else."""
        with self._told("written"):
            self._db.execute(
                "UPDATE letters SET state = ?, next_try = 0 WHERE server_wide = 1 AND state = ?",
                (LetterState.DUE, LetterState.WAITING),
            )

    def hold_back(self, letter_ids: Iterable[LetterId], failed: QueuedLetter) -> list[QueuedLetter]:
        """Let other letters share the fate of one that failed for the whole server, untried; return those it held."""
        held = []
        with self._told("written"), self._transaction():
            for letter_id in letter_ids:
                cursor = self._db.execute(
                    "UPDATE letters SET state = ?, reason = ?, next_try = ?, server_wide = 1"
                    " WHERE id = ? AND state IN (?, ?)",
                    (failed.state, failed.reason, failed.next_try, letter_id, LetterState.DUE, LetterState.WAITING),
                )
                if cursor.rowcount:
                    held.append(letter_id)
        return [self.letter(letter_id) for letter_id in held]

    def _readdress(self, letter: QueuedLetter, address: str) -> None:
        if letter.state is LetterState.DELIVERED:
            raise MailRefusedError(
                f"the letter of {letter.session.name} was delivered to {letter.recipient}; "
                f"to give it to {address} too, forward it"
            )
        lock = locked(self.path / str(letter.id))
        if lock is None:
            raise MailError(
                f"the letter of {letter.session.name} is on its way to {letter.recipient} just now; try again"
            )
        self._db.execute(
            "UPDATE letters SET recipient = ?, state = ?, reason = '', next_try = 0 WHERE id = ?",
            (address, LetterState.DUE, letter.id),
        )
        os.close(lock)

    def _to_due(self, letter_id: LetterId) -> None:
        with self._told("written"):
            self._db.execute(
                "UPDATE letters SET state = ?, next_try = 0 WHERE id = ? AND state IN (?, ?, ?)",
                (
                    LetterState.DUE,
                    letter_id,
                    LetterState.WAITING,
                    LetterState.NEEDS_A_PERSON,
                    LetterState.CANCELLED,
                ),
            )

    def _change(self, letter_id: LetterId, assignments: str, *values: str | float) -> None:
        with self._told("written"):
            self._db.execute(f"UPDATE letters SET {assignments} WHERE id = ?", (*values, letter_id))  # noqa: S608

    def _remembered(self, folder: Path) -> str:
        whole = folder.absolute()
        return str(whole.relative_to(self._state) if whole.is_relative_to(self._state) else whole)

    def _letter(self, row: Row) -> QueuedLetter:
        return letter_of(row, self._state)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def _told(self, deed: str) -> Iterator[None]:
        """Turn what the database or the card says into one sentence."""
        try:
            yield
        except (MailError, UsageError):
            raise
        except (sqlite3.Error, OSError) as error:
            raise MailError(
                f"the outbox {self.path} could not be {deed} ({error}); free some space or mount it writable, "
                "the session itself is kept"
            ) from error

    def _ring(self) -> None:
        """Write to the file that the mailer's path unit watches; where that fails, its timer finds the letter."""
        with suppress(OSError):
            (self.path / self.BELL).write_bytes(b"")
