import os
import queue
import signal

import pytest

from firmware_py.config import PanelSettings
from firmware_py.panel.open_panel import open_panel
from firmware_py.panel.panel import PanelEvent
from firmware_py.panel.signals import SignalPanel

NO_PINS = PanelSettings(-1, -1, -1, -1)


@pytest.fixture
def events():
    return queue.SimpleQueue()


@pytest.fixture
def panel(events):
    panel = SignalPanel(events.put)
    yield panel
    panel.close()


@pytest.mark.parametrize(
    ("state", "meaning"),
    [
        ("ready", PanelEvent.START),
        ("counting-in", PanelEvent.STOP),
        ("playing", PanelEvent.STOP),
        ("fault", PanelEvent.START),
        ("no such state", PanelEvent.START),
    ],
)
def test_the_signal_is_a_lone_button(panel, events, state, meaning):
    panel.show(state)
    signal.raise_signal(signal.SIGUSR1)
    assert events.get_nowait() is meaning
    assert events.empty()


def test_a_closed_panel_gives_the_signal_back(events):
    before = signal.getsignal(signal.SIGUSR1)
    SignalPanel(events.put).close()
    assert signal.getsignal(signal.SIGUSR1) is before


def test_where_nothing_can_be_pressed_the_log_says_what_does_it(events, caplog):
    caplog.set_level("INFO")
    open_panel(NO_PINS, events.put, keys=False).close()
    assert caplog.messages[-1].endswith(f"kill -USR1 {os.getpid()}")
