"""SMTP as transport: one login, then letters streamed one after the other.

The login is made here and not by smtplib, so that a wrong password is tried once and not once per mechanism, and
may hold any letters. Not here: time limits and what an answer means (``dialogue``), what becomes of a letter.
"""

import base64
import logging
import ssl
from pathlib import Path
from typing import Final

from firmware_py.config import MailSettings
from firmware_py.errors import MailRefusedError
from firmware_py.post.address import one_line
from firmware_py.post.dialogue import LOGIN, Dialogue, Patience
from firmware_py.post.letter import Letter
from firmware_py.post.password import password
from firmware_py.post.transports import ServerDownError, ServerRefusedError

log: Final = logging.getLogger(__name__)

_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


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
        """The server's SIZE (RFC 1870); None where it names none."""
        size = self._dialogue.extension("size").strip() if self._dialogue else ""
        return int(size) if size.isdecimal() and int(size) > 0 else None

    def send(self, letter: Letter) -> str:
        """Hand one letter over; return the server's answer. Raises as ``Line.send`` says."""
        reused = self._used
        if self._dialogue is None or (reused and not self._dialogue.alive()):
            self._hang_up()
            self._dialogue = self._open()
            reused = False
        self._used = True
        try:
            _introduce(self._dialogue, letter)
        except ServerDownError:
            self._hang_up()
            if not reused:
                raise
            # A server that says goodbye after so many letters is not down; one new call tells.
            self._dialogue = self._open()
            _introduce(self._dialogue, letter)
        try:
            return self._dialogue.pour(letter.chunks())
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
        wrapped = mail.security == "tls"
        dialogue = Dialogue(mail.host, mail.port, _context(mail), self._patience, wrapped=wrapped)
        try:
            dialogue.hello()
            if mail.security == "starttls":
                if not dialogue.has("starttls"):
                    raise ServerRefusedError(
                        f"{dialogue.where} offers no encryption (STARTTLS); set mail.security to tls with its port "
                        "(465), or to none in a network you trust"
                    )
                dialogue.encrypt()
            if mail.user:
                _log_in(dialogue, mail)
        except BaseException:
            dialogue.hang_up()
            raise
        return dialogue


def _context(mail: MailSettings) -> ssl.SSLContext:
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


def _log_in(dialogue: Dialogue, mail: MailSettings) -> None:
    """AUTH PLAIN (RFC 4616) or LOGIN, in UTF-8, once."""
    if mail.security == "none" and mail.host not in _LOOPBACK:
        raise ServerRefusedError(
            f"{dialogue.where} would get the password unencrypted; set mail.security to starttls or tls, "
            "or leave mail.user empty"
        )
    secret = password(mail.password_file)
    plain = _base64(f"\0{mail.user}\0{secret}")
    dialogue.keep_secret(plain, _base64(secret), secret)
    mechanisms = dialogue.extension("auth").upper().split()
    if "PLAIN" in mechanisms:
        answer = dialogue.say(f"AUTH PLAIN {plain}", "AUTH")
    elif "LOGIN" in mechanisms:
        answer = dialogue.say("AUTH LOGIN", "AUTH")
        for word in (_base64(mail.user), _base64(secret)):
            if answer[0] == 334:
                answer = dialogue.say(word, "AUTH")
    else:
        raise ServerRefusedError(
            f"{dialogue.where} offers no login known here (PLAIN or LOGIN; it has: "
            f"{one_line(' '.join(mechanisms)) or 'none'}); leave mail.user empty if it needs none"
        )
    dialogue.expect(answer, LOGIN, 235)


def _introduce(dialogue: Dialogue, letter: Letter) -> None:
    """Say from whom, to whom and how large, up to the server's leave to send the body."""
    size = letter.size
    limit = dialogue.extension("size").strip()
    if limit.isdecimal() and 0 < int(limit) < size:
        raise MailRefusedError(
            f"the letter has {size} bytes and {dialogue.where} takes {limit}; fetch the files from the session folder"
        )
    declared = f" SIZE={size}" if dialogue.has("size") else ""
    dialogue.ask(f"MAIL FROM:<{letter.sender}>{declared}", "MAIL", f"the sender {letter.sender}", 250)
    dialogue.ask(f"RCPT TO:<{letter.recipient}>", "RCPT", f"the recipient {letter.recipient}", 250, 251)
    if letter.copy_to:
        # A copy that is refused keeps no letter from its player.
        answer = dialogue.say(f"RCPT TO:<{letter.copy_to}>", "RCPT")
        if answer[0] not in (250, 251):
            log.warning("%s takes no copy for %s: %s", dialogue.where, letter.copy_to, dialogue.quoted(*answer))
    dialogue.ask("DATA", "DATA", "the letter", 354)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
