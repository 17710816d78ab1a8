"""The outbox: a durable queue of letters, one a session, that survives power cuts and two mailers at once.

It keeps the truth about each letter; the files stay in the session folder until the letter is sent. Not here:
composing a letter (``letter``), handing it over (``transports``), deciding what a failure means (``mailer``), whose
turn it is (``turns``), the database (``letter_table``).
"""

import os
import random
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from firmware_py.errors import MailError, MailRefusedError
from firmware_py.post.address import checked, one_line
from firmware_py.post.backoff import delay_s, patience_is_over
from firmware_py.post.letter_table import LetterTable
from firmware_py.post.lock import locked
from firmware_py.post.outbox_file import DATABASE
from firmware_py.post.queued_letter import AT_REST, LetterId, LetterState, QueuedLetter
from firmware_py.post.receipt import Receipt, message_id_of
from firmware_py.post.turns import to_try

HELD: Final = "an address may still be held up to the camera"
_STOPPED: Final = (LetterState.WAITING, LetterState.NEEDS_A_PERSON)


class Outbox:
    """The queue in ``<state>/outbox``.

    Parameters
    ----------
    state
        The state folder.
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
        self._domain = domain
        self._clock = clock
        self._rng = rng or random.Random()  # noqa: S311 - jitter, not a secret
        self.path = state.absolute() / "outbox"
        self._table = LetterTable(self.path, state.absolute())
        self.memory = self._table.memory

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._table.close()

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
        with self._table.transaction():
            letter = self._table.of(folder)
            if letter is None:
                found = self._add(folder, address, after_s)
            else:
                found = letter.id
                if letter.recipient != address:
                    self._readdress(letter, address)
                elif letter.reason == HELD and not after_s:
                    self._table.change(found, (LetterState.WAITING,), state=LetterState.DUE, reason="", next_try=0)
        Receipt.of(self.letter(found)).write(folder)
        self._ring()
        return found

    def move(self, old: Path, new: Path, rename: Callable[[], None]) -> None:
        """Let a session's letter follow its folder, which ``rename`` moves while no mailer can read in it.

        The letter is told first: where a power cut comes between the two, the same call again completes it. Raises
        MailError where a mailer is sending it just now.
        """
        letter = self._table.of(old, new)
        if letter is None:
            rename()
            return
        with self._held_from_mailers(letter.id, f"the letter of {old.name} is on its way just now; try again"):
            self._table.change(letter.id, session=self._table.remembered(new))
            with self._table.told("written"):
                rename()

    def forget(self, folder: Path) -> QueuedLetter | None:
        """Take a session's letter out of the queue for good and return it; None where there was none.

        Raises MailError where a mailer is sending it just now.
        """
        letter = self._table.of(folder)
        if letter is None:
            return None
        busy = f"the letter of {folder.name} is on its way just now; try again"
        with self._held_from_mailers(letter.id, busy) as workspace:
            self._table.remove(letter.id)
            shutil.rmtree(workspace, ignore_errors=True)
        return letter

    def due(self, now: float) -> list[QueuedLetter]:
        """Return the letters to try now, oldest first, as ``to_try`` says."""
        return to_try(self.letters(), now)

    def letters(self) -> list[QueuedLetter]:
        """Return every letter, oldest first."""
        return self._table.all()

    def letter(self, letter_id: LetterId) -> QueuedLetter:
        """Return one letter. Raises UsageError where there is none of that number."""
        return self._table.numbered(letter_id)

    def of(self, folder: Path) -> QueuedLetter | None:
        """Return the letter of a session; None where there is none."""
        return self._table.of(folder)

    def retry(self, letter_id: LetterId) -> QueuedLetter:
        """Make one letter due now, whatever it waited for.

        Raises UsageError for an unknown number, MailError for a letter that was delivered: it goes out once.
        """
        letter = self.letter(letter_id)
        if letter.state is LetterState.DELIVERED:
            raise MailError(f"letter {letter_id} was delivered ({letter.where}); it is not sent a second time")
        self._table.change(letter_id, (*_STOPPED, LetterState.CANCELLED), state=LetterState.DUE, next_try=0)
        return self.letter(letter_id)

    def retry_all(self) -> list[LetterId]:
        """Make every letter that waits or needs a person due now; return their numbers."""
        stopped = [letter.id for letter in self.letters() if letter.state in _STOPPED]
        for letter_id in stopped:
            self._table.change(letter_id, _STOPPED, state=LetterState.DUE, next_try=0)
        return stopped

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

    def cancel(self, letter_id: LetterId) -> QueuedLetter:
        """Never send a letter; its session stays on the box, and ``retry`` makes it due again.

        Raises UsageError for an unknown number, MailError for a letter that was delivered or is on its way just now.
        """
        letter = self.letter(letter_id)
        if letter.state is LetterState.DELIVERED:
            raise MailError(f"letter {letter_id} was delivered ({letter.where}); it cannot be called back")
        busy = f"letter {letter_id} is on its way to {letter.recipient} just now; look again in a minute"
        with self._held_from_mailers(letter_id, busy) as workspace:
            undelivered = [state for state in LetterState if state is not LetterState.DELIVERED]
            self._table.change(
                letter_id, undelivered, state=LetterState.CANCELLED, reason="", next_try=0, server_wide=0
            )
            letter = self.letter(letter_id)
            Receipt.of(letter).write(letter.session)
            shutil.rmtree(workspace, ignore_errors=True)
        return letter

    @contextmanager
    def claim(self, letter_id: LetterId) -> Iterator[tuple[QueuedLetter, Path] | None]:
        """Take one letter for sending and yield it with a folder of its own for made files; None: not to be sent now.

        The claim is a lock of the kernel on that folder: it ends with the process, however it dies, so no mailer has
        to guess whether another one is alive. The letter is ``sending`` from here until ``delivered``, ``wait`` or
        ``stop`` is called; a crash leaves it so, and the next mailer takes it with the same Message-ID.
        """
        workspace = self.path / str(letter_id)
        with self._table.told("written"):
            lock = locked(workspace)
        if lock is None:
            yield None
            return
        try:
            letter = self.letter(letter_id)
            if letter.state in AT_REST:
                shutil.rmtree(workspace, ignore_errors=True)
                yield None
                return
            self._table.change(letter_id, state=LetterState.SENDING, attempts=letter.attempts + 1)
            yield self.letter(letter_id), workspace
            if self.letter(letter_id).state is LetterState.DELIVERED:
                shutil.rmtree(workspace, ignore_errors=True)
        finally:
            os.close(lock)

    def delivered(self, letter_id: LetterId, where: str) -> QueuedLetter:
        """Record that the other side has taken the letter; and whoever waits for the same server is due."""
        with self._table.transaction():
            self._table.change(
                letter_id,
                state=LetterState.DELIVERED,
                reason="",
                next_try=0,
                server_wide=0,
                place=where,
                delivered_at=self._clock(),
            )
            self._table.release(*_STOPPED)
        letter = self.letter(letter_id)
        Receipt.of(letter).write(letter.session)
        return letter

    def wait(self, letter_id: LetterId, reason: str, *, server_wide: bool = False) -> QueuedLetter:
        """Record a failure that time may heal: try again later, or ask a person after a week of trying."""
        letter = self.letter(letter_id)
        now = self._clock()
        if patience_is_over(now - letter.queued, letter.attempts):
            return self.stop(letter_id, f"not delivered in {letter.attempts} tries: {reason}", server_wide=server_wide)
        next_try = now + delay_s(letter.attempts, self._rng)
        return self._now(letter_id, LetterState.WAITING, reason, next_try, server_wide=int(server_wide))

    def postpone(self, letter_id: LetterId, reason: str, until: float) -> QueuedLetter:
        """Put a claimed letter back untried until a time: not a failure, and no try is counted."""
        attempts = max(self.letter(letter_id).attempts - 1, 0)
        return self._now(letter_id, LetterState.WAITING, reason, until, attempts=attempts)

    def stop(self, letter_id: LetterId, reason: str, *, server_wide: bool = False) -> QueuedLetter:
        """Record a failure that only a person can heal."""
        return self._now(letter_id, LetterState.NEEDS_A_PERSON, reason, server_wide=int(server_wide))

    def came_back(self, letter_id: LetterId, reason: str) -> QueuedLetter:
        """Record that a delivered letter was sent back by whoever it was passed on to: a person has to act."""
        return self.stop(letter_id, f"it came back: {reason}")

    def tidy(self) -> None:
        """Remove the made files of letters at rest, which a mailer that died after its last word left."""
        for letter in self.letters():
            workspace = self.path / str(letter.id)
            if letter.state in AT_REST and workspace.is_dir():
                with self.claim(letter.id):  # removes it, unless somebody is at it
                    pass

    def network_is_back(self) -> None:
        """Make due what waits for the server and not for anything else."""
        self._table.release(LetterState.WAITING)

    def hold_back(self, letter_ids: Iterable[LetterId], failed: QueuedLetter) -> list[QueuedLetter]:
        """Let other letters share the fate of one that failed for the whole server, untried; return those it held."""
        with self._table.transaction():
            held = [
                letter_id
                for letter_id in letter_ids
                if self._table.change(
                    letter_id,
                    (LetterState.DUE, LetterState.WAITING),
                    state=failed.state,
                    reason=failed.reason,
                    next_try=failed.next_try,
                    server_wide=1,
                )
            ]
        return [self.letter(letter_id) for letter_id in held]

    def _add(self, folder: Path, address: str, after_s: float) -> LetterId:
        now = self._clock()
        state, reason, next_try = (LetterState.WAITING, HELD, now + after_s) if after_s else (LetterState.DUE, "", 0)
        message_id = message_id_of(folder, self._domain)
        return self._table.add(folder, address, message_id, queued=now, state=state, reason=reason, next_try=next_try)

    def _readdress(self, letter: QueuedLetter, address: str) -> None:
        if letter.state is LetterState.DELIVERED:
            raise MailRefusedError(
                f"the letter of {letter.session.name} was delivered to {letter.recipient}; "
                f"to give it to {address} too, forward it"
            )
        busy = f"the letter of {letter.session.name} is on its way to {letter.recipient} just now; try again"
        with self._held_from_mailers(letter.id, busy):
            self._table.change(letter.id, recipient=address, state=LetterState.DUE, reason="", next_try=0)

    def _now(
        self, letter_id: LetterId, state: LetterState, reason: str, next_try: float = 0.0, **more: int
    ) -> QueuedLetter:
        columns = {"server_wide": 0, **more}
        self._table.change(letter_id, state=state, reason=one_line(reason, 400), next_try=next_try, **columns)
        return self.letter(letter_id)

    @contextmanager
    def _held_from_mailers(self, letter_id: LetterId, otherwise: str) -> Iterator[Path]:
        """Keep mailers from a letter and yield its folder for made files; MailError(otherwise) where one has it."""
        workspace = self.path / str(letter_id)
        with self._table.told("written"):
            lock = locked(workspace)
        if lock is None:
            raise MailError(otherwise)
        try:
            yield workspace
        finally:
            os.close(lock)

    def _ring(self) -> None:
        """Write to the file that the mailer's path unit watches; where that fails, its timer finds the letter."""
        with suppress(OSError):
            (self.path / self.BELL).write_bytes(b"")
