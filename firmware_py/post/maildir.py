"""A maildir as transport: letters as files that a person can open, for a box or laptop without mail.

The format is D. J. Bernstein's: written in tmp, moved to new, moved on to cur by whoever reads it. Not here:
reading one.
"""

import hashlib
import os
from pathlib import Path

from firmware_py.errors import MailError
from firmware_py.post.letter import Letter
from firmware_py.post.transports import ServerDownError


class MaildirTransport:
    """Letters into a folder with new, cur and tmp, made where it is missing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    def connect(self) -> "MaildirLine":
        """Make the folders. Raises ServerDownError where that fails (full, read-only, not mounted)."""
        try:
            for name in ("tmp", "new", "cur"):
                (self._folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise _closed(self._folder, error) from error
        return MaildirLine(self._folder)


class MaildirLine:
    """An open maildir."""

    limit_bytes: int | None = None

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, letter: Letter) -> str:
        """Write the letter, on disk before it returns, and return its path.

        The file's name comes from the Message-ID, so the same letter lies there once, however often it is sent.
        """
        name = f"{letter.stem}.{hashlib.sha256(letter.message_id.encode()).hexdigest()[:12]}.eml"
        there = self._found(name)
        if there:
            return str(there)
        part, target = self._folder / "tmp" / name, self._folder / "new" / name
        try:
            with part.open("wb") as out:
                for chunk in letter.chunks():
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            part.rename(target)
            _sync(self._folder / "new")
        except MailError:
            part.unlink(missing_ok=True)
            raise
        except OSError as error:
            part.unlink(missing_ok=True)
            raise _closed(self._folder, error) from error
        return str(target)

    def close(self) -> None:
        """Nothing is held open."""

    def _found(self, name: str) -> Path | None:
        """Find the letter in new, or in cur, where readers add flags such as ``:2,S`` to its name."""
        for path in (self._folder / "new" / name, *(self._folder / "cur").glob(f"{name}*")):
            if path.exists():
                _sync(path.parent)
                return path
        return None


def _sync(folder: Path) -> None:
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _closed(folder: Path, error: OSError) -> ServerDownError:
    return ServerDownError(
        f"the maildir {folder} cannot be written ({error.strerror or error}); free some space or mount it writable"
    )
