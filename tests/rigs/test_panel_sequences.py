"""Random presses of a whole panel: the box is never stuck, and never records with the recording light off.

The real panel on mock pins, the real state machine and the real appliance; played is a stand-in for the session that
takes the same steps, looks at the light at each of them, and fails at random. HAND_DANCE_SEQUENCES: how many, of 1 to
30 things that happen each; ``make panel-test`` prints them.
"""

import logging
import os
import queue
import random
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware_py.config import CameraSettings, Config, PanelSettings, PathSettings, SoundSettings
from firmware_py.errors import CameraError, NotBegunError
from firmware_py.panel.buttons import ButtonPanel
from firmware_py.panel.panel import PanelEvent
from firmware_py.session import appliance
from firmware_py.session.appliance import Appliance
from firmware_py.state import State

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from gpiozero.pins.mock import MockFactory

SEQUENCES = int(os.environ.get("HAND_DANCE_SEQUENCES", "2000"))
RECORDING = 23
WIRED = {"song_pin": 5, "patch_pin": 6, "louder_pin": 12, "softer_pin": 13, "status_pin": -1}
LAYOUTS = {
    "two buttons": PanelSettings(**WIRED, debounce_ms=0),
    "one button": PanelSettings(**WIRED, stop_pin=17, debounce_ms=0),
    "stop with a moment": PanelSettings(**WIRED, stop_hold_ms=400, debounce_ms=0),
}
BUTTONS = (17, 17, 17, 27, 27, 5, 6, 12, 13)  # the first two are what it is about


class Fingers:
    """Stands in the place of the box's queue: whenever the box would wait, somebody presses, lets go, or waits."""

    def __init__(self, settings: PanelSettings, seed: int) -> None:
        self.chance = random.Random(seed)
        self.pins = MockFactory()
        self.now_s = 0.0
        self.box: Appliance | None = None
        self.done: Counter[str] = Counter()
        self.records = False
        self._settings = settings
        self._calls: list[tuple[float, Any]] = []
        self._events: list[PanelEvent] = []
        self._buttons = [pin for pin in BUTTONS if pin != 27 or settings.stop_pin == 27]
        self._sequence = self._happenings()

    # The queue of the box.

    def put(self, event: PanelEvent) -> None:
        self._events.append(event)

    def empty(self) -> bool:
        return not self._events

    def get(self, timeout: float = 0.0) -> PanelEvent:
        if not self._events and timeout:
            next(self._sequence)
        if not self._events:
            raise queue.Empty
        return self._events.pop(0)

    # The panel, and its time.

    def opened(self, _settings: PanelSettings, on_event: Any) -> ButtonPanel:
        return ButtonPanel(self._settings, on_event, self.pins, lambda: self.now_s, self._later)

    def _later(self, seconds: float, call: Any) -> Any:
        entry = (self.now_s + seconds, call)
        self._calls.append(entry)
        return lambda: self._calls.remove(entry) if entry in self._calls else None

    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        for entry in sorted((e for e in self._calls if e[0] <= self.now_s), key=lambda e: e[0]):
            if entry in self._calls:
                self._calls.remove(entry)
                entry[1]()

    # What happens.

    def _happenings(self) -> Iterator[None]:
        for _ in range(SEQUENCES // len(LAYOUTS) + 1):
            for _ in range(self.chance.randint(1, 30)):
                self.something()
                yield
            yield from self._it_still_starts()
            self.done["sequences"] += 1
        assert self.box is not None
        self.box._pressed(PanelEvent.QUIT)
        yield

    def something(self) -> None:
        pin = self.pins.pin(self.chance.choice(self._buttons))
        self.chance.choice((pin.drive_low, pin.drive_high, pin.drive_high, self._wait))()
        self.check()

    def _wait(self) -> None:
        self.wait(self.chance.choice((0.05, 0.3, 0.6, 3.5, 11.0, 40.0)))

    def _it_still_starts(self) -> Iterator[None]:
        """Whatever happened: with every button let go, a press of start begins a session."""
        self._let_go()
        while self._events:
            yield
            self._let_go()
        self.wait(1)
        assert self.box is not None
        assert self.box._machine.state is State.READY
        played = self.done["sessions"]
        self.pins.pin(17).drive_low()
        self.pins.pin(17).drive_high()
        while self._events:
            yield
        assert self.done["sessions"] == played + 1, "a press of start began nothing: the box is stuck"

    def _let_go(self) -> None:
        for pin in self._buttons:
            self.pins.pin(pin).drive_high()

    def check(self) -> None:
        """Look at the light; counted, as the box outlives an error raised in a session."""
        light = bool(self.pins.pin(RECORDING).state)
        self.done["in the dark"] += self.records and not light
        self.done["light for nothing"] += light and self.box is not None and self.box._machine.state is State.READY

    # The session.

    def play(self, _config: Config, machine: Any, stop: Any, *_: Any, **__: Any) -> Any:
        self.done["sessions"] += 1
        if self.chance.random() < 0.1:
            raise NotBegunError("nothing was begun") if self.chance.random() < 0.5 else CameraError("no camera")
        machine.to(State.COUNTING_IN)
        self.records = True
        try:
            self.check()
            self._go_on(stop)
            if not stop.reason:
                machine.to(State.PLAYING)
                self.check()
                self._go_on(stop, machine)
            if self.chance.random() < 0.1:
                raise ZeroDivisionError("a mistake")
        finally:
            self.records = False
        self.done["ended by a press"] += bool(stop.reason)
        machine.to(State.FINISHING)
        for _ in range(self.chance.randint(0, 5)):
            self.something()
        machine.to(State.READY)
        return _Outcome

    def _go_on(self, stop: Any, machine: Any = None) -> None:
        for _ in range(self.chance.randint(0, 12)):
            if stop.reason:
                return
            if machine and self.chance.random() < 0.1:
                machine.trouble_is(self.chance.choice(("the camera is gone", "")))
            self.something()


class _Outcome:
    """Of a session in which all went well."""

    class record:  # noqa: N801 - stands for a value
        failed = False

    @staticmethod
    def as_line() -> str:
        return "played"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_random_presses_never_leave_it_stuck_nor_record_in_the_dark(
    layout: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logging.disable()
    fingers = Fingers(LAYOUTS[layout], seed=20261121)
    monkeypatch.setattr(appliance, "play_once", fingers.play)
    monkeypatch.setattr(appliance, "ask", lambda wish: fingers.done.update([wish.value]))
    config = Config(
        paths=PathSettings(state=str(tmp_path)),
        camera=CameraSettings(codes="off"),
        sound=SoundSettings(audio="offline", chimes_db=-90),
        panel=LAYOUTS[layout],
    )
    try:
        fingers.box = Appliance(config, fingers.opened)
        fingers.box._events = fingers  # type: ignore[assignment]
        fingers.box.run()
    finally:
        logging.disable(logging.NOTSET)
        fingers.pins.close()
    print(f"{layout}: {dict(fingers.done)}")
    assert fingers.done["in the dark"] == 0, "something was recorded and the light was off"
    assert fingers.done["light for nothing"] == 0
    assert fingers.done["sequences"] > SEQUENCES / len(LAYOUTS)
    assert min(fingers.done[what] for what in ("sessions", "ended by a press", "power-off", "reset-network")) > 0
