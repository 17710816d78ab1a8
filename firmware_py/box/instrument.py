"""The installed instrument as systemd sees it: is it playing, is it well, let it start anew.

Not here: what follows from any of it (``health``, ``update``).
"""

import json
import logging
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware_py.box.outcome import TOLD
from firmware_py.box.releases import PLACE
from firmware_py.errors import UpdateError
from firmware_py.state import State

log: Final = logging.getLogger(__name__)
SERVICE: Final = "hand-dance.service"
START_S: Final = 240.0  # TimeoutStartSec, and the end of the one before
_ASKED: Final = ("ActiveState", "MainPID", "NRestarts", "StatusText")
_BUSY: Final = tuple(str(state) for state in State if state.records or state is State.FINISHING)

Tell = Callable[[Sequence[str], float], tuple[int, str]]


def _systemctl(arguments: Sequence[str], within_s: float) -> tuple[int, str]:
    """Return how systemctl ended and what it said; a machine without it, or one that hangs, has failed."""
    try:
        done = subprocess.run(
            ["systemctl", *arguments], capture_output=True, text=True, timeout=within_s, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 1, str(error)
    return done.returncode, (done.stdout or done.stderr).strip()


@dataclass(frozen=True)
class Pulse:
    """How the instrument's service is at one moment.

    active: it said that it is ready, and runs. pid: of its main process. restarts: by systemd, since somebody last
    started it. status: what it says it is doing.
    """

    active: bool
    pid: int
    restarts: int
    status: str

    @property
    def playing(self) -> bool:
        """Whether a session is counted in, played or finished."""
        return self.active and self.status.startswith(_BUSY)


class Instrument:
    """The services of this machine; tests give another systemctl and other folders."""

    def __init__(self, systemctl: Tell = _systemctl, place: Path = PLACE, told: Path = TOLD) -> None:
        self._systemctl = systemctl
        self._place = place
        self._told = told

    def pulse(self) -> Pulse:
        """Look at the instrument now."""
        _, said = self._systemctl(["show", f"--property={','.join(_ASKED)}", SERVICE], 20.0)
        found = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
        pid, restarts = (int(found.get(key) or 0) for key in ("MainPID", "NRestarts"))
        return Pulse(found.get("ActiveState") == "active", pid, restarts, found.get("StatusText", ""))

    def settle(self) -> None:
        """Let units, users and folders of the machine be those of the current release."""
        self._must(["daemon-reload"], 60.0)
        self._must(["start", "hand-dance-settle.service"], 90.0)

    def restart(self) -> None:
        """Start the current release's services; returns once the instrument says that it is ready.

        Raises UpdateError, with what it said last, where it does not come to that.
        """
        _, failed = self._systemctl(["reset-failed", SERVICE], 20.0)  # no fault where it has not failed
        log.debug("%s", failed)
        code, said = self._systemctl(["restart", SERVICE], START_S)
        if code:
            raise UpdateError(f"the instrument did not become ready ({said.splitlines()[0] if said else 'no reason'})")
        for unit in self._others():
            self._must(["restart", unit], 60.0)

    def examine(self) -> dict[str, str]:
        """Return the doctor's levels of what a release answers for, by name; empty where it cannot look."""
        self._told.mkdir(mode=0o755, parents=True, exist_ok=True)
        file = self._told / "doctor.json"
        file.unlink(missing_ok=True)
        self._systemctl(["start", "hand-dance-doctor.service"], 90.0)
        try:
            return {str(each["name"]): str(each["level"]) for each in json.loads(file.read_text())["checks"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("the doctor could not look: %s", error)
            return {}

    def _others(self) -> list[str]:
        """Return the units beside the instrument that an update leaves running: paths and timers."""
        try:
            units = (self._place / "current/systemd/services").read_text().split()
        except OSError:
            return []
        return [unit for unit in units if unit.endswith((".path", ".timer"))]

    def _must(self, arguments: Sequence[str], within_s: float) -> None:
        code, said = self._systemctl(arguments, within_s)
        if code:
            raise UpdateError(f"systemctl {' '.join(arguments)} failed ({said})")
