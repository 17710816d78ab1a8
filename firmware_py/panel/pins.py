"""Which pins a panel uses, checked before any of them is touched: none twice, and what needs several has them all.

Not here: the buttons and lights on them (``buttons``, ``lights``).
"""

import dataclasses
from typing import Final

from firmware_py.config import PanelSettings
from firmware_py.errors import UsageError

_SUFFIX: Final = "_pin"
_TOGETHER: Final = (
    ("red_pin", "green_pin", "blue_pin"),
    ("song_a_pin", "song_b_pin"),
    ("volume_a_pin", "volume_b_pin"),
)
_MAY_SHARE: Final = {"start_pin", "stop_pin"}


def pins_used(settings: PanelSettings) -> dict[str, int]:
    """Return the pins that are there, BCM numbers by the names of their settings."""
    named = (declared.name for declared in dataclasses.fields(settings) if declared.name.endswith(_SUFFIX))
    return {name: getattr(settings, name) for name in named if getattr(settings, name) >= 0}


def check_pins(settings: PanelSettings) -> None:
    """Refuse what cannot be wired.

    Raises
    ------
    UsageError
        A pin used twice (only start and stop may share one), part of a light or encoder without the rest, or a network
        reset that comes no later than the shutdown.
    """
    used = pins_used(settings)
    owners: dict[int, str] = {}
    for name, pin in used.items():
        other = owners.setdefault(pin, name)
        if other != name and {other, name} != _MAY_SHARE:
            raise UsageError(
                f"panel.{name} is pin {pin}, which panel.{other} uses already; give each its own, or -1 for none "
                "(only start_pin and stop_pin may share one, as a single button)"
            )
    for parts in _TOGETHER:
        there = [name for name in parts if name in used]
        if there and len(there) < len(parts):
            missing = next(name for name in parts if name not in used)
            raise UsageError(
                f"panel.{there[0]} is pin {used[there[0]]}, but panel.{missing} is -1; "
                f"{', '.join(parts)} belong together: give each a pin, or all -1"
            )
    if 0 < settings.network_reset_s <= settings.shutdown_s:
        raise UsageError(
            f"panel.network_reset_s is {settings.network_reset_s:g}, which is not longer than panel.shutdown_s "
            f"({settings.shutdown_s:g}); hold longer for the rarer thing, or set one to 0"
        )
