"""A signal as a panel: SIGUSR1 is the press of a lone button, start when ready and stop while playing.

For a box without buttons that somebody looks after over the network, and for tests of the whole box:
``systemctl kill --kill-who=main --signal=USR1 hand-dance``. Not here: SIGTERM and SIGINT, which end the program.
"""

import signal
from types import FrameType

from firmware_py.panel.panel import OnEvent, PanelEvent
from firmware_py.state import State


class SignalPanel:
    """The signal as a button, until it is closed.

    Parameters
    ----------
    on_event
        Called for each signal, in the main thread between two steps of whatever it does.

    Raises
    ------
    ValueError
        Not in the main thread, where Python takes no signals.
    """

    def __init__(self, on_event: OnEvent) -> None:
        self._on_event = on_event
        self._state = State.STARTING
        self._before = signal.signal(signal.SIGUSR1, self._pressed)

    def show(self, state: str, *, trouble: bool = False, looking: bool = False) -> None:  # noqa: ARG002 - a signal has no light
        """Remember the state, which says what a press means."""
        self._state = State(state) if state in set(State) else State.FAULT

    def close(self) -> None:
        """Give the signal back to whoever had it."""
        signal.signal(signal.SIGUSR1, self._before)

    def _pressed(self, _number: int, _frame: FrameType | None) -> None:
        self._on_event(PanelEvent.STOP if self._state.stoppable else PanelEvent.START)
