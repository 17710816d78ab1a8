"""The state machine: where the session stands, and the only ways on from there.

Whoever shows a state (light, log, systemd, page) is told of every change; nothing else may decide one.
"""

from collections.abc import Callable
from typing import Final

from firmware_py.state import State

_NEXT: Final[dict[State, frozenset[State]]] = {
    State.STARTING: frozenset({State.READY}),
    State.READY: frozenset({State.COUNTING_IN}),
    State.COUNTING_IN: frozenset({State.PLAYING, State.FINISHING}),
    State.PLAYING: frozenset({State.FINISHING}),
    State.FINISHING: frozenset({State.READY}),
    State.FAULT: frozenset({State.READY, State.STARTING}),
}

Watcher = Callable[[State, str], None]


class StateMachine:
    """The current state; ``to`` moves it along an allowed way and tells the watchers (state, reason)."""

    def __init__(self, *watchers: Watcher) -> None:
        self.state = State.STARTING
        self.reason = ""
        self._watchers = list(watchers)

    def watch(self, watcher: Watcher) -> None:
        """Tell ``watcher`` of this state now and of every change after."""
        self._watchers.append(watcher)
        watcher(self.state, self.reason)

    def may(self, state: State) -> bool:
        """Whether ``state`` can come next; a fault can come from anywhere."""
        return state is State.FAULT or state in _NEXT[self.state]

    def to(self, state: State, reason: str = "") -> None:
        """Move on. Raises ValueError for a way that does not exist, which is a mistake of the caller."""
        if not self.may(state):
            raise ValueError(f"no way from {self.state} to {state}")
        self.state = state
        self.reason = reason
        for watcher in self._watchers:
            watcher(state, reason)
