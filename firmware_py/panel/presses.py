"""What a press of the start or stop button means, by how long it lasts and what the box is doing.

Pure: no pin and no clock of its own, so that every rule can be tried in no time. Not here: the wiring (``buttons``), or
what an event does (``session``).
"""

import math
from collections.abc import Callable
from enum import Enum
from typing import Final

from firmware_py.config import PanelSettings
from firmware_py.panel.panel import OnEvent, PanelEvent
from firmware_py.state import State

LEANING_S: Final = 30.0
"""A button that is held for so long is leant on, or stuck: letting it go does nothing."""

Cancel = Callable[[], None]
Later = Callable[[float, Callable[[], None]], Cancel]
"""Calls something after so many seconds, unless what it returned is called before."""


class Hold(Enum):
    """What letting the button go now would do, for a light to show."""

    NOTHING = "nothing"
    SHUT_DOWN = "shut-down"
    RESET_NETWORK = "reset-network"


_EVENTS: Final = {Hold.SHUT_DOWN: PanelEvent.SHUT_DOWN, Hold.RESET_NETWORK: PanelEvent.RESET_NETWORK}


class StopButton:
    """The stop button: stop at once; held while nobody plays, shutdown and network reset, which act when it is let go.

    A hold that begins or ends while somebody plays does neither: who stops a song with emphasis keeps the box on.

    Parameters
    ----------
    settings
        How long is long.
    on_event
        Called for each event.
    on_hold
        Called when what letting go would do has changed.
    clock, later
        Seconds that only go forward, and a way to be called at some of them.
    """

    def __init__(
        self,
        settings: PanelSettings,
        on_event: OnEvent,
        on_hold: Callable[[Hold], None],
        clock: Callable[[], float],
        later: Later,
    ) -> None:
        self._settings = settings
        self._on_event = on_event
        self._on_hold = on_hold
        self._clock = clock
        self._later = later
        self._state = State.STARTING
        self._changed_s = -math.inf  # when a press last began to mean something else
        self._pressed_s: float | None = None
        self._may_hold = False
        self._waiting: list[Cancel] = []

    @property
    def is_down(self) -> bool:
        """Whether it is being pressed."""
        return self._pressed_s is not None

    def show(self, state: State) -> None:
        """Hear what the box is doing, which says what a press means."""
        if state.stoppable is not self._state.stoppable:
            self._changed_s = self._clock()
        self._state = state

    def pressed(self) -> None:
        """The contact closed."""
        if self.is_down:
            return
        self._pressed_s = self._clock()
        self._may_hold = not self._state.stoppable
        if self._state.stoppable:
            self._stop()
        else:
            self._down()
            self._say_holds()

    def released(self) -> None:
        """The contact opened; without a press that was seen (a button held at power-on) it means nothing."""
        pressed_s, self._pressed_s = self._pressed_s, None
        self.close()
        if pressed_s is None or not self._may_hold:
            return
        held_s = self._clock() - pressed_s
        hold = self._hold_after(held_s)
        self._on_hold(Hold.NOTHING)
        if self._state.stoppable:
            return
        if hold in _EVENTS:
            self._on_event(_EVENTS[hold])
        elif held_s < self._first_hold_s():
            self._up()

    def close(self) -> None:
        """Wait for nothing any more."""
        for cancel in self._waiting:
            cancel()
        self._waiting = []

    def _down(self) -> None:
        """Act on a press while nobody plays: told all the same, as a session may be about to begin."""
        self._on_event(PanelEvent.STOP)

    def _up(self) -> None:
        """Act on the end of a short press while nobody plays."""

    def _stop(self) -> None:
        if self._settings.stop_hold_ms:
            self._waiting.append(self._later(self._settings.stop_hold_ms / 1000, self._say_stop))
        else:
            self._say_stop()

    def _say_stop(self) -> None:
        self._on_event(PanelEvent.STOP)

    def _holds(self) -> list[tuple[float, Hold]]:
        """Return what letting go does from which second on."""
        known = [(self._settings.shutdown_s, Hold.SHUT_DOWN), (self._settings.network_reset_s, Hold.RESET_NETWORK)]
        return [(after_s, hold) for after_s, hold in known if after_s > 0]

    def _first_hold_s(self) -> float:
        return min((after_s for after_s, _ in self._holds()), default=LEANING_S)

    def _last_s(self) -> float:
        return max(LEANING_S, 2 * max((after_s for after_s, _ in self._holds()), default=0.0))

    def _hold_after(self, held_s: float) -> Hold:
        reached = [hold for after_s, hold in self._holds() if after_s <= held_s < self._last_s()]
        return reached[-1] if reached else Hold.NOTHING

    def _say_holds(self) -> None:
        for after_s, hold in [*self._holds(), (self._last_s(), Hold.NOTHING)]:
            self._waiting.append(self._later(after_s, lambda hold=hold: self._on_hold(hold)))  # type: ignore[misc]


class LoneButton(StopButton):
    """One button for everything: stop at once, start when it is let go, as it may also be held.

    A press so soon after the box began or ended a song by itself was meant for what it did before, and is not heard.
    """

    def pressed(self) -> None:
        """The contact closed."""
        if self._clock() - self._changed_s >= self._settings.guard_ms / 1000:
            super().pressed()

    def _down(self) -> None:
        """Nothing yet: it may become a long press."""

    def _up(self) -> None:
        self._on_event(PanelEvent.START)
