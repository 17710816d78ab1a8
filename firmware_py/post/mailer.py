"""The mailer: sends what is due and decides what becomes of each letter. ``hand-dance post`` and its service run it.

Not here: the queue itself (``outbox``) and the ways out (``transports``). Nothing here is needed to play.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from firmware_py.config import Config
from firmware_py.errors import MailError, MailRefusedError
from firmware_py.post import bounces
from firmware_py.post.address import checked
from firmware_py.post.allowance import Allowance, allowances
from firmware_py.post.letter import compose
from firmware_py.post.maildir import MaildirTransport
from firmware_py.post.outbox import Outbox
from firmware_py.post.presets import preset_of, with_preset
from firmware_py.post.queued_letter import LetterId, LetterState, QueuedLetter
from firmware_py.post.recipients import copy_for, recipient_of
from firmware_py.post.sendmail import SendmailTransport
from firmware_py.post.smtp import SmtpTransport
from firmware_py.post.transports import Line, ServerDownError, ServerRefusedError, Transport

NETWORK: Final = Path("/run/hand-dance-online")
"""Written to by the network's own service whenever there is one again (systemd/network-is-back)."""

_ROUNDS: Final = 3

log: Final = logging.getLogger(__name__)


@dataclass(frozen=True)
class Delivery:
    """What became of one letter in one run of the mailer, as the outbox now holds it.

    where is the .eml of a letter in a maildir or the server's answer; empty unless delivered.
    """

    id: LetterId
    session: Path
    recipient: str
    message_id: str
    state: LetterState
    reason: str
    next_try: float
    where: str

    @property
    def delivered(self) -> bool:
        """Whether the letter has arrived at the transport's other side."""
        return self.state is LetterState.DELIVERED


def open_outbox(config: Config, clock: Callable[[], float] = time.time) -> Outbox:
    """Open the outbox of this configuration. Raises MailError where its folder cannot be written."""
    try:
        domain = checked(config.mail.sender).rpartition("@")[2]
    except MailRefusedError:
        return Outbox(config.state, clock=clock)
    return Outbox(config.state, domain=domain, clock=clock)


def queue_session(
    config: Config,
    session: Path,
    recipient: str = "",
    clock: Callable[[], float] = time.time,
    *,
    after_s: float = 0.0,
) -> LetterId | None:
    """Queue the letter of a finished session; None where the box is set to keep its sessions (``off``).

    Parameters
    ----------
    config
        The configuration; where no recipient is given, ``recipients`` says whom the letter goes to.
    session
        The session folder, with whatever could be derived in it.
    recipient
        Another address than that, or empty.
    after_s
        Seconds that a new letter waits, as ``Outbox.queue`` says.
    """
    if config.mail.transport == "off":
        log.info("mail is off: session %s stays on the box", session.name)
        return None
    with open_outbox(config, clock) as outbox:
        return outbox.queue(session, recipient or recipient_of(config, session).address, after_s)


def send_due(config: Config, clock: Callable[[], float] = time.time) -> list[Delivery]:
    """Send every letter that is due by the configured transport and return what became of each.

    Two mailers may run at once: each letter goes through one of them. Raises MailError where the outbox itself cannot
    be used, never for a letter that did not get through.
    """
    transport = transport_for(config)
    if transport is None:
        return []
    with open_outbox(config, clock) as outbox:
        sent = Mailer(
            outbox,
            transport,
            config.mail.sender,
            clock,
            allowances(config.mail),
            copy_to=config.mail.copy_to,
        ).run()
        bounces.take_in(outbox, with_preset(config.mail), clock())
        return sent


def as_json(letter: QueuedLetter | Delivery) -> dict[str, Any]:
    """Return a letter as ``post --json`` prints it; paths as text, times as seconds since 1970."""
    return {name: str(value) if isinstance(value, Path) else value for name, value in asdict(letter).items()}


class Mailer:
    """One run over the letters that are due, on one line.

    Parameters
    ----------
    outbox, transport
        Where letters come from and go to.
    sender
        Address they come from.
    clock
        Seconds since 1970.
    allowed
        How many people may get letters.
    network
        A file that changes when the network comes back.
    copy_to
        Address that gets a copy of each letter; empty: nobody.
    """

    def __init__(
        self,
        outbox: Outbox,
        transport: Transport,
        sender: str,
        clock: Callable[[], float] = time.time,
        allowed: tuple[Allowance, ...] = (),
        network: Path = NETWORK,
        *,
        copy_to: str = "",
    ) -> None:
        self._outbox = outbox
        self._transport = transport
        self._sender = sender
        self._clock = clock
        self._allowed = allowed
        self._network = network
        self._copy_to = copy_to
        self._line: Line | None = None

    def run(self) -> list[Delivery]:
        """Try every due letter once, oldest first, those queued meanwhile too.

        Where the network came back since, what waits for the server is due; where it does so meanwhile, once more.
        """
        self._outbox.tidy()
        tried: dict[LetterId, QueuedLetter] = {}
        for _ in range(_ROUNDS):
            mark = self._mark()
            if self._outbox.memory.get("network", "") != mark:
                self._outbox.network_is_back()
                self._outbox.memory["network"] = mark
            tried |= self._round()
            if self._mark() == mark:
                break
        return [_delivery(letter) for letter in tried.values()]

    def _round(self) -> dict[LetterId, QueuedLetter]:
        tried: dict[LetterId, QueuedLetter] = {}
        seen: set[LetterId] = set()
        try:
            while fresh := [a.id for a in self._outbox.due(self._clock()) if a.id not in seen]:
                for letter_id in fresh:
                    if letter_id in seen:
                        continue
                    seen.add(letter_id)
                    after = self._try(letter_id)
                    if after is None:
                        continue
                    tried[letter_id] = after
                    if after.server_wide:
                        held = self._outbox.hold_back([a for a in fresh if a not in seen], after)
                        tried |= {a.id: a for a in held}
                        seen.update(fresh)
        finally:
            if self._line:
                self._line.close()
                self._line = None
        return tried

    def _mark(self) -> str:
        """What the network's file says; nothing of it is believed but that it has changed."""
        try:
            return str(self._network.stat().st_mtime_ns)
        except OSError:
            return ""

    def _try(self, letter_id: LetterId) -> QueuedLetter | None:
        """Send one letter and record the outcome; None where another mailer has it or had it."""
        with self._outbox.claim(letter_id) as claimed:
            if claimed is None:
                return None
            letter, workspace = claimed
            for allowance in self._allowed:
                until = allowance.free_at(letter.recipient, self._outbox.recent(allowance.seconds, letter.id))
                if until is not None:
                    log.info("letter %d: waits: %s", letter.id, allowance.says)
                    return self._outbox.postpone(letter.id, allowance.says, until)
            log.info("letter %d: to %s, try %d", letter.id, letter.recipient, letter.attempts)
            try:
                where = self._send(letter, workspace)
            except MailError as error:
                wide = isinstance(error, ServerDownError | ServerRefusedError)
                record = self._outbox.stop if isinstance(error, MailRefusedError) else self._outbox.wait
                after = record(letter.id, str(error), server_wide=wide)
                log.warning("letter %d: %s: %s", letter.id, after.state, after.reason)
                return after
            # Nothing between the server's word and this record: what dies here is sent again with its Message-ID.
            after = self._outbox.delivered(letter.id, where)
            log.info("letter %d: delivered: %s", letter.id, where)
            return after

    def _send(self, letter: QueuedLetter, workspace: Path) -> str:
        try:
            sender = checked(self._sender)
        except MailRefusedError as error:
            raise ServerRefusedError(f"mail.sender: {error}") from error
        self._line = self._line or self._transport.connect()
        copy_to = copy_for(self._copy_to, letter.recipient)
        return self._line.send(compose(letter, sender, workspace, self._line.limit_bytes, copy_to=copy_to))


def transport_for(config: Config) -> Transport | None:
    """Return the transport that the configuration names; None where letters stay on the box (``off``)."""
    mail = with_preset(config.mail)
    if mail.transport == "off":
        return None
    if mail.transport in ("smtp", "lmtp"):
        return SmtpTransport(mail)
    if mail.transport == "sendmail":
        preset = preset_of(mail)
        return SendmailTransport(mail.command, limit_bytes=preset.limit_bytes if preset else None)
    return MaildirTransport(Path(mail.maildir).expanduser() if mail.maildir else config.state / "mail")


def _delivery(letter: QueuedLetter) -> Delivery:
    return Delivery(
        id=letter.id,
        session=letter.session,
        recipient=letter.recipient,
        message_id=letter.message_id,
        state=letter.state,
        reason=letter.reason,
        next_try=letter.next_try,
        where=letter.where,
    )
