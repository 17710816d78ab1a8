"""SMTP and LMTP as transport: one login, then letters streamed one after the other.

Not here: the login (``login``), time limits and what an answer means (``dialogue``), what becomes of a letter.
"""

import logging
import ssl
from pathlib import Path
from typing import Final

from firmware_py.config import MailSettings
from firmware_py.errors import MailRefusedError
from firmware_py.post.dialogue import Dialogue, Patience
from firmware_py.post.letter import Letter
from firmware_py.post.login import log_in
from firmware_py.post.presets import preset_of
from firmware_py.post.transports import ServerDownError, ServerRefusedError

log: Final = logging.getLogger(__name__)


class SmtpTransport:
    """A mail server.

    Parameters
    ----------
    settings
        Host, port, encryption, login.
    patience
        Time limits.
    """

    def __init__(self, settings: MailSettings, patience: Patience | None = None) -> None:
        self._settings = settings
        self._patience = patience or Patience()

    def connect(self) -> "SmtpLine":
        """Connect, encrypt and log in.

        Raises ServerDownError (no network, no answer, a certificate that does not hold) or ServerRefusedError (login
        refused, no encryption offered, no usable password).
        """
        return SmtpLine(self._settings, self._patience)


class SmtpLine:
    """A line to a mail server; it opens itself again where the server hangs up between two letters."""

    def __init__(self, settings: MailSettings, patience: Patience) -> None:
        self._settings = settings
        self._patience = patience
        self._used = False
        self._dialogue: Dialogue | None = self._open()

    @property
    def limit_bytes(self) -> int | None:
        """The server's SIZE (RFC 1870) or what its provider documents, the smaller; None where neither is known."""
        size = _size_of(self._dialogue) if self._dialogue else None
        preset = preset_of(self._settings)
        known = [limit for limit in (size, preset.limit_bytes if preset else None) if limit]
        return min(known, default=None)

    def send(self, letter: Letter) -> str:
        """Hand one letter over; return the server's answer. Raises as ``Line.send`` says."""
        reused = self._used
        if self._dialogue is None or (reused and not self._dialogue.alive()):
            self._hang_up()
            self._dialogue = self._open()
            reused = False
        self._used = True
        try:
            copies = _introduce(self._dialogue, letter)
        except ServerDownError:
            self._hang_up()
            if not reused:
                raise
            # A server that says goodbye after so many letters is not down; one new call tells.
            self._dialogue = self._open()
            copies = _introduce(self._dialogue, letter)
        try:
            return self._dialogue.pour(letter.chunks(), copies=copies)
        except BaseException:
            # Half a letter is out: whatever is said now would be taken for more of its text.
            self._hang_up()
            raise

    def close(self) -> None:
        """Say goodbye where there is somebody to hear it, and hang up."""
        if self._dialogue is not None:
            self._dialogue.goodbye()
            self._dialogue = None

    def _hang_up(self) -> None:
        if self._dialogue is not None:
            self._dialogue.hang_up()
            self._dialogue = None

    def _open(self) -> Dialogue:
        mail = self._settings
        if not mail.host:
            raise ServerRefusedError(
                "no mail server is set; name one as mail.host, or set mail.transport to maildir or off"
            )
        local, context = mail.transport == "lmtp", trusted(mail)
        wrapped = mail.security == "tls" and not local
        dialogue = Dialogue(mail.host, mail.port, context, self._patience, wrapped=wrapped, local=local)
        try:
            dialogue.hello()
            if mail.security == "starttls" and not mail.host.startswith("/"):
                if not dialogue.has("starttls"):
                    raise ServerRefusedError(
                        f"{dialogue.where} offers no encryption (STARTTLS); set mail.security to tls with its port "
                        "(465), or to none in a network you trust"
                    )
                dialogue.encrypt()
            if mail.user:
                log_in(dialogue, mail, context)
        except BaseException:
            dialogue.hang_up()
            raise
        return dialogue


def trusted(mail: MailSettings) -> ssl.SSLContext:
    """Certificates are checked against the system's authorities, the owner's own beside them, and the name."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if mail.ca_file:
        path = Path(mail.ca_file).expanduser()
        try:
            context.load_verify_locations(cafile=path)
        except OSError as error:
            raise ServerRefusedError(
                f"mail.ca_file {path} holds no certificate in PEM that can be read ({error.strerror or error}); "
                "name one or leave it empty"
            ) from error
    return context


def _introduce(dialogue: Dialogue, letter: Letter) -> int:
    """Say from whom, to whom and how large, up to the server's leave to send the body; return how many copies go."""
    copies = 0
    size, limit = letter.size, _size_of(dialogue)
    if limit is not None and limit < size:
        raise MailRefusedError(
            f"the letter has {size} bytes and {dialogue.where} takes {limit}; fetch the files from the session folder"
        )
    asked = f" SIZE={size}" if dialogue.has("size") else ""
    if not letter.opening.isascii() and dialogue.has("8bitmime"):
        asked += " BODY=8BITMIME"
    if not (letter.sender + letter.recipient).isascii():
        if not dialogue.has("smtputf8"):
            raise MailRefusedError(
                f"{dialogue.where} takes addresses in plain letters only (it has no SMTPUTF8), and {letter.recipient} "
                "is not one; give another address of this person"
            )
        asked += " SMTPUTF8"
    if dialogue.has("dsn"):
        # A bounce brings the headers back and not the whole recording, and names the letter (RFC 3461).
        asked += f" RET=HDRS ENVID={letter.message_id.strip('<>').partition('@')[0]}"
    dialogue.ask(f"MAIL FROM:<{letter.sender}>{asked}", "MAIL", f"the sender {letter.sender}")
    dialogue.ask(f"RCPT TO:<{letter.recipient}>", "RCPT", f"the recipient {letter.recipient}")
    if letter.copy_to:
        # A copy that is refused keeps no letter from its player.
        answer = dialogue.say(f"RCPT TO:<{letter.copy_to}>", "RCPT")
        copies = int(answer[0] // 100 == 2)
        if not copies:
            log.warning("%s takes no copy for %s: %s", dialogue.where, letter.copy_to, dialogue.quoted(*answer))
    dialogue.ask("DATA", "DATA", "the letter", 3)
    return copies


def _size_of(dialogue: Dialogue) -> int | None:
    size = dialogue.extension("size").strip()
    return int(size) if size.isascii() and size.isdecimal() and int(size) > 0 else None
