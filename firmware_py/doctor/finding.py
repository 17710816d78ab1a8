"""What a check found, as plain data. Not here: the checks, or how findings are drawn (``table``)."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self


class Level(StrEnum):
    """How well a thing is: as it should be; worse than it could be, and the box plays; a person must act."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"

    @property
    def badness(self) -> int:
        """0 for green to 2 for red."""
        return list(Level).index(self)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    name: its word, for programs. title: its name for people. found: what is so, in one line. remedy: what to do, empty
    when green. figures: what was measured, units in their names. seconds: how long the look took.
    """

    name: str
    title: str
    level: Level
    found: str
    remedy: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return {**asdict(self), "level": str(self.level), "seconds": round(self.seconds, 3)}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """Read what ``as_json`` gave. Raises ValueError, TypeError or KeyError for anything else."""
        return cls(**{**found, "level": Level(found["level"])})


def worst(findings: Iterable[Finding]) -> Level:
    """Return the worst level among them; green where there are none."""
    return max((finding.level for finding in findings), key=lambda level: level.badness, default=Level.GREEN)
