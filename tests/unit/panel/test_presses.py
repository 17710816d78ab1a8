"""Short and long presses of the start and stop button, by a clock that the test moves."""

import pytest

from firmware_py.config import PanelSettings
from firmware_py.panel.presses import LEANING_S, Hold, LoneButton, StopButton
from firmware_py.state import State


class Pressed:
    """A button, its clock, and what it told."""

    def __init__(self, kind: type[StopButton], **settings: float) -> None:
        self.now_s = 0.0
        self.told: list[str] = []
        self.shown: list[Hold] = []
        self._calls: list[tuple[float, object]] = []
        self.button = kind(
            PanelSettings(**settings),  # type: ignore[arg-type]
            lambda event: self.told.append(str(event)),
            self.shown.append,
            lambda: self.now_s,
            self._later,
        )

    def _later(self, seconds, call):
        entry = (self.now_s + seconds, call)
        self._calls.append(entry)
        return lambda: self._calls.remove(entry) if entry in self._calls else None

    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        for entry in sorted((e for e in self._calls if e[0] <= self.now_s), key=lambda e: e[0]):
            self._calls.remove(entry)
            entry[1]()

    def press(self, seconds: float = 0.1) -> list[str]:
        """Press for so long and return what was told of it."""
        before = len(self.told)
        self.button.pressed()
        self.wait(seconds)
        self.button.released()
        return self.told[before:]

    def show(self, state: State, seconds: float = 1.0) -> None:
        self.button.show(state)
        self.wait(seconds)


def test_a_lone_button_starts_when_it_is_let_go_and_stops_when_it_is_pressed():
    lone = Pressed(LoneButton)
    lone.show(State.READY)
    lone.button.pressed()
    assert lone.told == []
    lone.button.released()
    assert lone.told == ["start"]
    lone.show(State.COUNTING_IN)
    lone.button.pressed()
    assert lone.told == ["start", "stop"]


def test_a_lone_button_that_is_held_turns_the_box_off_and_starts_nothing():
    lone = Pressed(LoneButton)
    lone.show(State.READY)
    assert lone.press(4) == ["shut-down"]
    assert lone.press(11) == ["reset-network"]


@pytest.mark.parametrize("before", [State.READY, State.PLAYING])
def test_a_second_press_of_a_lone_button_right_after_the_first_is_not_heard(before: State):
    lone = Pressed(LoneButton)
    lone.show(before)
    lone.show(State.COUNTING_IN if before is State.READY else State.FINISHING, 0.2)
    assert lone.press() == []
    lone.wait(1)
    assert lone.press() != []


@pytest.mark.parametrize("kind", [StopButton, LoneButton])
def test_stopping_a_song_with_emphasis_does_not_turn_the_box_off(kind: type[StopButton]):
    pressed = Pressed(kind)
    pressed.show(State.PLAYING)
    pressed.button.pressed()
    pressed.show(State.FINISHING, 2)
    pressed.show(State.READY, 4)
    pressed.button.released()
    assert pressed.told == ["stop"]
    assert pressed.shown == []


def test_a_hold_during_which_a_song_begins_does_nothing():
    stop = Pressed(StopButton)
    stop.show(State.READY)
    stop.button.pressed()
    stop.wait(4)
    stop.show(State.COUNTING_IN)
    stop.button.released()
    assert stop.told == ["stop"]


def test_what_letting_go_would_do_is_shown_as_it_changes():
    stop = Pressed(StopButton)
    stop.show(State.READY)
    stop.button.pressed()
    for _ in range(40):
        stop.wait(1)
    stop.button.released()
    assert stop.shown == [Hold.SHUT_DOWN, Hold.RESET_NETWORK, Hold.NOTHING, Hold.NOTHING]
    assert stop.told == ["stop"], "a button that was leant on did something"
    assert LEANING_S <= 40


def test_a_button_held_at_power_on_means_nothing_when_it_is_let_go():
    for kind in (StopButton, LoneButton):
        pressed = Pressed(kind)
        pressed.show(State.READY)
        pressed.button.released()
        assert pressed.told == []


def test_stop_can_be_made_to_need_a_moment():
    stop = Pressed(StopButton, stop_hold_ms=500)
    stop.show(State.PLAYING)
    assert stop.press(0.4) == []
    assert stop.press(0.6) == ["stop"]


def test_what_is_set_to_never_never_happens():
    lone = Pressed(LoneButton, shutdown_s=0, network_reset_s=0)
    lone.show(State.READY)
    assert lone.press(5) == ["start"]
    stop = Pressed(StopButton, shutdown_s=0)
    stop.show(State.READY)
    assert stop.press(5) == ["stop"]
    assert stop.press(12) == ["stop", "reset-network"]
