"""The keyboard of a terminal as a panel: space starts and stops, s stops, q quits, + and - change the volume.

Not here: the progress line (the command prints it), or what a key does (``session``).
"""

import os
import select
import sys
import termios
import threading
import tty
from typing import IO, Final

from firmware_py.panel.panel import OnEvent, PanelEvent
from firmware_py.state import State

KEYS: Final = "space: start or stop · s: stop · + -: volume · q: quit"
"""The keys, for a line that tells a person of them."""
_MEANINGS: Final = {
    "s": PanelEvent.STOP,
    "q": PanelEvent.QUIT,
    "+": PanelEvent.LOUDER,
    "=": PanelEvent.LOUDER,  # the same key without shift
    "-": PanelEvent.SOFTER,
}


class KeyboardPanel:
    """Keys of a terminal, read as they are pressed and not shown.

    Ctrl-C goes on working. A terminal that is closed ends the reading, not the session.

    Parameters
    ----------
    on_event
        Called for each key that means something, from the panel's own thread.
    terminal
        The terminal; None: standard input.

    Raises
    ------
    OSError
        The input is no terminal.
    """

    def __init__(self, on_event: OnEvent, terminal: IO[str] | None = None) -> None:
        self._on_event = on_event
        self._terminal = (terminal or sys.stdin).fileno()
        self._state = State.STARTING
        if not os.isatty(self._terminal):
            raise OSError("the input is no terminal, so there are no keys to press")
        self._before = termios.tcgetattr(self._terminal)
        tty.setcbreak(self._terminal, termios.TCSADRAIN)
        self._wake, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._read, name="keyboard", daemon=True)
        self._thread.start()

    def show(self, state: str, *, trouble: bool = False) -> None:  # noqa: ARG002 - a keyboard has no light
        """Remember the state, which says what space means."""
        self._state = State(state) if state in set(State) else State.FAULT

    def close(self) -> None:
        """Give the terminal back as it was."""
        if self._waker < 0:
            return
        os.close(self._waker)
        self._waker = -1
        if threading.current_thread() is not self._thread:
            self._thread.join()
        try:
            termios.tcsetattr(self._terminal, termios.TCSADRAIN, self._before)
        except termios.error:
            # The terminal is gone; there is nobody to give it back to.
            return

    def _read(self) -> None:
        try:
            while True:
                ready, _, _ = select.select([self._terminal, self._wake], [], [])
                if self._wake in ready:
                    return
                pressed = os.read(self._terminal, 64)
                if not pressed:
                    return
                self._tell(pressed)
        except OSError:
            # The terminal was closed: no more keys will come, and the session goes on.
            return
        finally:
            os.close(self._wake)

    def _tell(self, pressed: bytes) -> None:
        # An arrow key is an escape and letters, which are not these letters.
        if pressed.startswith(b"\x1b"):
            return
        for key in pressed.decode("ascii", "replace").lower():
            event = self._meaning(key)
            if event is not None:
                self._on_event(event)

    def _meaning(self, key: str) -> PanelEvent | None:
        if key == " ":
            return PanelEvent.STOP if self._state.stoppable else PanelEvent.START
        return _MEANINGS.get(key)
