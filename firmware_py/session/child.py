"""One supervised process: started as a program of its own, watched by its output, started again when it dies.

It gets its plan as JSON on standard input and tells events as JSON lines on standard output; what it has to say to
people goes to standard error, which is ours. Its death is the end of its output, so nothing is ever polled for.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, cast

from firmware_py.errors import ChildFailedError
from firmware_py.session.saying import say

Event = dict[str, Any]

RESTARTS_ALLOWED: Final = 5
RESTARTS_WITHIN_S: Final = 20.0


@dataclass(frozen=True)
class Death:
    """How a process ended: exit status (negative: the signal), and the instant it was noticed (CLOCK_MONOTONIC)."""

    status: int
    at_ns: int

    @property
    def reason(self) -> str:
        """In words."""
        if self.status < 0:
            known = {number.value: number.name for number in signal.Signals}
            return f"killed by {known.get(-self.status, f'signal {-self.status}')}"
        return f"exited with {self.status}"


class Child:
    """A process of a session.

    name: for people and session.json. module: run as ``python -m module``. plan: gives the JSON for its standard
    input anew at each start.
    """

    def __init__(self, name: str, module: str, plan: Callable[[], str]) -> None:
        self.name = name
        self.plan = plan
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = b""
        self._starts: deque[float] = deque(maxlen=RESTARTS_ALLOWED + 1)

    @property
    def pid(self) -> int | None:
        """The process's number, None while there is none."""
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        """Whether it was started and its end was not noticed yet."""
        return self._process is not None

    def start(self, *, more: bool = False) -> int:
        """Start it and return the descriptor that its events come from. Raises ChildFailedError where it cannot.

        more: another plan follows, so that standard input stays open; the next start hands it to the process that
        waits for it.
        """
        if (waiting := self._handed_over()) is not None:
            return waiting
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", self._module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=_environment(),
                start_new_session=True,  # Ctrl-C is for the supervisor, which ends its children in order
            )
        except OSError as error:
            raise ChildFailedError(
                f"{self.name} cannot be started ({error.strerror}); end other programs and try again"
            ) from error
        self._process = process
        self._rest = b""
        self._starts.append(time.monotonic())
        stdin, stdout = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        # A process that died already is told by its closed output as well, so a broken pipe is no news.
        with suppress(BrokenPipeError):
            self._write_plan(stdin, more=more)
        os.set_blocking(stdout.fileno(), False)
        return stdout.fileno()

    def _write_plan(self, stdin: IO[bytes], *, more: bool) -> None:
        try:
            stdin.write(self.plan().encode() + b"\n")
            stdin.flush()
        finally:
            if not more:
                with suppress(BrokenPipeError):  # what was not flushed cannot be
                    stdin.close()

    def _handed_over(self) -> int | None:
        """Hand the plan to the process that waits for it; None where none does, or it has just died."""
        process = self._process
        if process is None or process.stdin is None or process.stdin.closed or process.stdout is None:
            return None
        try:
            self._write_plan(process.stdin, more=False)
        except BrokenPipeError:
            self.stop(0.0)
            return None
        self._starts.append(time.monotonic())
        return process.stdout.fileno()

    def events(self) -> tuple[list[Event], Death | None]:
        """Return the events that have come, and the process's death when its output has ended."""
        process = self._process
        if process is None or process.stdout is None:
            return [], None
        ended = False
        while True:
            try:
                chunk = os.read(process.stdout.fileno(), 65_536)
            except BlockingIOError:
                break
            if not chunk:
                ended = True
                break
            self._rest += chunk
        *lines, self._rest = self._rest.split(b"\n")
        events = [event for line in lines if (event := self._event_in(line)) is not None]
        if not ended:
            return events, None
        death = Death(process.wait(), time.monotonic_ns())
        process.stdout.close()
        if process.stdin:
            process.stdin.close()
        self._process = None
        return events, death

    def _event_in(self, line: bytes) -> Event | None:
        """Return the event of one line; whatever else a library prints there is passed on to people."""
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if isinstance(event, dict) and isinstance(event.get("event"), str):
            return event
        if line.strip():
            say(f"{self.name}: {line.decode(errors='replace').strip()}")
        return None

    @property
    def started_ns(self) -> int:
        """When it was last started (CLOCK_MONOTONIC), 0 if never."""
        return round(self._starts[-1] * 1e9) if self._starts else 0

    @property
    def hopeless(self) -> bool:
        """Whether it was started so often in so short a time that another start would not help."""
        return len(self._starts) > RESTARTS_ALLOWED and self._starts[-1] - self._starts[0] < RESTARTS_WITHIN_S

    def kill(self) -> None:
        """End it by force, now; ``events`` will tell of its death."""
        if self._process is not None:
            self._process.kill()

    def stop(self, within_s: float) -> int | None:
        """Ask it to end, end it by force when it does not, and return its exit status (None: it was not running)."""
        process = self._process
        if process is None:
            return None
        process.terminate()
        try:
            status = process.wait(within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with suppress(BrokenPipeError):
                    pipe.close()
        self._process = None
        return status


def _environment() -> dict[str, str]:
    """Return our environment, in which the child finds the very package that we run from."""
    package = str(Path(__file__).resolve().parents[2])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))}
