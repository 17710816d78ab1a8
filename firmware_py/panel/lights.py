"""The lights: status, on one pin or in three colours, and recording.

Not here: which state looks how (``patterns``). Needs gpiozero, which is part of the extra ``pi``.
"""

import itertools
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

from firmware_py.config import PanelSettings
from firmware_py.panel.patterns import STEP_S, Look, look_of

if TYPE_CHECKING:
    from gpiozero import Factory

log: Final = logging.getLogger(__name__)


class Lights:
    """The lights of a box.

    Parameters
    ----------
    settings
        Their pins.
    factory
        gpiozero's way to the pins.
    """

    def __init__(self, settings: PanelSettings, factory: "Factory") -> None:
        with ExitStack() as opened:
            self._recording = _light(settings.recording_pin, factory, opened)
            self._status = _light(settings.status_pin, factory, opened)
            self._colour = _colour_light((settings.red_pin, settings.green_pin, settings.blue_pin), factory, opened)
            self._opened = opened.pop_all()

    def show(self, state: str, *, trouble: bool = False, looking: bool = False) -> None:
        """Show a state; what a light refuses is logged."""
        self.show_look(look_of(state, trouble=trouble, looking=looking))

    def show_look(self, look: Look) -> None:
        """Show a look; what a light refuses is logged."""
        # The recording light first and by itself: nothing that the others do may keep it dark.
        if self._recording is not None:
            with _logged("recording"):
                self._recording.value = look.recording
        if self._status is not None:
            with _logged("status"):
                _run(self._status, [float(on) for on in look.status], look)
        if self._colour is not None:
            with _logged("coloured"):
                _run(self._colour, [tuple(on * part for part in look.colour) for on in look.status], look)

    def close(self) -> None:
        """Turn all off and give their pins back."""
        self._opened.close()


def _run(light: Any, steps: list[Any], look: Look) -> None:
    """Show the steps for ever, from gpiozero's thread, or the first one alone where nothing changes."""
    light.source = None
    light.value = steps[0]
    if not look.steady:
        light.source_delay = STEP_S
        light.source = itertools.cycle(steps)


@contextmanager
def _logged(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:
        log.error("the %s light does not work (%s); look at its pin and wire", name, error)


def _light(pin: int, factory: "Factory", opened: ExitStack) -> Any:
    if pin < 0:
        return None
    from gpiozero import LED

    return _until_closed(LED(pin, pin_factory=factory), opened)


def _colour_light(pins: tuple[int, int, int], factory: "Factory", opened: ExitStack) -> Any:
    if min(pins) < 0:
        return None
    from gpiozero import RGBLED

    return _until_closed(RGBLED(*pins, pwm=False, pin_factory=factory), opened)


def _until_closed(light: Any, opened: ExitStack) -> Any:
    def close() -> None:
        light.source = None
        light.close()

    opened.callback(close)
    return light
