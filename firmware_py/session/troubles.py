"""What is missing while a session goes on: the camera, the sound device, the microphone, a picture that shows nothing.

Each is kept under the name of whoever misses it until it is there again; all of them are told as one sentence. Not
here: noticing (``performance``).
"""

from firmware_py.session.machine import StateMachine
from firmware_py.state import State


class Troubles:
    """Tells the state machine what is missing; a new state forgets it there, so it is told again."""

    def __init__(self, machine: StateMachine) -> None:
        self._machine = machine
        self._messages: dict[str, str] = {}

    def say(self, of: str, message: str) -> None:
        """Tell what is missing; an empty message: it is there again."""
        if self._messages.get(of, "") != message:
            self._messages[of] = message
            self._tell()

    def to(self, state: State, reason: str = "") -> None:
        """Move the state machine on; what is missing is still missing then."""
        self._machine.to(state, reason)
        if state.records and any(self._messages.values()):
            self._tell()

    def _tell(self) -> None:
        self._machine.trouble_is("; ".join(filter(None, self._messages.values())))
