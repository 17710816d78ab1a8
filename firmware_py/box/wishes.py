"""Wishes: what the instrument asks of root, as files in a folder that root's own unit watches.

The instrument's user has no rights on the machine. It says what it wants; ``box.grant`` decides and does it. Wishes lie
in memory (``/run``): a power cut forgets them, so that no wish to be turned off outlives it and no password reaches the
card. Not here: doing any of them.
"""

import os
import stat
from enum import StrEnum
from pathlib import Path
from typing import Final

from firmware_py.errors import WishError

FOLDER: Final = Path("/run/hand-dance-wishes")
MOST_BYTES: Final = 4096
_SUFFIX: Final = ".wish"


class Wish(StrEnum):
    """What can be asked for; the value is the file's name."""

    POWER_OFF = "power-off"
    RESET_NETWORK = "reset-network"
    JOIN_NETWORK = "join-network"

    def file(self, folder: Path) -> Path:
        """Return the file that asks for this."""
        return folder / f"{self.value}{_SUFFIX}"


def ask(wish: Wish, text: str = "", folder: Path = FOLDER) -> None:
    """Ask for something; a wish that is still open is replaced.

    Raises WishError where nobody grants wishes (the box was not installed as one), or the folder cannot be written.
    """
    content = text.encode()
    if len(content) > MOST_BYTES:
        raise WishError(f"a wish of {len(content)} bytes was made; allowed are {MOST_BYTES}")
    file = wish.file(folder)
    # Written whole under a name that is not watched; its group may read it, which root's unit is a member of.
    draft = file.with_suffix(".draft")
    try:
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640), "wb") as opened:
            os.fchmod(opened.fileno(), 0o640)
            opened.write(content)
        draft.replace(file)
    except OSError as error:
        raise WishError(
            f"nobody here can {wish.value.replace('-', ' ')} ({error.strerror}: {folder}); "
            "that needs the services: sudo make install"
        ) from error


def taken(folder: Path = FOLDER) -> list[tuple[Wish, str]]:
    """Take the wishes that lie there, each once and in the order of ``Wish``; what is no wish is removed unread.

    The folder is a stranger's to root: a link, pipe, folder or huge file in it is not followed, opened or waited for.
    """
    found: list[tuple[Wish, str]] = []
    for wish in Wish:
        file = wish.file(folder)
        try:
            with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:
                content = opened.read(MOST_BYTES + 1) if stat.S_ISREG(os.fstat(opened.fileno()).st_mode) else None
            if content is not None and len(content) <= MOST_BYTES:
                found.append((wish, content.decode()))
        except (OSError, UnicodeDecodeError):
            continue  # not there, or nothing that the instrument wrote
    for file in folder.glob(f"*{_SUFFIX}"):
        _remove(file)
    return found


def _remove(file: Path) -> None:
    try:
        file.rmdir() if file.is_dir() and not file.is_symlink() else file.unlink()
    except FileNotFoundError:
        return
