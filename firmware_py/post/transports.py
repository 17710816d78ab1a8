"""What a transport is: something that hands one letter over, or says in which of four ways it could not.

Not here: the transports themselves (``maildir``, ``smtp``), or what becomes of a letter that failed (``mailer``).
"""

from typing import Protocol

from firmware_py.errors import MailError, MailRefusedError
from firmware_py.post.letter import Letter


class ServerDownError(MailError):
    """The way is closed for every letter just now: no network, no answer, a busy server. All wait."""


class ServerRefusedError(MailRefusedError):
    """The way is closed for every letter until a person acts: a wrong password, a server without encryption."""


class Line(Protocol):
    """An open way to hand letters over, one after the other."""

    @property
    def limit_bytes(self) -> int | None:
        """The largest letter it takes, as encoded; None: it does not say."""
        ...

    def send(self, letter: Letter) -> str:
        """Hand one letter over and return where it is or what the server answered.

        It returns only once the other side has taken the responsibility. Raises MailError (this letter waits),
        MailRefusedError (this letter needs a person), ServerDownError and ServerRefusedError (so do all others).
        """
        ...

    def close(self) -> None:
        """Hang up; never raises."""
        ...


class Transport(Protocol):
    """A way for letters to leave the box."""

    def connect(self) -> Line:
        """Open the line. Raises as ``Line.send`` does."""
        ...
