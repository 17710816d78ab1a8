"""A program as transport: whatever takes a letter the way sendmail does, such as msmtp, and answers by its exit code.

Under the box's own service no program can gain rights (NoNewPrivileges). One that is made to, as a mail system's own
sendmail is, would fail there in ways of its own; it is refused with the way that works: the same mail system by SMTP
on this machine. Not here: SMTP and LMTP themselves (``smtp``).
"""

import shlex
import shutil
import stat
import subprocess
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from firmware_py.errors import MailError, MailRefusedError
from firmware_py.post.address import one_line
from firmware_py.post.letter import Letter
from firmware_py.post.transports import ServerDownError, ServerRefusedError

LIMIT_S: Final = 1800.0
INSTEAD: Final = (
    'reach the mail system of this machine with preset = "lan" and host = "localhost" under [mail], '
    "or name a program without such rights, msmtp say, as command"
)
# sysexits.h
_LETTER_REFUSED: Final = {65: "EX_DATAERR", 67: "EX_NOUSER", 68: "EX_NOHOST"}
_ALL_REFUSED: Final = {64: "EX_USAGE", 69: "EX_UNAVAILABLE", 77: "EX_NOPERM", 78: "EX_CONFIG"}


class SendmailTransport:
    """A program with sendmail's flags ``-f SENDER -- RECIPIENT`` that reads the letter.

    Parameters
    ----------
    command
        The program and its own flags, quoted as in a shell.
    limit_s
        Seconds after which it is ended.
    limit_bytes
        The largest letter that it takes; None: it does not say.
    """

    def __init__(self, command: str, limit_s: float = LIMIT_S, limit_bytes: int | None = None) -> None:
        self._command = command
        self._limit_s = limit_s
        self._limit_bytes = limit_bytes

    def connect(self) -> "SendmailLine":
        """Read the command. Raises ServerRefusedError where there is none, or none that can work here."""
        try:
            words = shlex.split(self._command)
        except ValueError as error:
            raise ServerRefusedError(f"mail.command {self._command!r} cannot be read ({error}); quote it") from error
        if not words:
            raise ServerRefusedError("mail.command is empty; name the program that takes letters")
        if gains_rights(self._command) and rights_are_fixed():
            raise ServerRefusedError(
                f"mail.command {one_line(words[0], 80)} works with another user's rights, "
                f"which the mail service cannot give it; {INSTEAD}"
            )
        if shutil.which(words[0]) is None:
            raise ServerRefusedError(
                f"mail.command {one_line(words[0], 80)} cannot be run (no such program); install it or name another"
            )
        return SendmailLine(words, self._limit_s, self._limit_bytes)


class SendmailLine:
    """The program, started anew for every letter."""

    def __init__(self, words: list[str], limit_s: float, limit_bytes: int | None) -> None:
        self._words = words
        self._limit_s = limit_s
        self.limit_bytes = limit_bytes

    def send(self, letter: Letter) -> str:
        """Let the program read one letter to its end. Raises as ``Line.send`` says."""
        name = one_line(self._words[0], 80)
        # Its words go into a file: a pipe that nobody reads meanwhile would stop it.
        with tempfile.TemporaryFile() as told:
            command = [*self._words, "-f", letter.sender, "--", letter.recipient]
            if letter.copy_to:
                command.append(letter.copy_to)
            try:
                program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=told, stderr=told)
            except OSError as error:
                raise ServerRefusedError(
                    f"mail.command {name} cannot be run ({error.strerror}); install it or name another"
                ) from error
            timed_out = threading.Event()

            def end() -> None:
                if program.poll() is None:
                    timed_out.set()
                    program.kill()

            late = threading.Timer(self._limit_s, end)
            late.start()
            try:
                self._pour(program, letter)
                code = program.wait()
            except BaseException:
                # Half a letter must not end as if it were whole: the program dies before its input does.
                program.kill()
                program.wait()
                raise
            finally:
                late.cancel()
                _close(program)
            told.seek(0)
            said = one_line(told.read(2000).decode("utf-8", "replace"), 200)
        if timed_out.is_set():
            raise ServerDownError(f"{name} did not take the letter within {self._limit_s:g} s")
        return _outcome(name, code, said)

    def close(self) -> None:
        """Nothing is held open."""

    @staticmethod
    def _pour(program: "subprocess.Popen[bytes]", letter: Letter) -> None:
        if program.stdin is None:
            raise ServerDownError("the program has no input")
        try:
            for piece in letter.chunks():
                program.stdin.write(piece.replace(b"\r\n", b"\n"))
            program.stdin.close()
        except BrokenPipeError:
            return  # it ended first, and its exit code says why


def gains_rights(command: str) -> bool:
    """Whether the program takes on another user's or group's rights when it is started (setuid, setgid)."""
    try:
        found = shutil.which(shlex.split(command)[0])
        return bool(found) and bool(Path(str(found)).stat().st_mode & (stat.S_ISUID | stat.S_ISGID))
    except (ValueError, IndexError, OSError):
        return False


def rights_are_fixed() -> bool:
    """Whether no program started from here can gain rights, as in the mail service (proc(5), NoNewPrivs)."""
    try:
        return "NoNewPrivs:\t1\n" in Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False


def _close(program: "subprocess.Popen[bytes]") -> None:
    with suppress(OSError):  # it has ended: what is left in the pipe interests nobody
        if program.stdin is not None:
            program.stdin.close()


def _outcome(name: str, code: int, said: str) -> str:
    if code == 0:
        return one_line(f"{name} took it {said}".strip(), 200)
    why = f"{name} did not take the letter (exit {code}{f': {said}' if said else ''})"
    if rights_are_fixed() and code not in _LETTER_REFUSED:
        # It may start another that gains rights, as postfix's does.
        why += f"; where it needs rights that the mail service lacks, {INSTEAD}"
    if code in _LETTER_REFUSED:
        raise MailRefusedError(why)
    if code in _ALL_REFUSED:
        raise ServerRefusedError(f"{why}; set it up so that it sends, then run 'hand-dance post --retry all'")
    raise MailError(why)
