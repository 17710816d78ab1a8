"""One conversation with a mail server: every step has a time limit, and whatever stops it becomes one sentence.

Not here: what is said, and in which order (``smtp``).
"""

import logging
import smtplib
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from firmware_py.errors import MailError, MailRefusedError
from firmware_py.post.address import one_line
from firmware_py.post.replies import Lmtp, Smtp, Smtps
from firmware_py.post.transports import ServerDownError, ServerRefusedError

log: Final = logging.getLogger(__name__)

GREETING: Final = "the greeting"
LOGIN: Final = "the login"
_WHOLE_SERVER: Final = (GREETING, "EHLO", "STARTTLS", LOGIN)
_LOGIN_NEEDED: Final = (530, 534, 535, 538)
_GOODBYE: Final = 421
_NO_ANSWER: Final = -1


@dataclass(frozen=True)
class Patience:
    """Seconds after which a step is given up (RFC 5321, 4.5.3.2, shortened where a box can).

    connect: TCP and TLS. answer: EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, each to the end of the answer. piece: one
    piece of about 80 kB of the body. whole: all pieces of a letter together. taken: from the end of the body to the
    server's word that it has the letter; servers look for viruses here, and giving up early makes duplicates.
    """

    connect: float = 30.0
    answer: float = 60.0
    piece: float = 120.0
    whole: float = 1800.0
    taken: float = 600.0


class Dialogue:
    """An open connection to one server.

    Parameters
    ----------
    host, port
        The server.
    context
        Encrypts the connection: at once where ``wrapped``, else when ``encrypt`` is called.
    patience
        Time limits.
    wrapped
        Encrypt from the start.
    local
        Speak LMTP: to the port, or to the socket where the host is a path.

    Raises
    ------
    ServerDownError, ServerRefusedError
        From here and from every method: the server cannot be reached, hangs up, is slow, or wants nobody.
    """

    def __init__(
        self,
        host: str,
        port: int,
        context: ssl.SSLContext,
        patience: Patience,
        *,
        wrapped: bool = False,
        local: bool = False,
    ) -> None:
        self.where = f"the mail server {one_line(host, 80)}" + ("" if host.startswith("/") else f":{port}")
        self._host = host
        self._context = context
        self._patience = patience
        self._secrets: tuple[str, ...] = ()
        self._server: Smtp | Smtps | Lmtp | None = None
        limit = patience.connect
        with self._step(GREETING, limit):
            # The name is replaced below: looking up one's own can take minutes without a network.
            if local:
                self._server = Lmtp(host, port, "localhost", timeout=limit)
            elif wrapped:
                self._server = Smtps(host, port, "localhost", timeout=limit, context=context)
            else:
                self._server = Smtp(host, port, "localhost", timeout=limit)
        self._open_server.command_encoding = "utf-8"
        own = str(self._socket.getsockname()[0]) if self._socket.family != socket.AF_UNIX else "127.0.0.1"
        self._open_server.local_hostname = f"[IPv6:{own}]" if ":" in own else f"[{own}]"

    def hello(self) -> None:
        """Say EHLO, or HELO to a server of the last century."""
        with self._step("EHLO", self._patience.answer):
            code, text = self._open_server.ehlo()
            if code in (500, 502):
                code, text = self._open_server.helo()
        self.expect((code, text), "EHLO")

    def encrypt(self) -> None:
        """STARTTLS, then EHLO again, since nothing said before can be trusted."""
        with self._step("STARTTLS", self._patience.connect):
            code, text = self._open_server.starttls(context=self._context)
        self.expect((code, text), "STARTTLS")
        self.hello()

    def has(self, extension: str) -> bool:
        """Whether the server offers an extension of SMTP."""
        return self._open_server.has_extn(extension)

    def extension(self, name: str) -> str:
        """What the server says of an extension; empty where it has none."""
        return self._server.esmtp_features.get(name, "") if self._server else ""

    def keep_secret(self, *words: str) -> None:
        """Keep words out of every message, even where the server quotes them."""
        self._secrets += tuple(sorted(filter(None, words), key=len, reverse=True))

    def say(self, line: str, step: str) -> tuple[int, bytes]:
        """Say one line and return code and text of the answer."""
        with self._step(step, self._patience.answer):
            return self._open_server.docmd(line)

    def ask(self, line: str, step: str, what: str, good: int = 2) -> None:
        """Say one line and raise unless the answer is a good one; ``what`` was taken or not."""
        self.expect(self.say(line, step), what, good)

    def expect(self, answer: tuple[int, bytes], what: str, good: int = 2) -> None:
        """Raise unless an answer's first digit is the good one: it alone decides (RFC 5321, 4.2.1).

        A server that takes a letter with a code of its own has taken it, and is not sent it again for a week.
        """
        if answer[0] // 100 != good:
            raise self._refusal(*answer, what)

    def pour(self, pieces: Iterable[bytes], *, copies: int = 0) -> str:
        """Send the body after DATA was taken, and return the server's word that it has the letter.

        copies: recipients beside the first, for each of whom LMTP gives an answer of its own (RFC 2033); what it says
        of them keeps no letter from its player.
        """
        with self._step("sending the letter", self._patience.piece):
            end = time.monotonic() + self._patience.whole
            try:
                for piece in _stuffed(pieces):
                    left = end - time.monotonic()
                    if left <= 0:
                        raise ServerDownError(
                            f"{self.where} takes letters too slowly: not one in {self._patience.whole:g} s"
                        )
                    self._socket.settimeout(min(self._patience.piece, left))
                    self._socket.sendall(piece)
            except ConnectionError:
                # A server that hangs up in the middle has often said why.
                self._limit(self._patience.answer)
                self.expect(self._open_server.getreply(), "the letter")
                raise
        with self._step("waiting for the server to take the letter", self._patience.taken):
            if self._open_server.spoke_unasked():
                # Whatever this is, it is not about a letter that has no end yet: only a refusal is believed.
                self._limit(self._patience.answer)
                code, text = self._open_server.getreply()
                if 200 <= code < 400:
                    raise ServerDownError(f"{self.where} answered before the letter had ended ({code}), out of step")
                raise self._refusal(code, text, "the letter")
            self._limit(self._patience.taken)
            self._socket.sendall(b".\r\n")
            code, text = self._open_server.getreply()
            self.expect((code, text), "the letter")
            for _ in range(copies if isinstance(self._server, Lmtp) else 0):
                answer = self._open_server.getreply()
                if answer[0] // 100 != 2:
                    log.warning("%s took no copy: %s", self.where, self.quoted(*answer))
        return self.quoted(code, text)

    def alive(self) -> bool:
        """Whether the server still listens and has forgotten the last letter (RSET)."""
        try:
            return self.say("RSET", "RSET")[0] // 100 == 2
        except ServerDownError:
            return False

    def goodbye(self) -> None:
        """Say QUIT and hang up; never raises."""
        with suppress(ServerDownError):
            self._limit(5)
            with suppress(OSError, smtplib.SMTPException):
                self._open_server.quit()
        self.hang_up()

    def hang_up(self) -> None:
        """Close the connection without a word; never raises."""
        server, self._server = self._server, None
        if server is not None:
            with suppress(OSError):
                server.close()

    def quoted(self, code: int, text: bytes) -> str:
        """An answer as one line without secrets."""
        return f"{code} {self._scrubbed(text.decode('utf-8', 'replace'))}".strip()

    def _limit(self, seconds: float) -> None:
        self._socket.settimeout(seconds)
        self._open_server.deadline = time.monotonic() + seconds

    @property
    def _open_server(self) -> Smtp | Smtps | Lmtp:
        if self._server is None or self._server.sock is None:
            raise ServerDownError(f"{self.where} hung up")
        return self._server

    @property
    def _socket(self) -> socket.socket:
        sock = self._open_server.sock
        if sock is None:
            raise ServerDownError(f"{self.where} hung up")
        return sock

    @contextmanager
    def _step(self, doing: str, limit_s: float) -> Iterator[None]:
        """Limit the time of one step and say what stopped it."""
        try:
            if self._server is not None:
                self._limit(limit_s)
            yield
        except MailError:
            raise
        except smtplib.SMTPResponseException as error:
            said = error.smtp_error
            raise self._refusal(error.smtp_code, said if isinstance(said, bytes) else said.encode(), doing) from error
        except ssl.SSLCertVerificationError as error:
            # It waits: a wrong clock before the network sets it, or a hotel's login page, pass by themselves.
            raise ServerDownError(
                f"the certificate of {self.where} does not hold ({one_line(error.verify_message)}); "
                "is the clock right? If it is a server of your own, name its authority as mail.ca_file"
            ) from error
        except TimeoutError as error:
            ask = "; do mail.port (587, 465) and mail.security (starttls, tls) fit?" if doing == GREETING else ""
            raise ServerDownError(f"{self.where} did not answer within {limit_s:g} s ({doing}){ask}") from error
        except socket.gaierror as error:
            raise ServerDownError(
                f"{self.where} was not found ({one_line(error.strerror or str(error))}); "
                "is the network there, and mail.host right?"
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            if isinstance(error, ssl.SSLError) and doing in (GREETING, "STARTTLS"):
                raise ServerDownError(
                    f"no encryption could be agreed on with {self.where} ({one_line(error.reason or str(error))}); "
                    "it takes TLS 1.2 or later, and a mail.security (starttls, tls) that fits mail.port (587, 465)"
                ) from error
            raise ServerDownError(
                f"the conversation with {self.where} broke off ({doing}: {self._scrubbed(str(error))})"
            ) from error
        except UnicodeError as error:
            raise ServerRefusedError(
                f"mail.host {one_line(self._host, 80)!r} is not a server's name; give one like smtp.example.org"
            ) from error

    def _refusal(self, code: int, text: bytes, what: str) -> MailError:
        """Which of the four errors an answer is: for this letter or all, for now or until a person acts."""
        said = f"{self.where} did not take {what} ({self.quoted(code, text)})"
        if code == _NO_ANSWER:
            words = self._scrubbed(text.decode("utf-8", "replace"))
            return ServerDownError(
                f"{self.where} does not speak like a mail server ({what}: {words!r}); "
                "are mail.host, mail.port and mail.security those of one?"
            )
        if code == _GOODBYE:
            return ServerDownError(said)
        if code in _LOGIN_NEEDED:
            return ServerRefusedError(
                f"{said}; set mail.user and put the right password in place (at Gmail and others an app password), "
                "then run 'hand-dance post --retry all'"
            )
        if what in _WHOLE_SERVER:
            return ServerRefusedError(said) if 500 <= code < 600 else ServerDownError(said)
        return MailRefusedError(said) if 500 <= code < 600 else MailError(said)

    def _scrubbed(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return one_line(text, 200)


def _stuffed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Double the dot at the start of a line (RFC 5321, 4.5.2); every piece begins a line."""
    for piece in pieces:
        doubled = piece.replace(b"\r\n.", b"\r\n..")
        yield b"." + doubled if doubled.startswith(b".") else doubled
