"""A box's own systemd, files and journal, spoken to from outside through the agent in there.

Not here: what the box runs in (machine.py, container.py), which says how bytes get to the agent and back.
"""

import base64
import itertools
import json
import re
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

SLOW_S = 300.0  # for whatever an emulated machine does on a busy one
TOOLS = "/usr/local/lib/box"
INSTRUMENT = "hand-dance"
MAILER = "hand-dance-post"
STATE = "/var/lib/hand-dance"
BOOT_FILE = "/boot/firmware/hand-dance.toml"


@dataclass(frozen=True)
class Answer:
    """How a shell line inside ended."""

    code: int
    out: str


@dataclass(frozen=True)
class Line:
    """A line of the journal, and when it was written: seconds since the kernel started."""

    text: str
    at_s: float


class Inside(ABC):
    """What is asked and awaited inside a box, one thing at a time."""

    def __init__(self) -> None:
        self._ids = itertools.count()
        self._rest = b""
        self._cursors: dict[str, str] = {}
        self._ahead_s = 0.0  # of our clock, the one in there

    @abstractmethod
    def _send(self, line: bytes) -> None:
        """Send a line to the agent."""

    @abstractmethod
    def _receive(self, within_s: float) -> bytes:
        """Return what has come from the agent, empty if nothing did; fails once nothing can come any more."""

    def greeted(self, limit: float) -> None:
        """Wait until a new agent is there."""
        self._rest, self._cursors = b"", {}
        hello = self._told(limit)
        assert "hello" in hello, hello

    @property
    def now_s(self) -> float:
        """What the clock in there says, to a few hundredths of a second."""
        return time.monotonic() + self._ahead_s

    def ask(self, line: str, within_s: float = SLOW_S) -> Answer:
        """Run a shell line inside as root."""
        answer = self._answered({"run": line, "within_s": within_s}, within_s)
        return Answer(answer["code"], answer["out"].strip())

    def told(self, line: str) -> None:
        """Have a shell line run inside that may be the end of whoever would answer."""
        self._send(json.dumps({"run": line, "within_s": SLOW_S, "id": next(self._ids)}).encode() + b"\n")

    def run(self, line: str, within_s: float = SLOW_S) -> str:
        """Run a shell line inside that has to succeed, and return what it printed."""
        answer = self.ask(line, within_s)
        assert answer.code == 0, f"{line}: exit {answer.code}: {answer.out}"
        return answer.out

    def read(self, path: str) -> bytes:
        """Return what is in a file inside."""
        return base64.b64decode(self.run(f"base64 -w0 {path}"))

    def write(self, path: str, content: bytes) -> None:
        """Write a file inside, in place of what is there."""
        self.run(f"echo {base64.b64encode(content).decode()} | base64 -d >{path}")

    def look(self) -> dict[str, Any]:
        """Return what there is inside: sessions and letters."""
        found: dict[str, Any] = json.loads(self.run(f"{TOOLS}/look"))
        return found

    def hears(self, pattern: str, unit: str = INSTRUMENT, within_s: float = SLOW_S) -> Line:
        """Wait for the next line of a unit's journal that matches; each line is looked at once."""
        line = self.may_hear(pattern, unit, within_s)
        assert line is not None, f"no {pattern!r} within {within_s:.0f} s; {self.journal()}"
        return line

    def catch_up(self, unit: str = INSTRUMENT) -> None:
        """Let what a unit's journal says up to now be heard."""
        last = self.run(f"journalctl --boot --unit={unit} --lines=1 --output=json --quiet")
        if last:
            self._cursors[unit] = json.loads(last)["__CURSOR"]

    def may_hear(self, pattern: str, unit: str, within_s: float) -> Line | None:
        """Wait for such a line for so long; None: none came."""
        after = self._cursors.get(unit, "")
        answer = self._answered({"await": pattern, "unit": unit, "after": after, "within_s": within_s}, within_s)
        if answer["line"] is None:
            return None
        self._cursors[unit] = answer["cursor"]
        return Line(answer["line"], answer["at_s"])

    def hears_state(self, state: str, within_s: float = SLOW_S) -> Line:
        """Wait until the instrument says that it has come to a state."""
        return self.hears(rf"^{re.escape(state)}(:|$)", INSTRUMENT, within_s)

    def settled(self, within_s: float = SLOW_S) -> dict[str, Any]:
        """Wait until every session has its end and its score, and its letter has come; return what there is then."""
        limit = time.monotonic() + within_s
        while True:
            found = self.look()
            sessions = found["sessions"].values()
            finished = all(one["end"] and not one["unfinished"] and "score.pdf" in one["sha256"] for one in sessions)
            if finished and len(sessions) == len({each["id"] for each in found["letters"]}):
                assert found["bare"] == [], "a folder that is no session"
                return found
            assert time.monotonic() < limit, f"not settled: {found}; {self.journal()}"
            self.may_hear("^Finished", MAILER, within_s=10.0)

    def journal(self, lines: int = 60) -> str:
        """Return the last lines of the journal."""
        return self.ask(f"journalctl --boot --no-pager --lines={lines}").out

    def _answered(self, asked: dict[str, Any], within_s: float) -> dict[str, Any]:
        number = next(self._ids)
        self._send(json.dumps(asked | {"id": number}).encode() + b"\n")
        limit = time.monotonic() + within_s + SLOW_S
        while (answer := self._told(limit)).get("id") != number:
            pass
        return answer

    def _told(self, limit: float) -> dict[str, Any]:
        """Return the next line from inside."""
        come = [self._rest]
        while b"\n" not in come[-1]:
            left = limit - time.monotonic()
            assert left > 0, f"no answer from inside, but {sum(map(len, come))} bytes of one"
            come.append(self._receive(left))
        line, self._rest = b"".join(come).split(b"\n", 1)
        told: dict[str, Any] = json.loads(line)
        self._ahead_s = told["now_s"] - time.monotonic()
        return told
