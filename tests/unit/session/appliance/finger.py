"""A panel that presses by itself."""

from collections.abc import Callable
from typing import Any

from firmware_py.config import Config, PanelSettings
from firmware_py.panel.panel import OnEvent, PanelEvent
from firmware_py.session.appliance import Appliance
from firmware_py.state import State


class Finger:
    """Stands for a panel: at each state that is shown it does what comes next, and remembers what it saw."""

    def __init__(self, *presses: tuple[State, Callable[[], Any] | PanelEvent]) -> None:
        self._presses = list(presses)
        self.seen: list[tuple[str, bool]] = []
        self.closed = False

    def opened(self, _settings: PanelSettings, on_event: OnEvent) -> "Finger":
        self._on_event = on_event
        return self

    def show(self, state: str, *, trouble: bool = False, looking: bool = False) -> None:
        assert not looking, "a drawn hand is no camera that looks"
        self.seen.append((str(state), trouble))
        if self._presses and self._presses[0][0] == state:
            press = self._presses.pop(0)[1]
            self._on_event(press) if isinstance(press, PanelEvent) else press()

    def close(self) -> None:
        self.closed = True

    @property
    def states(self) -> list[str]:
        return [state for state, _ in self.seen]


def serve_with(config: Config, finger: Finger) -> None:
    """Be the box until the finger quits."""
    Appliance(config, finger.opened).run()
    assert finger.closed
