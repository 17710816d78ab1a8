"""Two lights on two pins: status, and recording.

Not here: which state looks how (``patterns``). Needs gpiozero, which is part of the extra ``pi``.
"""

import itertools
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from firmware_py.panel.patterns import STEP_S, look_of

if TYPE_CHECKING:
    from gpiozero import Factory

log: Final = logging.getLogger(__name__)


class Lights:
    """The lights of a box.

    Parameters
    ----------
    status_pin, recording_pin
        BCM numbers; -1 is not there.
    factory
        gpiozero's way to the pins.
    """

    def __init__(self, status_pin: int, recording_pin: int, factory: "Factory") -> None:
        self._status = _light(status_pin, factory)
        self._recording = _light(recording_pin, factory)

    def show(self, state: str, *, trouble: bool = False, looking: bool = False) -> None:
        """Show a state; what a light refuses is logged."""
        look = look_of(state, trouble=trouble, looking=looking)
        # The recording light first and by itself: nothing that the other does may keep it dark.
        if self._recording is not None:
            with _logged("recording"):
                self._recording.value = look.recording
        if self._status is not None:
            with _logged("status"):
                self._status.source = None
                self._status.value = look.status[0]
                if not look.steady:
                    self._status.source_delay = STEP_S
                    self._status.source = itertools.cycle(look.status)

    def close(self) -> None:
        """Turn both off and give their pins back."""
        for light in (self._status, self._recording):
            if light is not None:
                light.source = None
                light.close()


@contextmanager
def _logged(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:
        log.error("the %s light does not work (%s); look at its pin and wire", name, error)


def _light(pin: int, factory: "Factory") -> Any:
    if pin < 0:
        return None
    from gpiozero import LED

    return LED(pin, pin_factory=factory)
