"""The machine as the checks see it: its files, and the commands that tell of it. Tests put another one in its place.

Not here: cameras, sound devices and servers, which are opened as the instrument opens them.
"""

import fcntl
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

COMMAND_S: Final = 4.0


@dataclass(frozen=True)
class Machine:
    """A machine below a root folder."""

    root: Path = Path("/")

    def file(self, name: str) -> Path:
        """Return the path of ``/etc/…``, ``/proc/…`` and the like on this machine."""
        return self.root / name.lstrip("/")

    def read(self, name: str) -> str | None:
        """Return a small file's text without blanks around it, None where it cannot be read."""
        try:
            return self.file(name).read_text(errors="replace").strip()
        except OSError:
            return None

    def tells(self, *command: str) -> str | None:
        """Return what a command prints; None where there is none, it fails, or takes longer than COMMAND_S."""
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=COMMAND_S,
                check=False,
                env={**os.environ, "LC_ALL": "C"},
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else None


def player_of(state: Path) -> int | None:
    """Return the process that plays from this state folder (``run`` or ``play``), None where nobody does."""
    try:
        handle = os.open(state / "hand-dance.lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(os.pread(handle, 20, 0).decode(errors="replace").strip() or 0)
        return None
    except (OSError, ValueError):
        return None
    finally:
        os.close(handle)
