"""What a panel is: it tells of presses, and shows the state of the session.

Not here: buttons and lights of a box (``buttons``), the keys of a terminal (``keyboard``), or what a press does
(``session``).
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from enum import StrEnum
from typing import Protocol


class PanelEvent(StrEnum):
    """What a person asks for at a panel."""

    START = "start"
    STOP = "stop"
    QUIT = "quit"
    LOUDER = "louder"
    SOFTER = "softer"
    NEXT_SONG = "next-song"
    PREVIOUS_SONG = "previous-song"
    NEXT_PATCH = "next-patch"
    SHUT_DOWN = "shut-down"
    RESET_NETWORK = "reset-network"


OnEvent = Callable[[PanelEvent], None]
"""Called from a thread of the panel's own: put the event into a queue and return."""


class Panel(Protocol):
    """Something to press and to look at."""

    def show(self, state: str, *, trouble: bool = False, looking: bool = False) -> None:
        """Show a state by its name, and whether something is missing in it (a camera that is being looked for).

        looking: the camera looks although nobody plays. Never raises and never waits: a broken light stops no session.
        """
        ...

    def close(self) -> None:
        """Turn lights off and give pins or the terminal back."""
        ...


class Panels:
    """Several panels as one; none at all is a panel too. missing: what was wanted and is not there, in a sentence."""

    def __init__(self, panels: Sequence[Panel] = (), missing: str = "") -> None:
        self.missing = missing
        self._panels = tuple(panels)

    def show(self, state: str, *, trouble: bool = False, looking: bool = False) -> None:
        """Show a state on each of them."""
        for panel in self._panels:
            panel.show(state, trouble=trouble, looking=looking)

    def close(self) -> None:
        """Close each of them, even where one fails."""
        with ExitStack() as stack:
            for panel in self._panels:
                stack.callback(panel.close)
