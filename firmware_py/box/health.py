"""Whether a release that was just started is as well as the one before it: ready, steady, and nothing redder.

Not here: what is done where it is not (``update``).
"""

import time
from collections.abc import Callable, Mapping
from typing import Final

from firmware_py.box.instrument import Instrument
from firmware_py.errors import UpdateError

WATCH_S: Final = 35.0
"""Three times the watchdog's ten seconds, and more than a crash loop needs to show."""
LOOK_S: Final = 1.0
LOOKS: Final = 2  # of the doctor: what is gone the second time was chance
_BADNESS: Final = {"green": 0, "amber": 1, "red": 2}


def prove(
    instrument: Instrument,
    before: Mapping[str, str],
    pause: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Start the current release and watch it.

    before: the doctor's levels of the release before, empty where it could not look. pause: waits so many seconds.
    Raises UpdateError with what is wrong.
    """
    instrument.restart()
    first = instrument.pulse()
    until = clock() + WATCH_S
    while clock() < until:
        pause(LOOK_S)
        now = instrument.pulse()
        if not now.active or (now.pid, now.restarts) != (first.pid, first.restarts):
            raise UpdateError(f"the instrument did not stay up for {WATCH_S:.0f} s")
    for look in range(LOOKS):
        worse = _worse(before, instrument.examine())
        if not worse:
            return
        if look == LOOKS - 1:
            raise UpdateError(f"the doctor finds worse than before: {worse}")


def _worse(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Return what is worse, empty if nothing is."""
    if before and not after:
        return "it cannot look any more"
    return ", ".join(
        f"{name} is {after[name]}, was {level}"
        for name, level in before.items()
        if name in after and _BADNESS.get(after[name], 2) > _BADNESS.get(level, 2)
    )
