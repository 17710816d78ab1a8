"""How each state looks on the lights, as data: told apart from across a room, and without colours, which come on top.

Not here: the lights themselves (``lights``). Keep it slow: nothing flashes faster than three times a second, which
is the limit for people with photosensitive epilepsy (WCAG 2.3.1).
"""

from dataclasses import dataclass
from typing import Final

from firmware_py.panel.presses import Hold
from firmware_py.state import State

STEP_S: Final = 0.2
"""Seconds of one step of a pattern."""


@dataclass(frozen=True)
class Look:
    """One state on the panel.

    status: the status light's steps of STEP_S, repeated for ever. recording: whether the recording light is on.
    colour: red, green and blue of a status light that has them.
    """

    status: tuple[bool, ...]
    recording: bool
    colour: tuple[bool, bool, bool]

    @property
    def steady(self) -> bool:
        """Whether the status light stays as it is."""
        return len(set(self.status)) == 1


def _steps(drawn: str) -> tuple[bool, ...]:
    return tuple(step == "#" for step in drawn)


_STATUS: Final = {
    State.STARTING: _steps("#####....."),
    State.READY: _steps("#"),
    State.COUNTING_IN: _steps("##.."),
    State.PLAYING: _steps("#########."),
    State.FINISHING: _steps("#........."),
    State.FAULT: _steps("#.#.#....."),
}
_RED: Final = (True, False, False)
_YELLOW: Final = (True, True, False)
_GREEN: Final = (False, True, False)
_BLUE: Final = (False, False, True)
_VIOLET: Final = (True, False, True)
_WHITE: Final = (True, True, True)
_COLOURS: Final = {
    State.STARTING: _WHITE,
    State.READY: _GREEN,
    State.COUNTING_IN: _YELLOW,
    State.PLAYING: _VIOLET,
    State.FINISHING: _BLUE,
    State.FAULT: _RED,
}
_LOOKING: Final = _steps("############.#.")  # ready, and the camera's eye winks
_HOLDS: Final = {Hold.SHUT_DOWN: (_steps("##."), _RED), Hold.RESET_NETWORK: (_steps("#."), _WHITE)}


def look_of(state: str, *, trouble: bool = False, looking: bool = False) -> Look:
    """Return how a state looks; a name that is not known looks like a fault, and recording is not denied.

    trouble: something is missing, a camera say, and the session goes on: status as in a fault, recording as it is.
    looking: the camera looks for codes although nobody plays, and does not do so in secret.
    """
    try:
        known = State(state)
    except ValueError:
        return Look(_STATUS[State.FAULT], True, _RED)
    if looking and known is State.READY and not trouble:
        return Look(_LOOKING, False, _GREEN)
    status = State.FAULT if trouble else known
    return Look(_STATUS[status], known.records, _COLOURS[status])


def look_of_hold(hold: Hold, state: State) -> Look:
    """Return how a box looks whose button is held so long that letting it go does something."""
    status, colour = _HOLDS[hold]
    return Look(status, state.records, colour)
