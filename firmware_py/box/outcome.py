"""What became of the last update, as a file beside the releases: for the command, the doctor and the lights.

``systemd/guard`` writes the same file when it takes a release back at the machine's start.
"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from firmware_py.box.durable import write_whole
from firmware_py.box.releases import PLACE

TOLD: Final = Path("/run/hand-dance-update")
"""Forgotten when the power goes: the doctor's look meanwhile, and ``taken-back`` for the light."""
_FILE: Final = "outcome.json"


class Result(StrEnum):
    """How an update ended."""

    KEPT = "kept"
    TAKEN_BACK = "taken-back"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True)
class Outcome:
    """The end of one update.

    release: its name, empty where it was not even read. says: one sentence. at: UTC, as the clock of the box had it.
    """

    release: str
    result: Result
    says: str
    at: str = ""

    def keep(self, place: Path = PLACE) -> None:
        """Write it down for whoever asks later."""
        at = self.at or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        write_whole(place / _FILE, json.dumps({**asdict(self), "at": at}).encode(), 0o644)


def last_outcome(place: Path = PLACE) -> Outcome | None:
    """Return what became of the last update; None where there was none, or nobody can read it."""
    try:
        found = json.loads((place / _FILE).read_text())
        return Outcome(str(found["release"]), Result(found["result"]), str(found["says"]), str(found["at"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def tell_light(outcome: Outcome, told: Path = TOLD) -> None:
    """Leave a sentence for the light of an instrument that runs on since its update was taken back."""
    told.mkdir(mode=0o755, parents=True, exist_ok=True)
    if outcome.result is Result.TAKEN_BACK:
        write_whole(told / "taken-back", outcome.says.encode(), 0o644)
    else:
        (told / "taken-back").unlink(missing_ok=True)


def taken_back(told: Path = TOLD) -> str:
    """Return why the last update was taken back since the machine started, empty if none was."""
    try:
        return (told / "taken-back").read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""
