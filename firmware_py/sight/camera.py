"""What every camera is: a source of frames with the time they were taken at. One small file per kind beside this.

Not here: finding hands. Live cameras give what is in front of them now; scripted ones (a clip, pictures, the ghost)
give each frame at its own place in the script, counted from t0, in real time or as fast as they are asked.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

LATE_NS: Final = 50_000_000
REST_NS: Final = 450_000_000  # between frames while nobody plays: twice a second


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture as planar YUV 4:2:0 (I420), BT.601, as the Pi's camera gives it.

    i420: uint8, shape (height * 3 // 2, width), width and height even. number counts from 0. t_capture_ns is
    CLOCK_MONOTONIC at mid-exposure. source_size is (width, height) in pixels of the picture before it was scaled
    down to this one, for boxes in pixels of the input. name is the file of a picture, else empty.
    """

    i420: NDArray[np.uint8]
    number: int
    t_capture_ns: int
    source_size: tuple[int, int]
    name: str = ""

    @property
    def width(self) -> int:
        """Pixels across."""
        return int(self.i420.shape[1])

    @property
    def height(self) -> int:
        """Pixels down."""
        return int(self.i420.shape[0]) * 2 // 3

    def rgb(self) -> NDArray[np.uint8]:
        """Return a new uint8 array, shape (height, width, 3), for the finder and for pictures shown to people."""
        import cv2  # here, as the box is ready sooner without it: it knows cameras and sees no picture itself

        return np.asarray(cv2.cvtColor(self.i420, cv2.COLOR_YUV2RGB_I420), dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class Pace:
    """How scripted cameras place their frames: a frame at ``s`` seconds of the script is taken at ``t0_ns + s``.

    realtime: wait for that instant before giving the frame, and leave out frames that are more than ``LATE_NS``
    overdue, as a camera does whose reader was busy. resume_ns: leave out frames taken at or before this instant
    (after a restart in mid-session). resting: None while somebody plays; else live cameras give frames as large as
    are useful, and few of them as long as the event is set.
    clock gives nanoseconds of CLOCK_MONOTONIC, sleep takes seconds.
    """

    t0_ns: int
    realtime: bool
    resume_ns: int = 0
    clock: Callable[[], int] = time.monotonic_ns
    sleep: Callable[[float], None] = time.sleep
    resting: threading.Event | None = None

    def instant(self, script_s: float) -> int:
        """Return the time of capture, CLOCK_MONOTONIC in nanoseconds, of so many seconds of the script."""
        return self.t0_ns + round(script_s * 1e9)

    def leaves_out(self, t_ns: int) -> bool:
        """Whether the frame taken at ``t_ns`` is not to be given: seen before a restart, or long overdue."""
        if t_ns <= self.resume_ns:
            return True
        return self.realtime and self.clock() - t_ns > LATE_NS

    def too_soon(self, t_ns: int, last_ns: int) -> bool:
        """Whether a live camera keeps the frame taken at ``t_ns`` to itself, after one given at ``last_ns``."""
        return self.resting is not None and self.resting.is_set() and t_ns - last_ns < REST_NS

    def wait_until(self, t_ns: int) -> None:
        """Return at ``t_ns`` of CLOCK_MONOTONIC, at once when not in real time or when that is past."""
        if self.realtime:
            left_ns = t_ns - self.clock()
            if left_ns > 0:
                self.sleep(left_ns / 1e9)


class Camera(Protocol):
    """A source of frames. ``frames`` may be begun again after it was left, not from two threads at once."""

    @property
    def description(self) -> str:
        """One line for people: what it is, size and rate."""
        ...

    @property
    def rate_hz(self) -> float:
        """Frames a second."""
        ...

    @property
    def scripted(self) -> bool:
        """Whether it has a first and a last frame of its own."""
        ...

    def frames(self, pace: Pace) -> Iterator[Frame]:
        """Yield frames until closed or, when scripted, until the last. Raises CameraLostError when it stops."""
        ...

    def close(self) -> None:
        """Give the device or file back; may be called twice."""
        ...


@runtime_checkable
class LightControl(Protocol):
    """What a camera has beside that whose exposure and white balance can be made to stand still.

    Both return when it is done, without raising; the frames go on meanwhile.
    """

    def lock_light(self) -> None:
        """Let exposure and white balance stand as they are now, and lamps not flicker in the picture."""
        ...

    def free_light(self) -> None:
        """Let the camera measure the light."""
        ...
