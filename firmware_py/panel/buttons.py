"""The panel of a box: start and stop buttons and two lights, through gpiozero.

Not here: what a press does (``session``). gpiozero is imported only when a panel is opened: without it, or without
pins, the instrument plays as well.
"""

import logging
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

from firmware_py.config import PanelSettings
from firmware_py.errors import PanelError, UsageError
from firmware_py.panel.lights import Lights
from firmware_py.panel.panel import OnEvent, PanelEvent
from firmware_py.state import State

if TYPE_CHECKING:
    from gpiozero import Factory

log: Final = logging.getLogger(__name__)


class ButtonPanel:
    """Buttons between pin and ground, lights from pin to ground.

    Parameters
    ----------
    settings
        Pins and debounce. Start and stop on one pin are one button that does either.
    on_event
        Called for each press, from gpiozero's thread.
    factory
        gpiozero's way to the pins; None: the box's own. Tests pass a MockFactory.

    Raises
    ------
    UsageError
        A pin that is used twice.
    PanelError
        No gpiozero, no pins, or a pin that somebody else holds; says what to do.
    """

    def __init__(self, settings: PanelSettings, on_event: OnEvent, factory: "Factory | None" = None) -> None:
        _check(settings)
        self._on_event = on_event
        self._state = State.STARTING
        try:
            from gpiozero.exc import GPIOZeroError
        except ImportError as error:
            raise PanelError(
                "gpiozero is not installed; 'pip install hand-dance[pi]' brings buttons and lights"
            ) from error
        try:
            self._open(settings, factory if factory is not None else _own_factory())
        except (GPIOZeroError, OSError, ImportError, *_chip_errors()) as error:
            if isinstance(error, PanelError):
                raise
            raise PanelError(
                f"there are no pins for buttons and lights here ({error}); on a Raspberry Pi the user must be in the "
                "group gpio, elsewhere play with the keyboard or set the pins to -1"
            ) from error

    def show(self, state: str, *, trouble: bool = False) -> None:
        """Show a state on the lights."""
        self._state = State(state) if state in set(State) else State.FAULT
        self._lights.show(state, trouble=trouble)

    def close(self) -> None:
        """Turn the lights off and give the pins back."""
        self._resources.close()

    def _open(self, settings: PanelSettings, factory: "Factory") -> None:
        with ExitStack() as stack:
            self._lights = Lights(settings.status_pin, settings.recording_pin, factory)
            stack.callback(self._lights.close)
            if settings.start_pin == settings.stop_pin:
                wired = {settings.start_pin: self._either}
            else:
                wired = {settings.start_pin: self._start, settings.stop_pin: self._stop}
            for pin, pressed in wired.items():
                if pin >= 0:
                    button = _button(pin, settings.debounce_ms, factory)
                    stack.callback(button.close)
                    button.when_pressed = pressed
            self._lights.show(self._state)
            self._resources = stack.pop_all()

    def _start(self) -> None:
        self._on_event(PanelEvent.START)

    def _stop(self) -> None:
        self._on_event(PanelEvent.STOP)

    def _either(self) -> None:
        self._on_event(PanelEvent.STOP if self._state.stoppable else PanelEvent.START)


def _check(settings: PanelSettings) -> None:
    """Refuse a pin used twice; only start and stop may share one."""
    used: dict[int, str] = {}
    for name in ("start_pin", "stop_pin", "status_pin", "recording_pin"):
        pin = getattr(settings, name)
        if pin < 0:
            continue
        other = used.setdefault(pin, name)
        if other != name and {other, name} != {"start_pin", "stop_pin"}:
            raise UsageError(
                f"panel.{name} is pin {pin}, which panel.{other} uses already; give each its own, or -1 for none "
                "(only start_pin and stop_pin may share one, as a single button)"
            )


def _button(pin: int, debounce_ms: float, factory: "Factory") -> Any:
    from gpiozero import Button

    return Button(pin, pull_up=True, bounce_time=debounce_ms / 1000 or None, pin_factory=factory)


def _own_factory() -> "Factory":
    """The pins of this machine, by lgpio: gpiozero's other ways are older, and noisy where there are no pins.

    Whoever has pins of another kind names their way to them as everywhere with gpiozero: GPIOZERO_PIN_FACTORY.
    """
    if os.environ.get("GPIOZERO_PIN_FACTORY"):
        from gpiozero import Device

        Device.ensure_pin_factory()
        return Device.pin_factory
    from gpiozero.pins.lgpio import LGPIOFactory

    return LGPIOFactory()


def _chip_errors() -> tuple[type[Exception], ...]:
    """What lgpio raises is a child of Exception alone."""
    try:
        import lgpio
    except ImportError:
        return ()
    return (lgpio.error,)
