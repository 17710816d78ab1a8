"""Runs the real command as a user would, for the tests of whole sessions."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "firmware_py"]


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str
    pid: int

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        assert self.code == 0, self.err
        return json.loads(self.out)


def environment(state: Path) -> dict[str, str]:
    """The environment of a user whose state folder is ``state`` and who has set nothing else."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HAND_DANCE_")}
    return {**kept, "HAND_DANCE_PATHS_STATE": str(state)}


def run(state: Path, *arguments: str | Path, within_s: float = 100) -> Ran:
    """Run ``hand-dance`` to its end."""
    return finished(start(state, *arguments), within_s)


def finished(command: "subprocess.Popen[str]", within_s: float = 100) -> Ran:
    """Wait for the end of a command; kill it when it does not come in time."""
    with command:
        try:
            out, err = command.communicate(timeout=within_s)
        except subprocess.TimeoutExpired:
            command.kill()
            raise
    return Ran(command.returncode, out, err, command.pid)


def start(state: Path, *arguments: str | Path) -> subprocess.Popen[str]:
    """Start ``hand-dance`` and leave it running."""
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(state),
    )
