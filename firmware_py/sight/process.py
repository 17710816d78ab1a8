"""The sight process: frames from a camera in, hand samples into the session's shared memory.

It outlives lost cameras, and one that is killed and started anew goes on with the frame after its last. Not here:
what it is told (``plan``), seeing (``hands``).
"""

import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from firmware_py.child_events import tell
from firmware_py.errors import CameraError, CameraLostError, HandDanceError, ModelFilesError
from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.lanes import CONTROL, Lanes
from firmware_py.niceness import before_others
from firmware_py.parent import die_with
from firmware_py.sight.camera import Camera, Frame, LightControl, Pace
from firmware_py.sight.cameras import open_camera
from firmware_py.sight.frames import LiveFrames
from firmware_py.sight.light_orders import LightOrders
from firmware_py.sight.picture_health import PictureHealth
from firmware_py.sight.plan import SightPlan
from firmware_py.sight.publisher import Publisher
from firmware_py.sight.waiting import Orders, Waiting

START_POLL_S: Final = 0.002
LOST_PERIOD_S: Final = 0.1  # between samples that say that the camera is lost
STALL_S: Final = 0.5  # without a frame for so long, a live camera is called lost until one comes
BACK_OFF_S: Final = (0.25, 0.5, 1.0, 2.0)


class Sees(Protocol):
    """What turns a frame into a hand sample."""

    @property
    def by_colour(self) -> bool:
        """Whether it goes by colours alone, and must be shown the hand first."""
        ...

    def see(self, frame: Frame) -> np.void:
        """Return a record of HAND_SAMPLE with everything but its time of publishing."""
        ...


class Stopped(BaseException):
    """SIGTERM has come; the process ends in good order. No error, hence not caught by mistake."""


class SightProcess:
    """The work of the process, with everything it touches given to it.

    Parameters
    ----------
    plan
        What to do.
    lanes
        The session's shared memory.
    sight
        Makes the eye for a camera of so many frames a second.
    tell
        Takes the name and the fields of one event for the supervisor.
    opened
        Opens the plan's camera.
    sleep
        Takes seconds; raises Stopped once the process should end.
    """

    def __init__(
        self,
        plan: SightPlan,
        lanes: Lanes,
        *,
        sight: Callable[[float], Sees],
        tell: Callable[..., None],
        opened: Callable[[], Camera],
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._plan = plan
        self._lanes = lanes
        self._sight = sight
        self._tell = tell
        self._opened = opened
        self._sleep = sleep
        self._clock = clock
        self._publisher = Publisher(lanes, realtime=plan.realtime, sleep=sleep, clock=clock)
        last = self._publisher.last
        self._resume_ns = int(last["t_capture_ns"])
        self._ended = bool(last["flags"] & Flag.ENDED)
        self._next_frame = int(last["frame"]) + 1 if self._resume_ns else 0
        self._lost = False
        self._frames = self._with_hand = 0
        self._blinded = False
        self._health = PictureHealth(0.0)

    def run(self) -> None:
        """Work until a script ends or Stopped is raised.

        Raises CameraError or UsageError when the camera cannot be opened at the session's start.
        """
        if self._ended:  # killed between the last sample and the end
            self._tell("ended", frames=0, with_hand=0)
            return None
        try:
            camera = self._opened()
        except CameraError as error:
            if not self._resume_ns:
                raise
            camera = self._reopened(error)
        sight = self._sight(camera.rate_hz)
        self._tell("ready", camera=camera.description, by_colour=sight.by_colour)
        while True:
            self._health = PictureHealth(camera.rate_hz, drawn=self._plan.camera.source.startswith("ghost"))
            try:
                if camera.scripted:
                    return self._play_script(camera, sight)
                self._watch(camera, sight)
            except CameraError as error:
                camera.close()
                camera = self._reopened(error)

    def _play_script(self, camera: Camera, sight: Sees) -> None:
        t0_ns = self._wait_for_start()
        pace = Pace(t0_ns, self._plan.realtime, self._resume_ns, self._clock, self._sleep)
        end_ns = max(t0_ns, self._resume_ns)
        number = self._next_frame
        for frame in camera.frames(pace):
            self._see(sight, frame, frame.number)
            number = frame.number + 1
            end_ns = frame.t_capture_ns + round(1e9 / camera.rate_hz)
            self._sleep(0.0)
        camera.close()
        pace.wait_until(end_ns)
        self._publisher.publish_empty(Flag.ENDED, end_ns, number)
        self._tell("ended", frames=self._frames, with_hand=self._with_hand)

    def _watch(self, camera: Camera, sight: Sees) -> None:
        first = self._next_frame
        light = LightOrders(camera) if isinstance(camera, LightControl) else None
        live = LiveFrames(camera, Pace(0, realtime=True), patience_s=LOST_PERIOD_S)
        last_ns = self._clock()
        try:
            for frame in live:
                self._sleep(0.0)
                if frame is not None:
                    self._found()
                    sample = self._see(sight, frame, first + frame.number)
                    if light:
                        light.saw(frame, sample, counted_in=self._counted_in(frame.t_capture_ns))
                    self._next_frame = first + frame.number + 1
                    last_ns = self._clock()
                elif self._clock() - last_ns > STALL_S * 1e9:
                    self._missing(CameraLostError(f"{camera.description} gives no picture; check its cable"))
                else:
                    self._publisher.beat()
        finally:
            live.close()

    def _see(self, sight: Sees, frame: Frame, number: int) -> np.void:
        sample = self._sample(sight, frame)
        sample["frame"] = number
        self._frames += 1
        self._with_hand += bool(sample["flags"] & Flag.PRESENT)
        self._publisher.publish(sample)
        self._resume_ns = frame.t_capture_ns
        if self._health.saw(frame.i420, frame.t_capture_ns / 1e9):
            self._tell("picture", message=self._health.trouble)
        return sample

    def _sample(self, sight: Sees, frame: Frame) -> np.void:
        """Return what was seen; a frame that the eye stumbles over shows no hand, and the next one is another."""
        try:
            sample = sight.see(frame)
            self._blinded = False
        except Exception:  # noqa: BLE001 - whatever it is, it is said, and play goes on
            if not self._blinded:  # once for a row of them
                traceback.print_exc()
            self._blinded = True
            sample = np.zeros(1, HAND_SAMPLE)[0]
            sample["t_capture_ns"] = frame.t_capture_ns
        return sample

    def _counted_in(self, t_ns: int) -> bool:
        t0_ns = self._t0_ns()
        return t0_ns > 0 and t_ns >= t0_ns + round(self._plan.counted_in_s * 1e9)

    def _t0_ns(self) -> int:
        return int(np.frombuffer(self._lanes.control.read(), CONTROL)[0]["t0_ns"])

    def _wait_for_start(self) -> int:
        while not (t0_ns := self._t0_ns()):
            self._publisher.beat()
            self._sleep(START_POLL_S)
        return t0_ns

    def _reopened(self, error: CameraError) -> Camera:
        """Look for the camera until it is there again."""
        for pause_s in _back_off():
            wait_until_ns = self._clock() + round(pause_s * 1e9)
            while self._clock() < wait_until_ns:
                self._missing(error)
                self._sleep(LOST_PERIOD_S)
            try:
                camera = self._opened()
            except CameraError as still:
                error = still
                continue
            if camera.scripted:
                self._found()
            return camera
        raise AssertionError("the back-off never ends")

    def _missing(self, error: CameraError) -> None:
        if not self._lost:
            self._lost = True
            if self._health.trouble:
                self._tell("picture", message="")
            self._tell("lost", message=str(error))
        if self._plan.realtime:
            self._resume_ns = max(self._resume_ns, self._clock())
            self._publisher.publish_empty(Flag.CAMERA_LOST, self._resume_ns, max(0, self._next_frame - 1))
        else:  # a script's own time stands still meanwhile
            self._publisher.beat()

    def _found(self) -> None:
        if self._lost:
            self._lost = False
            self._tell("back")


def _back_off() -> Iterator[float]:
    yield from BACK_OFF_S
    while True:
        yield BACK_OFF_S[-1]


def sleep_or_stop(seconds: float) -> None:
    """Sleep so many seconds; raises Stopped as soon as SIGTERM (blocked in every thread) is pending."""
    if signal.sigtimedwait({signal.SIGTERM}, max(0.0, seconds)) is not None:
        raise Stopped


class Eyes:
    """Makes the eye that a plan asks for; one that was made while nobody played is kept for the session."""

    def __init__(self) -> None:
        self._waiting: tuple[SightPlan, float, Sees] | None = None

    def prepare(self, plan: SightPlan, rate_hz: float) -> None:
        """Load everything that a session with such a plan and camera needs."""
        self._waiting = (plan, rate_hz, _eye(plan, rate_hz))

    def for_plan(self, plan: SightPlan) -> Callable[[float], Sees]:
        """Return what makes the eye of this plan's session."""

        def made(rate_hz: float) -> Sees:
            waiting, self._waiting = self._waiting, None
            if waiting and waiting[1] == rate_hz and _alike(waiting[0], plan):
                return waiting[2]
            return _eye(plan, rate_hz)

        return made


def _alike(one: SightPlan, other: SightPlan) -> bool:
    """Whether both ask for the same eye."""
    asked = [(plan.state, plan.synchronous, plan.hands, plan.prefer) for plan in (one, other)]
    return asked[0] == asked[1]


def _eye(plan: SightPlan, rate_hz: float) -> Sees:
    from firmware_py.sight import models
    from firmware_py.sight.hands import Sight

    try:
        files = models.find(Path(plan.state))
        return Sight(files, synchronous=plan.synchronous, rate_hz=rate_hz, hands=plan.hands, prefer=plan.prefer)
    except ModelFilesError as error:
        print(f"hand-dance: hands are followed by colour only: {error}", file=sys.stderr, flush=True)
        return Sight(None, synchronous=plan.synchronous, rate_hz=rate_hz, hands=plan.hands, prefer=plan.prefer)


def _opened(
    plan: SightPlan, warm: Camera | None = None, delay_s: Callable[[], float] | None = None
) -> Callable[[], Camera]:
    """Return what opens the plan's camera: at first the one that is open already, later the same one again."""
    last: list[Camera] = []

    def opened() -> Camera:
        nonlocal warm
        camera, warm = warm, None
        if camera is None:
            camera = open_camera(
                plan.camera.source,
                plan.camera,
                ghost=plan.ghost,
                cache=Path(plan.state) / "cache",
                delay_s=delay_s,
                lost=last[-1] if last else None,
            )
        last[:] = [camera]
        return camera

    return opened


def _delay_s(lanes: Lanes) -> float:
    return int(np.frombuffer(lanes.control.read(), CONTROL)[0]["delay_us"]) / 1e6


def main() -> int:
    """Run the plan on standard input, with SIGTERM blocked in every thread; returns the exit code."""
    orders, eyes, camera = Orders(), Eyes(), None
    try:
        plan = SightPlan.from_json(orders.line() or "")
        die_with(plan.parent_pid)
        if plan.realtime:
            before_others()
        if not plan.lanes:
            waited = _wait(plan, orders, eyes)
            if waited is None:
                return 0
            session, camera = waited
            if camera and session.camera != plan.camera:
                camera.close()
                camera = None
            plan = session
        lanes = Lanes.attach(plan.lanes)
        SightProcess(
            plan,
            lanes,
            sight=eyes.for_plan(plan),
            tell=tell,
            opened=_opened(plan, camera, lambda: _delay_s(lanes)),
            sleep=sleep_or_stop,
        ).run()
    except Stopped:
        return 0
    except HandDanceError as error:
        tell("failed", message=str(error), exit=error.exit_code)
        return error.exit_code
    return 0


def _wait(plan: SightPlan, orders: Orders, eyes: Eyes) -> tuple[SightPlan, Camera | None] | None:
    """Wait for a session's plan with everything ready; None: there will be none."""
    drawn = plan.camera.source.startswith("ghost")
    opened = _opened(plan)

    def opened_with_an_eye() -> Camera:
        camera = opened()
        if not camera.scripted:
            eyes.prepare(plan, camera.rate_hz)
        return camera

    if drawn:
        eyes.prepare(plan, plan.camera.rate_hz)
    tell("waiting")
    line, camera = Waiting(orders, opened=None if drawn else opened_with_an_eye, tell=tell, sleep=sleep_or_stop).wait()
    return None if line is None else (SightPlan.from_json(line), camera)
