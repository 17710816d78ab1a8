"""The panel's pins: no chip, no rights, used twice, held by somebody else."""

import os
import sys
from dataclasses import replace

import pytest

from firmware_py.config import PanelSettings
from firmware_py.doctor import pins
from firmware_py.doctor.finding import Level
from firmware_py.errors import PanelError
from firmware_py.session.lock import only_one

GREEN, AMBER, RED = Level
CHIP = {"/dev/gpiochip0": ""}
NO_PANEL = PanelSettings(start_pin=-1, stop_pin=-1, status_pin=-1, recording_pin=-1)


class Panel:
    """What opens, or not."""

    def __init__(self, *_):
        pass

    def close(self):
        pass


def _refuses(why):
    def opened(*_):
        raise PanelError(f"{why}; try something")

    return opened


def _look(patient, monkeypatch, opened, files=None, settings=None):
    monkeypatch.setattr(pins, "ButtonPanel", opened)
    return [(one.level, one.found) for one in pins.pins(patient(files, panel=settings or PanelSettings()))]


def test_pins_that_can_be_had_are_green_by_their_numbers(patient, monkeypatch):
    gpio, panel = _look(patient, monkeypatch, Panel, CHIP)
    assert gpio == (GREEN, "1 chip")
    assert panel == (GREEN, "start 17, stop 27, status 22, recording 23")


def test_a_machine_without_pins_is_amber_where_pins_are_set_and_green_where_not(patient, monkeypatch):
    found = _look(patient, monkeypatch, _refuses("no chip"))
    assert [level for level, _ in found] == [AMBER, AMBER]
    found = _look(patient, monkeypatch, pytest.fail, settings=NO_PANEL)
    assert [level for level, _ in found] == [GREEN, GREEN]


def test_a_pin_that_is_used_twice_is_red(patient):
    twice = replace(PanelSettings(), status_pin=17)
    _, panel = pins.pins(patient(CHIP, panel=twice))
    assert (panel.level, "pin 17" in panel.found) == (RED, True)


def test_a_pin_that_somebody_else_holds_is_red_but_the_instrument_may(patient, monkeypatch):
    _, panel = _look(patient, monkeypatch, _refuses("GPIO busy"), CHIP)
    assert (panel[0], "GPIO busy" in panel[1]) == (RED, True)
    with only_one(patient().config.state):
        _, panel = _look(patient, monkeypatch, _refuses("GPIO busy"), CHIP)
    assert (panel[0], "in use by the instrument" in panel[1]) == (GREEN, True)


def test_a_chip_that_this_user_may_not_open_is_red(patient, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    gpio, _ = _look(patient, monkeypatch, _refuses("denied"), CHIP)
    assert (gpio[0], "gpiochip0" in gpio[1]) == (RED, True)


def test_a_library_that_is_missing_is_red_with_what_to_install(patient, monkeypatch):
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    monkeypatch.setitem(sys.modules, "gpiozero.pins.lgpio", None)
    _, panel = pins.pins(patient(CHIP, panel=PanelSettings()))
    assert (panel.level, "library" in panel.found) == (RED, True)
    assert "apt install python3-lgpio" in panel.remedy
