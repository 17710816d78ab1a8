"""The panel of a box: buttons, rotary encoders and lights, through gpiozero.

Not here: what a press does (``session``). gpiozero is imported only when a panel is opened: without it, or without
pins, the instrument plays as well.
"""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from firmware_py.config import PanelSettings
from firmware_py.errors import PanelError
from firmware_py.panel.lights import Lights
from firmware_py.panel.panel import OnEvent, PanelEvent
from firmware_py.panel.patterns import look_of_hold
from firmware_py.panel.pins import check_pins
from firmware_py.panel.presses import Hold, Later, LoneButton, StopButton
from firmware_py.state import State

if TYPE_CHECKING:
    from gpiozero import Factory

log: Final = logging.getLogger(__name__)


class ButtonPanel:
    """Buttons between pin and ground, lights from pin to ground.

    Parameters
    ----------
    settings
        Pins and times. Start and stop on one pin are one button that does either.
    on_event
        Called for each press, from gpiozero's thread.
    factory
        gpiozero's way to the pins; None: the box's own. Tests pass a MockFactory.
    clock, later
        The time that long presses are measured by.

    Raises
    ------
    UsageError
        A pin that is used twice, or part of a light or encoder alone.
    PanelError
        No gpiozero, no pins, or a pin that somebody else holds; says what to do.
    """

    def __init__(
        self,
        settings: PanelSettings,
        on_event: OnEvent,
        factory: "Factory | None" = None,
        clock: Callable[[], float] = time.monotonic,
        later: Later | None = None,
    ) -> None:
        check_pins(settings)
        self._on_event = on_event
        self._state = State.STARTING
        # A long press is shown from another thread: it must not put out a recording light that has just gone on.
        self._showing = threading.RLock()
        self._shown: Callable[[], None] = lambda: None
        lone = settings.start_pin == settings.stop_pin
        self._stop = (LoneButton if lone else StopButton)(
            settings, on_event, self._show_hold, clock, later or _by_timer
        )
        try:
            from gpiozero.exc import GPIOZeroError
        except ImportError as error:
            raise PanelError(
                "gpiozero is not installed; 'pip install hand-dance[pi]' brings buttons and lights"
            ) from error
        try:
            self._open(settings, factory if factory is not None else _own_factory())
        except ImportError as error:
            raise PanelError(
                f"the library that reaches the pins is missing ({error}); on a Raspberry Pi: sudo apt install "
                "python3-lgpio, elsewhere play with the keyboard or set the pins to -1"
            ) from error
        except (GPIOZeroError, OSError, *_chip_errors()) as error:
            if isinstance(error, PanelError):
                raise
            raise PanelError(
                f"there are no pins for buttons and lights here ({error}); on a Raspberry Pi the user must be in the "
                "group gpio, elsewhere play with the keyboard or set the pins to -1"
            ) from error

    def show(self, state: str, *, trouble: bool = False, looking: bool = False) -> None:
        """Show a state on the lights."""
        self._state = State(state) if state in set(State) else State.FAULT
        self._stop.show(self._state)
        with self._showing:
            self._shown = lambda: self._lights.show(state, trouble=trouble, looking=looking)
            self._shown()

    def close(self) -> None:
        """Turn the lights off and give the pins back."""
        self._stop.close()
        self._resources.close()

    def _open(self, settings: PanelSettings, factory: "Factory") -> None:
        with ExitStack() as stack:
            self._lights = Lights(settings, factory)
            stack.callback(self._lights.close)
            if settings.stop_pin >= 0:
                stop = _button(settings.stop_pin, settings.debounce_ms, factory)
                stack.callback(stop.close)
                stop.when_pressed, stop.when_released = self._stop.pressed, self._stop.released
            said = {
                settings.louder_pin: PanelEvent.LOUDER,
                settings.softer_pin: PanelEvent.SOFTER,
                settings.song_pin: PanelEvent.NEXT_SONG,
                settings.patch_pin: PanelEvent.NEXT_PATCH,
            }
            wired: dict[int, Callable[[], None]] = {pin: partial(self._on_event, said[pin]) for pin in said}
            if settings.start_pin != settings.stop_pin:
                wired[settings.start_pin] = self._start
            for pin, pressed in wired.items():
                if pin >= 0:
                    button = _button(pin, settings.debounce_ms, factory)
                    stack.callback(button.close)
                    button.when_pressed = pressed
            for pins, right, left in (
                ((settings.song_a_pin, settings.song_b_pin), PanelEvent.NEXT_SONG, PanelEvent.PREVIOUS_SONG),
                ((settings.volume_a_pin, settings.volume_b_pin), PanelEvent.LOUDER, PanelEvent.SOFTER),
            ):
                if min(pins) >= 0:
                    encoder = _encoder(pins, factory)
                    stack.callback(encoder.close)
                    encoder.when_rotated_clockwise = partial(self._on_event, right)
                    encoder.when_rotated_counter_clockwise = partial(self._on_event, left)
            self._lights.show(self._state)
            self._resources = stack.pop_all()

    def _start(self) -> None:
        # Both at once is somebody who leans on the box.
        if not self._stop.is_down:
            self._on_event(PanelEvent.START)

    def _show_hold(self, hold: Hold) -> None:
        with self._showing:
            if hold is Hold.NOTHING:
                self._shown()
            else:
                self._lights.show_look(look_of_hold(hold, self._state))


def _by_timer(seconds: float, call: Callable[[], None]) -> Callable[[], None]:
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()
    return timer.cancel


def _button(pin: int, debounce_ms: float, factory: "Factory") -> Any:
    from gpiozero import Button

    return Button(pin, pull_up=True, bounce_time=debounce_ms / 1000 or None, pin_factory=factory)


def _encoder(pins: tuple[int, int], factory: "Factory") -> Any:
    from gpiozero import RotaryEncoder

    return RotaryEncoder(*pins, max_steps=0, pin_factory=factory)


def _own_factory() -> "Factory":
    """The pins of this machine, by lgpio: gpiozero's other ways are older, and noisy where there are no pins.

    Whoever has pins of another kind names their way to them as everywhere with gpiozero: GPIOZERO_PIN_FACTORY.
    """
    with _place_of_its_own():
        if os.environ.get("GPIOZERO_PIN_FACTORY"):
            from gpiozero import Device

            Device.ensure_pin_factory()
            return Device.pin_factory
        from gpiozero.pins.lgpio import LGPIOFactory

        return LGPIOFactory()


@contextmanager
def _place_of_its_own() -> Iterator[None]:
    """A working directory that can be written to, and is gone afterwards.

    lgpio opens a named pipe in the working directory when it is imported: it fails where that is closed to the user,
    as it is to one made by sudo, and leaves the pipe lying elsewhere.
    """
    try:
        before = Path.cwd()
    except FileNotFoundError:  # somebody removed it
        before = Path("/")
    with TemporaryDirectory(prefix="hand-dance-") as place:
        os.chdir(place)
        try:
            yield
        finally:
            try:
                os.chdir(before)
            except OSError:  # sudo put this user into a directory that it may not enter
                os.chdir("/")


def _chip_errors() -> tuple[type[Exception], ...]:
    """What lgpio raises is a child of Exception alone."""
    lgpio = sys.modules.get("lgpio")
    return (lgpio.error,) if lgpio is not None else ()
