"""What a check is: a function that looks at some things, their names and titles, and the time that it may take."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from firmware_py.config import Config
from firmware_py.doctor.finding import Finding, Level
from firmware_py.doctor.place import Machine


@dataclass(frozen=True)
class Patient:
    """What is examined: a configuration on a machine; complaint: what was refused in the configuration, if anything."""

    config: Config
    machine: Machine = field(default_factory=Machine)
    complaint: str = ""


@dataclass(frozen=True)
class Check:
    """One look.

    things: names and titles of what it tells about, in order; it gives one finding for each. look: raises nothing that
    it can foresee. limit_s: after which it is given up. alone: it touches what can hang in a driver or changes its
    process, and so runs in one of its own.
    """

    things: Mapping[str, str]
    look: Callable[[Patient], list[Finding]]
    limit_s: float = 8.0
    alone: bool = False

    def found_by(self, look: Callable[[], list[Finding]]) -> list[Finding]:
        """Return what a look finds; one that fails is a finding too, and stops no other one. Raises nothing."""
        try:
            return look()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            return self.all_are(
                Level.RED,
                f"the check failed ({type(error).__name__}: {error})",
                "this is a mistake of the program; tell us",
            )

    def all_are(self, level: Level, found: str, remedy: str) -> list[Finding]:
        """Return the same of each thing: for a look that could not be taken."""
        return [Finding(name, title, level, found, remedy) for name, title in self.things.items()]
