"""The sight process on real shared memory, with cameras, an eye and a clock that the test holds."""

import json
import queue
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from firmware_py.config import CameraSettings
from firmware_py.errors import CameraError, CameraLostError
from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.lanes import CONTROL, HANDS_CAPACITY, Lanes
from firmware_py.sight.camera import Camera, Frame, Pace
from firmware_py.sight.plan import SightPlan
from firmware_py.sight.process import SightProcess, Stopped

T0 = 50_000_000_000
PICTURE = np.zeros((3, 2), np.uint8)


class Clock:
    """Time that only sleeping moves; ``stop_at_ns`` ends the process as SIGTERM would."""

    def __init__(self) -> None:
        self.now_ns = T0 - 1_000_000_000
        self.stop_at_ns = T0 + 1_000_000_000_000
        self.when_slept: Callable[[], None] = lambda: None

    def __call__(self) -> int:
        return self.now_ns

    def sleep(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)
        self.when_slept()
        if self.now_ns >= self.stop_at_ns:
            raise Stopped


class Script:
    """Ten frames, ten a second."""

    rate_hz, scripted, description = 10.0, True, "script"

    def __init__(self, lost_after: int = 10) -> None:
        self.lost_after = lost_after

    def frames(self, pace: Pace) -> Iterator[Frame]:
        for number in range(10):
            if number == self.lost_after:
                raise CameraLostError("the script is torn")
            t_ns = pace.instant(number / 10)
            if not pace.leaves_out(t_ns):
                pace.wait_until(t_ns)
                yield Frame(PICTURE, number, t_ns, (2, 2))

    def close(self) -> None:
        pass


class Eye:
    """Sees a hand in every frame, as large as the frame's number says."""

    by_colour = False

    def see(self, frame: Frame) -> np.void:
        sample = np.zeros(1, HAND_SAMPLE)[0]
        sample["t_capture_ns"], sample["frame"], sample["flags"] = frame.t_capture_ns, frame.number, Flag.PRESENT
        sample["hands"]["area"][0] = frame.number / 100
        return sample


class Rig:
    """One session's memory and everything around a sight process."""

    def __init__(self, lanes: Lanes) -> None:
        self.lanes = lanes
        self.clock = Clock()
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.plan = SightPlan("rig", CameraSettings())

    def begin(self) -> None:
        control = np.zeros(1, CONTROL)
        control["t0_ns"] = T0
        self.lanes.control.write(control.tobytes())

    def run(self, *cameras: Camera | CameraError, realtime: bool = False) -> None:
        """Run a process whose attempts to open its camera come to these, one after the other."""
        attempts = iter(cameras)

        def opened() -> Camera:
            found = next(attempts)
            if isinstance(found, CameraError):
                raise found
            return found

        SightProcess(
            replace(self.plan, realtime=realtime),
            self.lanes,
            sight=lambda _: Eye(),
            tell=lambda event, **fields: self.events.append((event, fields)),
            opened=opened,
            sleep=self.clock.sleep,
            clock=self.clock,
        ).run()

    def heard(self) -> np.ndarray:
        """Everything in the instrument's ring."""
        out = np.zeros(HANDS_CAPACITY, HAND_SAMPLE)
        return out[: self.lanes.hands.pop_into(out)].copy()

    def recorded(self) -> np.ndarray:
        out = np.zeros(1024, HAND_SAMPLE)
        return out[: self.lanes.tape_hands.pop_into(out)].copy()

    def names(self) -> list[str]:
        return [name for name, _ in self.events]


@pytest.fixture
def rig() -> Iterator[Rig]:
    lanes = Lanes.create(f"test-{uuid4().hex[:12]}")
    lanes.hands.open_consumer()
    lanes.tape_hands.open_consumer()
    yield Rig(lanes)
    lanes.close()


def test_a_script_plays_to_its_end_and_says_so(rig: Rig) -> None:
    rig.begin()
    rig.run(Script())
    heard = rig.heard()
    assert heard["frame"].tolist() == list(range(11))
    assert heard["t_capture_ns"].tolist() == [T0 + k * 100_000_000 for k in range(11)]
    assert heard["flags"].tolist() == [Flag.PRESENT] * 10 + [Flag.ENDED]
    assert np.array_equal(heard, rig.recorded())
    assert rig.events == [
        ("ready", {"camera": "script", "by_colour": False}),
        ("ended", {"frames": 10, "with_hand": 10}),
    ]
    assert rig.lanes.latest.read() == heard[-1].tobytes()


def test_a_script_waits_for_the_sessions_start(rig: Rig) -> None:
    rig.clock.when_slept = lambda: rig.begin() if rig.clock.now_ns > T0 - 500_000_000 else None
    rig.run(Script(), realtime=True)
    heard = rig.heard()
    assert heard["t_capture_ns"][0] == T0
    assert rig.clock.now_ns == T0 + 1_000_000_000, "the end is told when the last frame's time is over"


def test_samples_carry_the_time_they_were_published_at(rig: Rig) -> None:
    rig.begin()
    rig.run(Script(), realtime=True)
    heard = rig.heard()
    assert (heard["t_publish_ns"] >= heard["t_capture_ns"]).all()


def test_a_process_started_anew_goes_on_with_the_frame_after_the_last(rig: Rig) -> None:
    rig.begin()
    rig.clock.stop_at_ns = T0 + 350_000_000
    with pytest.raises(Stopped):
        rig.run(Script(), realtime=True)
    before = rig.heard()
    assert before["frame"].tolist() == [0, 1, 2, 3]
    rig.clock.stop_at_ns = T0 + 10**12
    rig.run(Script(), realtime=True)
    assert rig.heard()["frame"].tolist() == [4, 5, 6, 7, 8, 9, 10]


def test_a_process_killed_after_its_last_sample_adds_nothing(rig: Rig) -> None:
    rig.begin()
    rig.run(Script())
    rig.heard()
    rig.run(Script())
    assert len(rig.heard()) == 0
    assert rig.names() == ["ready", "ended", "ended"]


def test_out_of_real_time_a_full_ring_is_waited_for_and_nothing_dropped(rig: Rig) -> None:
    class Long(Script):
        def frames(self, pace: Pace) -> Iterator[Frame]:
            for number in range(2 * HANDS_CAPACITY):
                yield Frame(PICTURE, number, pace.instant(number / 10), (2, 2))

    heard: list[int] = []

    def slow_reader() -> None:
        if len(rig.lanes.hands) == HANDS_CAPACITY:
            heard.extend(np.frombuffer(rig.lanes.hands.pop() or b"", HAND_SAMPLE)["frame"].tolist())

    rig.begin()
    rig.clock.when_slept = slow_reader
    rig.run(Long())
    assert heard + rig.heard()["frame"].tolist() == list(range(2 * HANDS_CAPACITY + 1))
    assert rig.lanes.hands.drops == 0


def test_in_real_time_a_full_ring_drops_and_counts(rig: Rig) -> None:
    class Long(Script):
        def frames(self, pace: Pace) -> Iterator[Frame]:
            for number in range(HANDS_CAPACITY + 10):
                yield Frame(PICTURE, number, pace.instant(0.0), (2, 2))

    rig.begin()
    rig.run(Long(), realtime=True)
    assert rig.lanes.hands.drops == 11, "ten frames and the end"
    assert len(rig.recorded()) == HANDS_CAPACITY + 11, "the recorder's ring is longer"


def test_a_camera_that_cannot_be_opened_at_the_start_ends_the_process(rig: Rig) -> None:
    with pytest.raises(CameraError, match="plug one in"):
        rig.run(CameraError("plug one in"))


def test_a_camera_that_cannot_be_opened_after_a_restart_is_looked_for(rig: Rig) -> None:
    rig.begin()
    rig.clock.stop_at_ns = T0 + 350_000_000
    with pytest.raises(Stopped):
        rig.run(Script(), realtime=True)
    rig.clock.stop_at_ns = T0 + 10**12
    rig.heard()
    rig.run(CameraError("gone"), CameraError("still gone"), Script(), realtime=True)
    heard = rig.heard()
    assert heard["flags"].tolist() == [Flag.CAMERA_LOST] * (len(heard) - 1) + [Flag.ENDED], "the rest was missed"
    assert len(heard) > 5
    assert np.diff(heard["t_capture_ns"].astype(float)).min() >= 0
    assert rig.names()[1:] == ["lost", "back", "ready", "ended"]


def test_a_torn_script_is_opened_again_and_goes_on_where_it_tore(rig: Rig) -> None:
    rig.begin()
    rig.run(Script(lost_after=4), Script())
    heard = rig.heard()
    assert rig.names() == ["ready", "lost", "back", "ended"]
    assert heard["frame"].tolist() == list(range(11))
    assert np.diff(heard["t_capture_ns"].astype(float)).min() > 0


class Live:
    """A live camera that the test feeds; None is a lost camera."""

    rate_hz, scripted, description = 60.0, False, "webcam"

    def __init__(self, *numbers: int | None) -> None:
        self.fed: queue.Queue[int | None] = queue.Queue()
        for number in numbers:
            self.fed.put(number)

    def frames(self, pace: Pace) -> Iterator[Frame]:
        del pace
        while (number := self.fed.get(timeout=30)) is not None:
            yield Frame(PICTURE, number, T0 + number, (2, 2))
        raise CameraLostError("webcam pulled out")

    def close(self) -> None:
        pass


def test_a_live_camera_that_is_pulled_out_and_put_back_goes_on_counting(rig: Rig) -> None:
    back = Live(0, 1)

    def stop_when_back() -> None:
        if [event for event in rig.names() if event == "back"]:
            rig.clock.stop_at_ns = 0

    rig.clock.when_slept = stop_when_back
    with pytest.raises(Stopped):
        rig.run(Live(0, None), CameraError("not there"), CameraError("not there"), back, realtime=True)
    back.fed.put(None)
    heard = rig.heard()
    lost = heard["flags"] == Flag.CAMERA_LOST
    assert heard["frame"][~lost].tolist() == [0, 1]
    assert rig.names() == ["ready", "lost", "back"]
    assert rig.events[1][1]["message"] == "webcam pulled out"
    lost_times = heard["t_capture_ns"][lost].astype(float) / 1e9
    assert len(lost_times) >= 10
    assert np.diff(lost_times).max() == pytest.approx(0.1, abs=0.01)


def test_without_a_plan_the_process_fails_with_one_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "firmware_py.sight"], input="{}", capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 2
    assert done.stderr == "", "the sentence is the session's to say"
    event = json.loads(done.stdout)
    assert (event["event"], event["exit"]) == ("failed", 2)
    assert "holds no plan" in event["message"]


def test_a_picture_that_cannot_show_a_hand_is_told_and_taken_back(rig: Rig) -> None:
    dark, light = np.zeros((36, 32), np.uint8), np.full((36, 32), 120, np.uint8)

    class Lamp(Script):
        def frames(self, pace: Pace) -> Iterator[Frame]:
            for number in range(60):
                luma = dark if 10 <= number < 40 else light + np.uint8(number)
                yield Frame(luma, number, pace.instant(number / 10), (32, 24))

    rig.begin()
    rig.run(Lamp())
    assert rig.names() == ["ready", "picture", "picture", "ended"]
    assert "too dark" in rig.events[1][1]["message"]
    assert rig.events[2][1]["message"] == ""


def test_a_frame_that_the_eye_stumbles_over_shows_no_hand_and_ends_nothing(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    see = Eye.see

    def stumbles(eye: Eye, frame: Frame) -> np.void:
        if frame.number in (3, 4):
            raise ZeroDivisionError("a mistake")
        return see(eye, frame)

    monkeypatch.setattr(Eye, "see", stumbles)
    rig.begin()
    rig.run(Script())
    heard = rig.heard()
    assert heard["frame"].tolist() == list(range(11))
    assert (heard["flags"][:10] == Flag.PRESENT).tolist() == [k not in (3, 4) for k in range(10)]
    assert capsys.readouterr().err.count("Traceback") == 1


class Lit(Live):
    """A live camera whose light can be locked, sixty steady frames a second from the session's start."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds
        self.orders: list[tuple[str, int]] = []
        self.number = 0

    def frames(self, pace: Pace) -> Iterator[Frame]:
        del pace
        picture = np.full((36, 32), 120, np.uint8)
        for number in range(round(self.seconds * 60)):
            self.number = number
            time.sleep(0.0005)
            yield Frame(picture + np.uint8(number % 3), number, T0 + number * 16_666_667, (32, 24))
        raise CameraLostError("done")

    def lock_light(self) -> None:
        self.orders.append(("lock", self.number))

    def free_light(self) -> None:
        self.orders.append(("free", self.number))


def test_a_live_cameras_light_is_locked_when_the_count_in_is_over(rig: Rig) -> None:
    camera = Lit(6.0)
    rig.begin()
    rig.plan = replace(rig.plan, counted_in_s=2.0)
    rig.clock.when_slept = lambda: setattr(rig.clock, "stop_at_ns", 0) if "lost" in rig.names() else None
    with pytest.raises(Stopped):
        rig.run(camera, realtime=True)
    assert [order for order, _ in camera.orders] == ["lock"]
    assert camera.orders[0][1] == pytest.approx(120, abs=20)
