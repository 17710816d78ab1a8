"""The panel's pins: whether there is a chip, each is wanted once, and each can be had."""

import os
from contextlib import closing
from typing import Final

from firmware_py.config import PanelSettings
from firmware_py.doctor.check import Patient
from firmware_py.doctor.finding import Finding, Level
from firmware_py.doctor.place import player_of
from firmware_py.errors import PanelError, UsageError
from firmware_py.panel.buttons import ButtonPanel

THINGS: Final = {"gpio": "GPIO", "pins": "Panel"}


def pins(patient: Patient) -> list[Finding]:
    """Open the panel as the instrument does and close it again; one that the instrument holds is in order."""
    wanted = _wanted(patient.config.panel)
    chips = sorted(path for path in patient.machine.file("/dev").glob("gpiochip*"))
    says = f"{len(chips)} chip{'s' * (len(chips) != 1)}" if chips else "no chip on this machine"
    level, remedy = Level.GREEN, ""
    closed = [chip.name for chip in chips if not os.access(chip, os.R_OK | os.W_OK)]
    if chips and len(closed) == len(chips):
        level, says = Level.RED, f"{', '.join(closed)} cannot be opened by this user"
        remedy = "put the user into the group gpio: usermod -aG gpio hand-dance, then restart"
    elif not chips and wanted:
        level, remedy = Level.AMBER, "play with the keyboard, and set the pins under [panel] to -1"
    gpio = Finding("gpio", THINGS["gpio"], level, says, remedy)
    return [gpio, _panel(patient, wanted, has_chip=bool(chips))]


def _wanted(settings: PanelSettings) -> dict[str, int]:
    named = {name: getattr(settings, f"{name}_pin") for name in ("start", "stop", "status", "recording")}
    return {name: pin for name, pin in named.items() if pin >= 0}


def _panel(patient: Patient, wanted: dict[str, int], *, has_chip: bool) -> Finding:
    def found(level: Level, says: str, remedy: str = "") -> Finding:
        return Finding("pins", THINGS["pins"], level, says, remedy)

    if not wanted:
        return found(Level.GREEN, "no buttons and lights are set")
    listed = ", ".join(f"{name} {pin}" for name, pin in wanted.items())
    try:
        with closing(ButtonPanel(patient.config.panel, lambda _: None)):
            return found(Level.GREEN, listed)
    except UsageError as error:
        return found(Level.RED, str(error).partition(";")[0], "give each its own pin under [panel], or -1 for none")
    except PanelError as error:
        if pid := player_of(patient.config.state):
            return found(Level.GREEN, f"{listed}; in use by the instrument (process {pid})")
        said, _, remedy = str(error).partition("; ")
        if not has_chip:
            return found(Level.AMBER, f"{listed}: {said}", "see GPIO")
        if isinstance(error.__cause__, ImportError):
            return found(Level.RED, f"{listed}: {said}", remedy)
        return found(Level.RED, f"{listed}: {said}", "look which program holds them: gpioinfo; and at dtoverlay lines")
