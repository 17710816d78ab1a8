"""A webcam through the kernel's V4L2, read by OpenCV, with the buffers' own time stamps.

Not here: the Pi's camera (``picamera2_camera``); reopening a lost camera (``process``).
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Protocol

import cv2
import numpy as np

from firmware_py.errors import CameraError, CameraLostError
from firmware_py.sight.camera import Frame, Pace
from firmware_py.sight.scaling import fitted, i420_of

DEVICES: Final = Path("/dev")
STALE_S: Final = 2.0  # a buffer time older than this, or in the future, is not of CLOCK_MONOTONIC
MISSES: Final = 2  # reads in a row that fail before the camera counts as lost; one that stalls takes 10 s to fail


class Capture(Protocol):
    """The part of cv2.VideoCapture that is used here."""

    def isOpened(self) -> bool: ...  # noqa: D102, N802
    def set(self, propId: int, value: float) -> bool: ...  # noqa: D102, N803
    def get(self, propId: int) -> float: ...  # noqa: D102, N803
    def read(self) -> tuple[bool, object]: ...  # noqa: D102
    def release(self) -> None: ...  # noqa: D102


def _capture(device: Path) -> Capture:
    before = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        return cv2.VideoCapture(str(device), cv2.CAP_V4L2)
    finally:
        cv2.utils.logging.setLogLevel(before)


def devices(folder: Path = DEVICES) -> tuple[Path, ...]:
    """Return the video devices of this machine in the order of their numbers."""
    found = [node for node in folder.glob("video*") if node.name[5:].isdigit()]
    return tuple(sorted(found, key=lambda node: int(node.name[5:])))


class V4L2Camera:
    """A webcam.

    Parameters
    ----------
    device
        A node such as /dev/video0; None takes the first that gives pictures.
    rate_hz
        Frames a second asked for; the camera's nearest mode is taken.
    width
        Pixels across that frames are scaled down to.

    Raises
    ------
    CameraError
        No such device, no right to it, or no picture from it.
    """

    scripted = False

    def __init__(
        self,
        device: Path | None = None,
        *,
        rate_hz: float = 60.0,
        width: int = 320,
        opener: Callable[[Path], Capture] = _capture,
        folder: Path = DEVICES,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._clock = clock
        self._width = width
        candidates = devices(folder) if device is None else (device,)
        reason = "no camera is plugged in; plug one in or use --camera ghost"
        for candidate in candidates:
            if not candidate.exists():
                reason = f"there is no {candidate}; found: {_names(folder)}"
                continue
            capture = opener(candidate)
            if capture.isOpened():
                _ask(capture, rate_hz, width)
                if capture.read()[0]:  # metadata nodes open too, but give no pictures
                    self._capture, self._device = capture, candidate
                    break
            capture.release()
            reason = (
                f"{candidate} gives no pictures; another program may hold it, or this user may not open it "
                "(join the group video)"
            )
        else:
            raise CameraError(reason)
        told = float(self._capture.get(cv2.CAP_PROP_FPS))
        self._rate_hz = told if 1.0 <= told <= 1000.0 else 30.0
        self._source_size = (
            int(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
            int(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        )

    @property
    def description(self) -> str:
        """One line for people."""
        return f"{self._device} {self._source_size[0]}×{self._source_size[1]} at {self._rate_hz:g} frames a second"

    @property
    def rate_hz(self) -> float:
        """Frames a second that the camera agreed to."""
        return self._rate_hz

    def frames(self, pace: Pace) -> Iterator[Frame]:
        """Yield what is in front of the camera now; the pace of scripts does not matter."""
        del pace
        number = misses = 0
        while True:
            got, picture = self._capture.read()
            if not got:
                misses += 1
                if misses == MISSES:
                    raise CameraLostError(f"{self._device} gives no more pictures; plug it in again")
                continue
            misses = 0
            bgr = np.asarray(picture, dtype=np.uint8)
            size = (int(bgr.shape[1]), int(bgr.shape[0]))
            target = fitted(size, self._width if size[0] >= size[1] else self._width * size[1] // size[0])
            yield Frame(i420_of(bgr, target), number, self._taken_ns(), size)
            number += 1

    def _taken_ns(self) -> int:
        # the kernel's buffer time, CLOCK_MONOTONIC on every driver of the last ten years; some give none or wall time
        now_ns = self._clock()
        buffer_ns = round(float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) * 1e6)
        if 0 <= now_ns - buffer_ns < STALE_S * 1e9:
            return buffer_ns
        return now_ns - round(0.5e9 / self._rate_hz)

    def close(self) -> None:
        """Give the device back."""
        self._capture.release()


def _ask(capture: Capture, rate_hz: float, width: int) -> None:
    """Ask for motion JPEG, small and fast: uncompressed modes of most webcams stop at 30 frames a second."""
    capture.set(cv2.CAP_PROP_FOURCC, float(cv2.VideoWriter.fourcc(*"MJPG")))
    wide = 640 if width <= 640 else width
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, wide)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, wide * 3 // 4)
    capture.set(cv2.CAP_PROP_FPS, rate_hz)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 2)  # older frames are worth nothing


def _names(folder: Path) -> str:
    return ", ".join(str(node) for node in devices(folder)) or "none"
