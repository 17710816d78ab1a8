"""Opens whatever there is to press here: the buttons of a box, the keys of a terminal, a signal, or nothing.

Not here: any of them. A missing panel is one line in the log and never a reason not to play.
"""

import logging
import os
from typing import Final

from firmware_py.config import PanelSettings
from firmware_py.errors import PanelError
from firmware_py.panel.buttons import ButtonPanel
from firmware_py.panel.keyboard import KEYS, KeyboardPanel
from firmware_py.panel.panel import OnEvent, Panel, Panels
from firmware_py.panel.pins import pins_used
from firmware_py.panel.signals import SignalPanel

log: Final = logging.getLogger(__name__)


def open_panel(
    settings: PanelSettings, on_event: OnEvent, *, pins: bool = True, keys: bool = True, signals: bool = True
) -> Panels:
    """Open the panels of this machine.

    Parameters
    ----------
    settings
        Pins and debounce; with every pin -1 no chip is looked for.
    on_event
        Called for each press, from another thread.
    pins, keys, signals
        Which kinds to look for.

    Raises
    ------
    UsageError
        A pin that is used twice.
    """
    found: list[Panel] = []
    missing = ""
    if pins and pins_used(settings):
        try:
            found.append(ButtonPanel(settings, on_event))
        except PanelError as error:
            log.info("no button panel: %s", error)
            missing = str(error)
    if keys:
        try:
            found.append(KeyboardPanel(on_event))
            log.info("keys: %s", KEYS)
            missing = ""  # there is something to press, and somebody who reads
        except (OSError, ValueError) as error:
            log.debug("no keyboard panel: %s", error)
    if signals:
        found.append(SignalPanel(on_event))
        if len(found) == 1:
            log.info("nothing to press was found; this starts and stops as well: kill -USR1 %d", os.getpid())
    return Panels(found, missing)
