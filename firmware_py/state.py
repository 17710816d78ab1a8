"""The states a box can be in, by the words that people read: shown by lights, told to systemd, the log and the page.

Not here: the ways between them (``session.machine``).
"""

from enum import StrEnum


class State(StrEnum):
    """What the box is doing; the value is the word that people read."""

    STARTING = "starting"
    READY = "ready"
    COUNTING_IN = "counting-in"
    PLAYING = "playing"
    FINISHING = "finishing"
    FAULT = "fault"

    @property
    def records(self) -> bool:
        """Whether camera and sound are being recorded, so that the recording light must be on."""
        return self in (State.COUNTING_IN, State.PLAYING)

    @property
    def stoppable(self) -> bool:
        """Whether a press of a lone button means stop."""
        return self.records
