"""The sight process while nobody plays, with cameras that the test holds."""

import itertools
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from test_codes import held_up

from firmware_py.errors import CameraError, CameraLostError
from firmware_py.sight.camera import Camera, Frame, Pace
from firmware_py.sight.process import Stopped
from firmware_py.sight.waiting import Orders, Waiting

CODE = held_up("mailto:ana@example.org")
NOTHING = np.full((720, 640), 110, np.uint8)


class Webcam:
    """A live camera that gives these pictures, the last for ever, a hundred a second of its own time."""

    rate_hz, scripted, description = 100.0, False, "webcam"

    def __init__(self, *pictures: np.ndarray, lost_after: int = 10**9, scripted: bool = False) -> None:
        self.pictures, self.lost_after, self.closed = pictures, lost_after, False
        self.scripted = scripted
        self.last_pace: Pace | None = None

    def frames(self, pace: Pace) -> Iterator[Frame]:
        self.last_pace = pace
        pictures = itertools.chain(self.pictures, itertools.repeat(self.pictures[-1]))
        for number, picture in enumerate(pictures if not self.scripted else self.pictures):
            if number == self.lost_after:
                raise CameraLostError("webcam pulled out")
            time.sleep(0.002)
            yield Frame(picture, number, number * 10_000_000, (640, 480))

    def close(self) -> None:
        self.closed = True


class Rig:
    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.when_told: Callable[[str], None] = lambda _: None
        self.limit_s = time.monotonic() + 20

    def tell(self, event: str, **fields: Any) -> None:
        self.events.append((event, fields))
        self.when_told(event)

    def order(self, line: str) -> None:
        os.write(self.writer, line.encode() + b"\n")

    def sleep(self, _: float) -> None:
        if time.monotonic() > self.limit_s:
            raise Stopped

    def wait(self, *cameras: Camera | CameraError) -> tuple[str | None, Camera | None]:
        attempts = iter(cameras)

        def opened() -> Camera:
            found = next(attempts)
            if isinstance(found, CameraError):
                raise found
            return found

        return Waiting(Orders(self.reader), opened=opened if cameras else None, tell=self.tell, sleep=self.sleep).wait()

    def names(self) -> list[str]:
        return [event for event, _ in self.events]


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    monkeypatch.setattr("firmware_py.sight.waiting.AGAIN_S", 0.05)
    found = Rig()
    yield found
    os.close(found.reader)
    os.close(found.writer)


def test_a_code_is_told_once_and_the_camera_handed_over_open_with_the_plan(rig: Rig) -> None:
    rig.when_told = lambda event: rig.order("plan") if event == "code" else None
    webcam = Webcam(NOTHING, CODE)
    line, camera = rig.wait(webcam)
    assert (line, camera) == ("plan", webcam)
    assert not webcam.closed
    assert rig.events == [("looking", {"camera": "webcam"}), ("code", {"text": "mailto:ana@example.org"})]
    assert webcam.last_pace is not None
    assert webcam.last_pace.resting is not None


def test_the_plan_is_heard_within_a_fraction_of_a_second(rig: Rig) -> None:
    ordered_s = []

    def order(event: str) -> None:
        ordered_s.append(time.monotonic())
        rig.order("plan")

    rig.when_told = order
    assert rig.wait(Webcam(NOTHING))[0] == "plan"
    assert time.monotonic() - ordered_s[0] < 0.5


def test_a_camera_that_is_not_there_is_told_once_and_looked_for(rig: Rig) -> None:
    rig.when_told = lambda event: rig.order("plan") if event == "looking" else None
    gone = CameraError("plug one in")
    line, camera = rig.wait(gone, gone, gone, Webcam(NOTHING))
    assert (line, camera is not None) == ("plan", True)
    assert rig.names() == ["blind", "looking"]


def test_a_camera_pulled_out_is_told_and_found_again(rig: Rig) -> None:
    def order(_: str) -> None:
        if rig.names().count("looking") == 2:
            rig.order("plan")

    rig.when_told = order
    pulled = Webcam(NOTHING, lost_after=3)
    rig.wait(pulled, Webcam(NOTHING))
    assert rig.names() == ["looking", "blind", "looking"]
    assert pulled.closed


def test_a_script_is_shown_once_and_its_camera_not_handed_over(rig: Rig) -> None:
    rig.when_told = lambda event: rig.order("plan") if event == "blind" else None
    script = Webcam(CODE, scripted=True)
    assert rig.wait(script) == ("plan", None)
    assert rig.names() == ["looking", "code", "blind"]
    assert script.closed


def test_a_script_that_still_runs_when_the_plan_comes_is_begun_anew_by_the_session(rig: Rig) -> None:
    rig.when_told = lambda _: rig.order("plan")
    script = Webcam(*[NOTHING] * 200, scripted=True)
    assert rig.wait(script) == ("plan", None)


def test_without_anything_to_look_at_it_waits_for_the_plan(rig: Rig) -> None:
    rig.order("plan")
    assert rig.wait() == ("plan", None)


@pytest.mark.parametrize("cameras", [(), (Webcam(NOTHING),), (CameraError("none"),)])
def test_it_ends_when_no_plan_can_come_any_more(cameras: tuple[Any, ...], rig: Rig) -> None:
    os.close(rig.writer)
    rig.writer = os.open(os.devnull, os.O_WRONLY)
    assert rig.wait(*cameras) == (None, None) or rig.wait(*cameras)[0] is None


def test_it_ends_when_it_is_told_to(rig: Rig) -> None:
    rig.limit_s = 0
    with pytest.raises(Stopped):
        rig.wait()


def test_lines_come_whole_however_they_were_written(rig: Rig) -> None:
    orders = Orders(rig.reader)
    os.write(rig.writer, b"first\nsec")
    assert orders.line(1.0) == "first"
    assert orders.line(0.0) is None
    os.write(rig.writer, b"ond")
    os.close(rig.writer)
    rig.writer = os.open(os.devnull, os.O_WRONLY)
    assert orders.line() == "second"
    assert orders.line() is None
    assert orders.ended
