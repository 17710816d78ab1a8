"""How each state looks on two lights, as data: told apart from across a room, and without colours.

Not here: the lights themselves (``lights``). Keep it slow: nothing flashes faster than three times a second, which
is the limit for people with photosensitive epilepsy (WCAG 2.3.1).
"""

from dataclasses import dataclass
from typing import Final

from firmware_py.panel.panel import SessionState

STEP_S: Final = 0.2
"""Seconds of one step of a pattern."""


@dataclass(frozen=True)
class Look:
    """One state on the panel.

    status: the status light's steps of STEP_S, repeated for ever. recording: whether the recording light is on.
    """

    status: tuple[bool, ...]
    recording: bool

    @property
    def steady(self) -> bool:
        """Whether the status light stays as it is."""
        return len(set(self.status)) == 1


def _steps(drawn: str) -> tuple[bool, ...]:
    return tuple(step == "#" for step in drawn)


_STATUS: Final = {
    SessionState.STARTING: _steps("#####....."),
    SessionState.READY: _steps("#"),
    SessionState.COUNTING_IN: _steps("##.."),
    SessionState.PLAYING: _steps("#########."),
    SessionState.FINISHING: _steps("#........."),
    SessionState.FAULT: _steps("#.#.#....."),
}


def look_of(state: str) -> Look:
    """Return how a state looks; a name that is not known looks like a fault, and recording is not denied."""
    try:
        known = SessionState(state)
    except ValueError:
        return Look(_STATUS[SessionState.FAULT], recording=True)
    return Look(_STATUS[known], known.records)
