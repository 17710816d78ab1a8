"""The microphone process: hears the room and puts it, frame by frame beside the recording, on its tape and in the mix.

Started by the supervisor as ``python -m firmware_py.sound.microphone``, so that neither a driver that hangs nor a
library that dies can touch the realtime process or the recorder. A microphone that goes is told, looked for, and heard
again. Not here: ALSA (``alsa_capture``), what belongs where (``alignment``), the file (``recorder``).
"""

import json
import math
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from firmware_py.child_events import tell
from firmware_py.errors import AudioDeviceError, HandDanceError, UsageError
from firmware_py.lanes import CONTROL, MIC_BLOCK, MIC_FRAMES, STATUS, Lanes
from firmware_py.parent import die_with
from firmware_py.sound.alignment import Aligner, CaptureClock, Trend

OFF: Final = "off"
AUTO: Final = "auto"
OPEN_WITHIN_S: Final = 10
WAIT_S: Final = 0.05
LOOK_S: Final = 0.02  # between two readings of the clocks
LOOK_AGAIN_S: Final = 1.0
STALE_S: Final = 0.5  # without news the sound process is dead, and only our own clock is left
TOO_FAST: Final = 1.5  # times the rate: what gives so much keeps no time


def check_microphone(spec: str) -> str:
    """Return what ``sound.microphone`` says if it can mean anything. Raises UsageError naming what is allowed."""
    if spec in (OFF, AUTO) or (spec.startswith("alsa:") and len(spec) > len("alsa:")):
        return spec
    raise UsageError(f"no microphone is called {spec!r}; allowed are {AUTO}, {OFF} and alsa:DEVICE")


@dataclass(frozen=True)
class MicrophonePlan:
    """What the microphone process is told.

    lanes: name of the session's shared memory. microphone: auto or alsa:DEVICE. again: the session has begun with this
    device, so it is looked for where it is not there. parent_pid: the process to die with; 0: none.
    """

    lanes: str
    microphone: str
    rate_hz: int = 48_000
    again: bool = False
    parent_pid: int = 0

    def to_json(self) -> str:
        """Return the plan as one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a plan. Raises UsageError where it is none."""
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError) as error:
            raise UsageError(f"this is no plan of a microphone ({error}); give it MicrophonePlan.to_json's") from error


class Capture(Protocol):
    """A device that hears; see ``AlsaCapture``, and the tests' own."""

    frames: int

    def read(self, within_s: float) -> NDArray[np.int16] | None:
        """Return what has come, waiting a while for some; None: some was lost, and ``frames`` counts from 0 again."""
        ...

    def next_frame_ns(self) -> int | None:
        """Return when the next frame to be read was in the room, None where that cannot be told now."""
        ...

    def close(self) -> None:
        """Give it back; may be called twice."""
        ...


class MicrophoneProcess:
    """One microphone process, from its plan to its end.

    opened: opens a device by its name; now_ns and sleep: the clock. All three are the tests' to replace.
    """

    def __init__(
        self,
        plan: MicrophonePlan,
        opened: Callable[[str, int], Capture] | None = None,
        now_ns: Callable[[], int] = time.monotonic_ns,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.plan = plan
        self._opened = opened or _alsa
        self._now_ns, self._sleep = now_ns, sleep
        self._stopping = False
        self._device = ""  # the one that was taken, and is looked for when it has gone
        self._clock = CaptureClock(plan.rate_hz)
        self._skew_s = Trend()
        self._skew_told_ns = 0
        self._aligner = Aligner(plan.rate_hz, MIC_FRAMES)
        self._looked_ns = self._asked_ns = 0
        self._t0_ns, self._base, self._drift = 0, math.nan, 0.0

    def stop(self, *_: object) -> None:
        """End; a signal handler."""
        self._stopping = True

    def run(self) -> None:
        """Hear until ``stop`` is called or the lanes' owner is dead; at once where auto finds no microphone.

        Raises
        ------
        AudioDeviceError
            The one that was named cannot be opened.
        """
        lanes = Lanes.attach(self.plan.lanes)
        lanes.tape_mic.open_producer()
        lanes.mic.open_producer()
        signal.alarm(0 if self.plan.again else OPEN_WITHIN_S)  # a driver that hangs is ended by the kernel
        capture = self._begin(lanes)
        signal.alarm(0)
        try:
            while capture is not None and self._goes_on(lanes):
                try:
                    self.step(capture, lanes)
                except AudioDeviceError as error:
                    capture.close()
                    tell("lost", message=f"{error}; it is being looked for, plug it in again")
                    capture = self._found_again(lanes)
        finally:
            if capture is not None:
                capture.close()

    def step(self, capture: Capture, lanes: Lanes) -> None:
        """Hear what has come since, and put on the tapes what belongs to the recording. Raises AudioDeviceError."""
        frames = capture.read(WAIT_S)
        lanes.tape_mic.beat_producer()
        if frames is None:
            self._count_anew()
            return
        self._aligner.feed(frames)
        now_ns = self._now_ns()
        if now_ns - self._looked_ns > LOOK_S * 1e9:
            self._looked_ns = now_ns
            if (instant_ns := capture.next_frame_ns()) is not None:
                self._clock.note(capture.frames, instant_ns, now_ns)
            self._look(lanes, now_ns)
        while self._base == self._base and (made := self._aligner.block(self._base, self._drift)):
            record = np.zeros((), MIC_BLOCK)
            record["first_frame"], record["frames"], record["samples"] = made[0], MIC_FRAMES, made[1]
            content = record.tobytes()
            lanes.tape_mic.push(content)
            lanes.mic.push(content)

    def _look(self, lanes: Lanes, now_ns: int) -> None:
        """Find the captured frame that belongs to the recording's first, NaN while that is not known."""
        control = np.frombuffer(lanes.control.read(), CONTROL)[0]
        status = np.frombuffer(lanes.status.read(), STATUS)[0]
        self._t0_ns, told_ns = int(control["t0_ns"]), int(status["t_ns"])
        if told_ns != self._skew_told_ns and int(status["frames"]):
            self._skew_told_ns = told_ns
            self._skew_s.note(now_ns / 1e9, int(status["skew_ns"]) / 1e9)
        waits = not self._skew_s and now_ns - self._t0_ns < STALE_S * 1e9
        if not self._t0_ns or now_ns < self._t0_ns or not self._clock.settled or waits:
            self._base = math.nan
            return
        skew_s = self._skew_s.at(now_ns / 1e9) if self._skew_s else 0.0
        begins_s = self._t0_ns / 1e9 + skew_s + int(control["room_delay_us"]) / 1e6
        self._base = (begins_s - self._clock.zero_s.at(now_ns / 1e9)) * self.plan.rate_hz
        self._drift = self._skew_s.slope - self._clock.zero_s.slope

    def _begin(self, lanes: Lanes) -> Capture | None:
        """Open the microphone for the first time, hear until its time is known, and say that it is ready.

        Returns None where auto finds none. Raises AudioDeviceError.
        """
        named = self.plan.microphone.partition(":")[2]
        devices = [named] if named else ["default", *_cards()]
        for device in devices:
            self._device = device
            capture: Capture | None = None
            try:
                capture = self._opened(device, self.plan.rate_hz)
                self._settle(capture, lanes)
            except AudioDeviceError as error:
                if capture is not None:
                    capture.close()
                if self.plan.again:  # its name is known to be right
                    tell("lost", message=str(error))
                    return self._found_again(lanes)
                if named:
                    raise
                continue
            tell("ready", microphone=f"ALSA {device}, {self.plan.rate_hz} Hz", device=device)
            return capture
        tell("ready", microphone="", device="")
        return None

    def _settle(self, capture: Capture, lanes: Lanes) -> None:
        """Hear until it is known when. Raises AudioDeviceError for a device that keeps no time."""
        self._count_anew()
        began_ns, heard = self._now_ns(), 0
        while not self._clock.settled and self._goes_on(lanes):
            before = capture.frames
            self.step(capture, lanes)
            heard += max(0, capture.frames - before)
            if heard > self.plan.rate_hz * (1.0 + TOO_FAST * (self._now_ns() - began_ns) / 1e9):
                raise AudioDeviceError(
                    f"microphone {self._device!r} keeps no time: it hands out silence as fast as it is asked;"
                    " name another one as sound.microphone, or set it to off"
                )

    def _found_again(self, lanes: Lanes) -> Capture | None:
        """Look for the device until it is there; None where the end comes first."""
        while self._goes_on(lanes):
            lanes.tape_mic.beat_producer()
            try:
                capture = self._opened(self._device, self.plan.rate_hz)
            except AudioDeviceError:
                self._sleep(LOOK_AGAIN_S)
                continue
            self._count_anew()
            tell("back")
            return capture
        return None

    def _count_anew(self) -> None:
        """The device counts from 0: when its frames were in the room is to be found out again."""
        self._clock.begin()
        self._aligner.begin()
        self._base = math.nan

    def _goes_on(self, lanes: Lanes) -> bool:
        """Whether nobody has ended it; asks now and then whether the owner of the lanes still lives."""
        now_ns = self._now_ns()
        if now_ns - self._asked_ns > LOOK_AGAIN_S * 1e9:
            self._asked_ns = now_ns
            self._stopping = self._stopping or not lanes.segment.owner_lives
        return not self._stopping


def _alsa(device: str, rate_hz: int) -> Capture:
    try:
        from firmware_py.sound.alsa_capture import AlsaCapture
    except ImportError as error:
        raise AudioDeviceError(
            f"no ALSA here ({error}); install pyalsaaudio, or set sound.microphone to off"
        ) from error
    return AlsaCapture(device, rate_hz)


def _cards() -> list[str]:
    try:
        from firmware_py.sound.alsa import card_devices
    except ImportError:
        return []
    return card_devices()


def main(arguments: list[str]) -> int:
    """Run one microphone process by the plan in the first argument, or on standard input; return its exit code."""
    try:
        process = MicrophoneProcess(MicrophonePlan.from_json(arguments[0] if arguments else sys.stdin.read()))
        die_with(process.plan.parent_pid)
        signal.signal(signal.SIGTERM, process.stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the supervisor's to act on
        process.run()
    except HandDanceError as error:
        tell("failed", message=str(error), exit=error.exit_code)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
