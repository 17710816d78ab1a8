"""What every camera is: a source of frames with the time they were taken at. One small file per kind beside this.

Not here: finding hands. Live cameras give what is in front of them now; scripted ones (a clip, pictures, the ghost)
give their frame k at ``t0 + k / rate``, in real time or as fast as they are asked.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture as planar YUV 4:2:0 (I420), BT.601, as the Pi's camera gives it.

    i420: uint8, shape (height * 3 // 2, width), width and height even. number counts from 0. t_capture_ns is
    CLOCK_MONOTONIC at mid-exposure. source_size is (width, height) in pixels of the picture before it was scaled down
    to this one, for boxes in pixels of the input. name is the file of a picture, else empty.
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
        return np.asarray(cv2.cvtColor(self.i420, cv2.COLOR_YUV2RGB_I420), dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class Pace:
    """How scripted cameras place their frames: frame k is taken at ``t0_ns + k / rate``.

    realtime: wait for that instant before giving the frame. resume_ns: skip frames taken at or before this instant
    (after a restart in mid-session).
    """

    t0_ns: int
    realtime: bool
    resume_ns: int = 0

    def wait_until(self, t_ns: int) -> None:
        """Return at ``t_ns`` of CLOCK_MONOTONIC, at once when not in real time or when that is past."""
        if self.realtime:
            left_ns = t_ns - time.monotonic_ns()
            if left_ns > 0:
                time.sleep(left_ns / 1e9)


class Camera(Protocol):
    """A source of frames."""

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
