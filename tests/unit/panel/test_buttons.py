import os
import queue
import subprocess
import sys
import warnings
from importlib.util import find_spec

import pytest

from firmware_py.config import PanelSettings
from firmware_py.errors import PanelError, UsageError
from firmware_py.panel.buttons import ButtonPanel
from firmware_py.panel.open_panel import open_panel
from firmware_py.panel.panel import PanelEvent
from firmware_py.state import State

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from gpiozero.pins.mock import MockFactory

SETTINGS = PanelSettings(debounce_ms=0)


@pytest.fixture
def pins():
    factory = MockFactory()
    yield factory
    factory.close()


@pytest.fixture
def events():
    return queue.SimpleQueue()


@pytest.fixture
def panel(pins, events):
    opened = ButtonPanel(SETTINGS, events.put, pins)
    yield opened
    opened.close()


def press(pins, number):
    pins.pin(number).drive_low()
    pins.pin(number).drive_high()


def all_of(events):
    found = []
    while not events.empty():
        found.append(events.get())
    return found


def test_a_press_of_each_button_is_one_event(panel, pins, events):
    press(pins, SETTINGS.start_pin)
    press(pins, SETTINGS.stop_pin)
    assert all_of(events) == [PanelEvent.START, PanelEvent.STOP]


def test_holding_a_button_is_one_event(panel, pins, events):
    pins.pin(SETTINGS.start_pin).drive_low()
    pins.pin(SETTINGS.start_pin).drive_low()
    assert all_of(events) == [PanelEvent.START]


def test_one_button_for_both_starts_and_stops_by_the_state(pins, events):
    one = PanelSettings(start_pin=17, stop_pin=17, debounce_ms=0, guard_ms=0)
    panel = ButtonPanel(one, events.put, pins)
    for state in State:
        panel.show(state)
        press(pins, 17)
    panel.close()
    wanted = {"counting-in": PanelEvent.STOP, "playing": PanelEvent.STOP}
    assert all_of(events) == [wanted.get(state, PanelEvent.START) for state in State]


@pytest.mark.parametrize("state", list(State))
def test_the_lights_show_the_state(panel, pins, state):
    panel.show(state)
    assert bool(pins.pin(SETTINGS.recording_pin).state) == state.records
    assert pins.pin(SETTINGS.status_pin).state


def test_the_recording_light_goes_off_with_the_recording(panel, pins):
    for state in ("counting-in", "playing", "finishing"):
        panel.show(state)
    assert not pins.pin(SETTINGS.recording_pin).state


def test_a_state_nobody_knows_leaves_the_recording_light_on(panel, pins):
    panel.show("dancing")
    assert pins.pin(SETTINGS.recording_pin).state


def test_a_closed_panel_is_dark_and_gives_its_pins_back(pins, events):
    panel = ButtonPanel(SETTINGS, events.put, pins)
    panel.show("playing")
    panel.close()
    again = ButtonPanel(SETTINGS, events.put, pins)
    assert not pins.pin(SETTINGS.recording_pin).state
    press(pins, SETTINGS.start_pin)
    assert all_of(events) == [PanelEvent.START]
    again.close()


def test_a_part_that_is_not_there_is_left_out(pins, events):
    panel = ButtonPanel(PanelSettings(-1, 27, -1, 23, debounce_ms=0), events.put, pins)
    panel.show("playing")
    assert pins.pin(23).state
    press(pins, 27)
    assert all_of(events) == [PanelEvent.STOP]
    panel.close()


def test_buttons_and_encoders_for_song_patch_and_volume_are_one_event_a_step(pins, events):
    wired = {"song_pin": 5, "patch_pin": 6, "louder_pin": 12, "softer_pin": 13}
    encoders = {"song_a_pin": 18, "song_b_pin": 19, "volume_a_pin": 20, "volume_b_pin": 21}
    panel = ButtonPanel(PanelSettings(**wired, **encoders, debounce_ms=0), events.put, pins)
    for pin in wired.values():
        press(pins, pin)
    turn(pins, 18, 19)
    turn(pins, 19, 18)
    turn(pins, 20, 21)
    turn(pins, 21, 20)
    panel.close()
    assert [str(event) for event in all_of(events)] == [
        *("next-song", "next-patch", "louder", "softer"),
        *("next-song", "previous-song", "louder", "softer"),
    ]


def turn(pins, leads, follows):
    pins.pin(leads).drive_low()
    pins.pin(follows).drive_low()
    pins.pin(leads).drive_high()
    pins.pin(follows).drive_high()


def test_a_light_of_three_colours_shows_the_state_in_its_colour(pins, events):
    panel = ButtonPanel(PanelSettings(red_pin=5, green_pin=6, blue_pin=13), events.put, pins)
    panel.show("ready")
    assert [bool(pins.pin(pin).state) for pin in (5, 6, 13)] == [False, True, False]
    panel.show("playing")
    assert pins.pin(SETTINGS.recording_pin).state
    panel.close()


class Clock:
    """Stands still until it is told; what was to be called until then is called."""

    def __init__(self):
        self.now_s = 100.0
        self._calls = []

    def __call__(self):
        return self.now_s

    def later(self, seconds, call):
        entry = (self.now_s + seconds, call)
        self._calls.append(entry)
        return lambda: self._calls.remove(entry) if entry in self._calls else None

    def run(self, seconds):
        until = self.now_s + seconds
        for entry in sorted((e for e in self._calls if e[0] <= until), key=lambda e: e[0]):
            self._calls.remove(entry)
            self.now_s = entry[0]
            entry[1]()
        self.now_s = until


@pytest.mark.parametrize(
    ("seconds", "wanted"), [(0.2, ["stop"]), (3.1, ["stop", "shut-down"]), (10.1, ["stop", "reset-network"])]
)
def test_stop_held_for_long_turns_off_or_forgets_the_network_when_it_is_let_go(pins, events, seconds, wanted):
    clock = Clock()
    panel = ButtonPanel(SETTINGS, events.put, pins, clock, clock.later)
    panel.show("ready")
    pins.pin(SETTINGS.stop_pin).drive_low()
    clock.run(seconds)
    pins.pin(SETTINGS.stop_pin).drive_high()
    panel.close()
    assert [str(event) for event in all_of(events)] == wanted


def test_a_long_press_is_shown_and_never_puts_the_recording_light_out(pins, events):
    clock = Clock()
    panel = ButtonPanel(PanelSettings(red_pin=5, green_pin=6, blue_pin=13), events.put, pins, clock, clock.later)
    panel.show("ready")
    pins.pin(SETTINGS.stop_pin).drive_low()
    clock.run(3.5)
    assert pins.pin(5).state
    assert not pins.pin(6).state
    panel.show("counting-in")
    clock.run(8)
    assert pins.pin(SETTINGS.recording_pin).state
    panel.close()


def test_start_and_stop_pressed_at_once_start_nothing(panel, pins, events):
    pins.pin(SETTINGS.stop_pin).drive_low()
    press(pins, SETTINGS.start_pin)
    assert all_of(events) == [PanelEvent.STOP]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"red_pin": 5}, "red_pin is pin 5, but panel.green_pin is -1"),
        ({"volume_b_pin": 5}, "volume_b_pin is pin 5, but panel.volume_a_pin is -1"),
        ({"song_pin": 17}, "song_pin is pin 17, which panel.start_pin uses already"),
        ({"network_reset_s": 2.0}, "not longer than panel.shutdown_s"),
    ],
)
def test_what_cannot_be_wired_is_refused_before_a_pin_is_touched(pins, events, wrong, says):
    with pytest.raises(UsageError, match=says):
        ButtonPanel(PanelSettings(**wrong), events.put, pins)


@pytest.mark.parametrize(
    "pins_used", [{"status_pin": 17}, {"recording_pin": 22}, {"stop_pin": 23}, {"start_pin": 22, "stop_pin": 22}]
)
def test_a_pin_used_twice_is_refused_by_name(pins, events, pins_used):
    with pytest.raises(UsageError, match=r"panel\.\w+_pin is pin \d+, which panel\.\w+_pin uses already"):
        ButtonPanel(PanelSettings(**pins_used), events.put, pins)


def test_a_machine_without_pins_says_what_to_do(events, monkeypatch):
    def none_here():
        raise OSError("can not open gpiochip")

    monkeypatch.setattr("firmware_py.panel.buttons._own_factory", none_here)
    with pytest.raises(PanelError, match=r"no pins for buttons and lights here.*play with the keyboard"):
        ButtonPanel(SETTINGS, events.put)


def test_without_gpiozero_one_line_says_what_to_install_and_nothing_breaks(events, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "gpiozero.exc", None)
    caplog.set_level("INFO")
    panel = open_panel(SETTINGS, events.put, keys=False, signals=False)
    panel.show("ready")
    panel.close()
    assert "pip install hand-dance[pi]" in panel.missing
    (line,) = caplog.messages
    assert "pip install hand-dance[pi]" in line


def test_without_the_library_that_reaches_pins_one_line_says_what_to_install(events, monkeypatch):
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    monkeypatch.setitem(sys.modules, "gpiozero.pins.lgpio", None)
    panel = open_panel(SETTINGS, events.put, keys=False, signals=False)
    panel.close()
    assert "apt install python3-lgpio" in panel.missing


def test_this_machine_opens_some_panel_or_none_without_a_word_on_stderr(events, capfd):
    panel = open_panel(SETTINGS, events.put, keys=False, signals=False)
    panel.show("ready")
    panel.close()
    assert capfd.readouterr() == ("", "")


def test_with_every_pin_off_no_chip_is_looked_for(events, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "gpiozero.exc", None)
    caplog.set_level("INFO")
    panel = open_panel(PanelSettings(-1, -1, -1, -1), events.put, keys=False, signals=False)
    panel.close()
    assert panel.missing == ""
    assert caplog.messages == []


needs_lgpio = pytest.mark.skipif(find_spec("lgpio") is None, reason="lgpio has no wheel for this Python")
LOOKS_FOR_PINS = """
import os, sys
from firmware_py.config import PanelSettings
from firmware_py.errors import PanelError
from firmware_py.panel.buttons import ButtonPanel
{first}
try:
    ButtonPanel(PanelSettings(), print).close()
except PanelError:
    pass  # there may be none
assert "lgpio" in sys.modules
print(os.getcwd())
"""


def look_for_pins(place, first="", prefix=()):
    """Look for pins from a working directory and return the one that it ends in."""
    environment = {name: value for name, value in os.environ.items() if name != "GPIOZERO_PIN_FACTORY"}
    command = [*prefix, sys.executable, "-W", "ignore", "-c", LOOKS_FOR_PINS.format(first=first)]
    done = subprocess.run(command, cwd=place, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.splitlines()[-1]


@needs_lgpio
def test_pins_are_looked_for_from_any_working_directory_and_nothing_is_left_there(tmp_path):
    """The pins' library makes a named pipe in the working directory, and in /proc nothing can be made."""
    for place in (str(tmp_path), "/proc"):
        assert look_for_pins(place) == place
    assert not list(tmp_path.iterdir())


@needs_lgpio
def test_pins_are_looked_for_from_a_directory_that_nobody_may_enter(tmp_path):
    """So it is for the instrument's user, whom sudo puts into somebody else's home folder."""
    bound = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    closed = tmp_path / "closed"
    closed.mkdir()
    assert look_for_pins(closed, "os.chmod('.', 0)", bound) == "/"


@needs_lgpio
def test_pins_are_looked_for_from_a_directory_that_was_removed(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    assert look_for_pins(gone, "os.rmdir(os.getcwd())") == "/"
