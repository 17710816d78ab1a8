"""A command of the system, run and listened to; what it could not do is logged, and no exception."""

import logging
import os
import subprocess
from collections.abc import Callable, Sequence
from typing import Final

log: Final = logging.getLogger(__name__)


def told(command: str) -> Callable[[Sequence[str], float], str | None]:
    """Return a function that runs a command with arguments, within so many seconds, and returns what it prints.

    That is None where there is no such command, it fails, or it hangs.
    """

    def tell(arguments: Sequence[str], within_s: float) -> str | None:
        try:
            done = subprocess.run(
                [command, *arguments],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=within_s,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "LC_ALL": "C.UTF-8"},
            )
        except FileNotFoundError:
            log.debug("there is no %s here", command)
            return None
        except (OSError, subprocess.TimeoutExpired) as error:
            log.warning("%s: %s", command, error)
            return None
        if done.returncode:
            log.warning("%s %s ended with %d: %s", command, " ".join(arguments), done.returncode, done.stderr.strip())
            return None
        return done.stdout

    return tell
