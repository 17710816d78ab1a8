"""smtplib's clients with patience that ends: an answer has to be whole by a deadline, however slowly it drips.

A socket's own time limit begins anew with every byte, so a server that says one each ten seconds could hold the post
for hours. Not here: which limit applies when (``dialogue``).
"""

import smtplib
import socket
import ssl
import time
from contextlib import suppress
from typing import Any, Final

_LONGEST_LINE: Final = 8192
_MOST_LINES: Final = 200


class _Lines:
    """The lines of a socket, each by a deadline; takes the place of the file that smtplib reads from."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._read = bytearray()

    def line(self, deadline: float) -> bytes:
        """Return the next line with its end, empty where the other side hung up; raises TimeoutError."""
        while (end := self._read.find(b"\n")) < 0:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("the answer did not end")
            self._sock.settimeout(left)
            more = self._sock.recv(4096)
            if not more or len(self._read) > _LONGEST_LINE:
                return b""
            self._read += more
        line = bytes(self._read[: end + 1])
        del self._read[: end + 1]
        return line

    def unasked(self) -> bool:
        """Whether something has been said that nobody has waited for yet."""
        if not self._read:
            self._sock.settimeout(0)
            with suppress(BlockingIOError, ssl.SSLWantReadError):
                self._read += self._sock.recv(4096)
        return bool(self._read)

    def close(self) -> None:
        """The socket is smtplib's to close."""


class _Patient(smtplib.SMTP):
    """Reads answers until ``deadline``, in seconds of time.monotonic."""

    deadline = 0.0

    def __init__(self, host: str, port: int, name: str, *, timeout: float, **named: Any) -> None:
        self.deadline = time.monotonic() + timeout
        super().__init__(host, port, name, timeout=timeout, **named)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """Connect to the first of the host's addresses that answers, each within the time; the greeting has its own."""
        sock: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]
        self.deadline = time.monotonic() + timeout
        return sock

    def spoke_unasked(self) -> bool:
        """Whether the server has said something that is no answer to anything said so far."""
        return self._lines().unasked()

    def getreply(self) -> tuple[int, bytes]:
        """Return code and text of one answer; -1 for what is none, with its whole first line."""
        lines = self._lines()
        text = []
        try:
            for _ in range(_MOST_LINES):
                line = lines.line(self.deadline)
                if not line:
                    break
                if not line[:3].isdigit():
                    return -1, line.strip()
                text.append(line[4:].strip(b" \t\r\n"))
                if line[3:4] != b"-":
                    return int(line[:3]), b"\n".join(text)
        except OSError:
            self.close()
            raise
        self.close()
        raise smtplib.SMTPServerDisconnected("the other side hung up")

    def _lines(self) -> _Lines:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("the connection is closed")
        lines: Any = self.file
        if lines is None:  # new, or just encrypted: what was read before counts no more
            self.file = lines = _Lines(self.sock)
        found: _Lines = lines
        return found


class Smtp(_Patient):
    """SMTP, encrypted later or never."""


class Smtps(_Patient, smtplib.SMTP_SSL):
    """SMTP, encrypted from the start."""


class Lmtp(_Patient, smtplib.LMTP):
    """LMTP (RFC 2033): to a port, or to a socket in the file system where the host begins with a slash."""
