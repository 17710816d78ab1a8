"""A webcam through the kernel's V4L2: its best mode, its buffers read where they lie, with their own time stamps.

Not here: the Pi's camera (``picamera2_camera``); reopening a lost camera (``process``).
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_py.errors import CameraError, CameraLostError, NoCameraError
from firmware_py.sight.camera import Frame, Pace
from firmware_py.sight.layouts import i420_from
from firmware_py.sight.scaling import LONGEST, fitted
from firmware_py.sight.v4l2_device import Filled, Kernel
from firmware_py.sight.v4l2_devices import (
    DEVICES,
    NONE,
    NOT_WEBCAMS,
    Known,
    advice,
    by_id_names,
    candidates,
    names,
    opened,
)
from firmware_py.sight.v4l2_light import Light
from firmware_py.sight.v4l2_modes import CameraMode, chosen_mode

BUFFERS: Final = 4
FIRST_S: Final = 3.0  # a webcam's first picture may take so long
WAIT_S: Final = 2.0  # without a picture for so long, the camera is lost
POLL_S: Final = 0.2  # between looks whether the camera was closed meanwhile
STALE_NS: Final = 2_000_000_000  # a time stamp older than this, or in the future, is not believed
OLD_NS: Final = 300_000_000  # buffers that waited longer than this are not shown any more
_NOTHING: Final = np.zeros((0, 0), np.uint8)


class V4L2Camera:
    """A webcam.

    Parameters
    ----------
    device
        A node such as /dev/video0, a name under /dev/v4l/by-id or a part of one; empty takes the first that gives
        pictures.
    rate_hz
        Frames a second asked for; less where the camera has no such mode.
    width
        Pixels across that frames are scaled down to.
    mains_hz
        Of the lamps whose flicker is avoided; 0 for none.
    known
        The camera to find again, under whatever number.

    Raises
    ------
    CameraError
        No such device, no right to it, or no picture from it; NoCameraError where there is no webcam at all.
    """

    scripted = False

    def __init__(
        self,
        device: str = "",
        *,
        rate_hz: float = 60.0,
        width: int = 320,
        mains_hz: int = 50,
        known: Known | None = None,
        kernel: Kernel | None = None,
        folder: Path = DEVICES,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._clock = clock
        self._width = width
        self._closed = False
        self._held = threading.Lock()  # the device, between two threads that use and close it
        reasons: list[str] = []
        passed_over: NoCameraError | None = None
        for node in candidates(device, known, folder, kernel):
            try:
                self._open(node, rate_hz, mains_hz, kernel, folder, named=bool(device))
            except NoCameraError as error:
                if device:
                    raise
                passed_over = error
            except CameraError as error:
                reasons.append(str(error))
            else:
                return
        if reasons:
            raise CameraError(reasons[0])
        raise NoCameraError(NONE) from passed_over

    def _open(
        self, node: Path, rate_hz: float, mains_hz: int, kernel: Kernel | None, folder: Path, *, named: bool
    ) -> None:
        device = opened(node, kernel)
        try:
            identity, pictures = device.identity()
            if not pictures or (identity.driver.startswith(NOT_WEBCAMS) and not named):
                raise NoCameraError(f"{node} ({identity.card}) is no webcam; found: {names(folder)}")
            self._mode, self._stride = device.set_mode(chosen_mode(device.modes(), rate_hz))
            chosen_mode([self._mode], rate_hz)  # what was granted must be known here too
            self._light = Light(device, mains_hz=mains_hz, rate_hz=self._mode.rate_hz)
            device.start(BUFFERS)
            if not device.wait(FIRST_S) or (first := device.filled()) is None:
                raise CameraError(f"{node} gives no pictures; plug it in again")
            device.give_back(first.index)
        except CameraError:
            device.close()
            raise
        except OSError as error:
            device.close()
            raise CameraError(f"{node} gives no pictures ({error.strerror}); {advice(error)}") from error
        self._device, self._node = device, node
        by_id = by_id_names(node, folder)
        self.known = Known(by_id[0] if by_id else "", identity)
        self._target = self._fitted(self._width)

    def _fitted(self, width: int) -> tuple[int, int]:
        across, down = self._mode.size
        return fitted(self._mode.size, width if across >= down else width * down // across)

    @property
    def description(self) -> str:
        """One line for people."""
        return f"{self.known.identity.card} ({self._node}), {self._mode} frames a second"

    @property
    def mode(self) -> CameraMode:
        """The mode that the camera agreed to."""
        return self._mode

    @property
    def rate_hz(self) -> float:
        """Frames a second that the camera agreed to."""
        return self._mode.rate_hz

    def frames(self, pace: Pace) -> Iterator[Frame]:
        """Yield what is in front of the camera now; frames that are torn are left out, their numbers missing."""
        target = self._fitted(LONGEST) if pace.resting is not None else self._target
        first, last_ns, came_ns = -1, 0, self._clock()
        while not self._closed:
            self._device.wait(POLL_S)
            with self._held:
                if self._closed:
                    return
                frame = self._taken(pace, target, last_ns)
            if frame is None:
                if self._clock() - came_ns > WAIT_S * 1e9:
                    raise CameraLostError(f"{self._node} gives no more pictures; plug it in again")
                continue
            came_ns = self._clock()
            if frame.i420.size:
                first = frame.number if first < 0 else first
                yield replace(frame, number=max(0, frame.number - first))
                last_ns = frame.t_capture_ns

    def lock_light(self) -> None:
        """Let exposure, white balance and focus stand as they are; takes a webcam some tenths of a second."""
        if not self._closed:
            self._light.lock()

    def free_light(self) -> None:
        """Let the camera measure the light anew."""
        if not self._closed:
            self._light.free()

    def close(self) -> None:
        """Give the device back."""
        self._closed = True
        with self._held:
            self._device.close()

    def _taken(self, pace: Pace, target: tuple[int, int], last_ns: int) -> Frame | None:
        """Return the next whole frame, numbered by the driver; one without a picture is there but not wanted now."""
        try:
            filled = self._device.filled()
            if filled is None:
                return None
            t_ns = self._taken_ns(filled)
            found: tuple[NDArray[np.uint8], tuple[int, int]] | None = (_NOTHING, self._mode.size)
            if filled.torn:
                found = None
            elif not (pace.too_soon(t_ns, last_ns) or self._clock() - t_ns > OLD_NS):
                found = i420_from(filled.content, self._mode.fourcc, self._mode.size, self._stride, target)
            self._device.give_back(filled.index)
        except OSError as error:
            raise CameraLostError(f"{self._node} is gone ({error.strerror}); plug it in again") from error
        return None if found is None else Frame(found[0], filled.sequence, t_ns, found[1])

    def _taken_ns(self, filled: Filled) -> int:
        """Return the instant at mid-exposure.

        A stamp of the end of a frame is half a frame late or more, one of the start of its exposure half an exposure
        early, which no driver tells the length of; a clock of another kind says nothing.
        """
        now_ns = self._clock()
        half_ns = round(0.5e9 / self._mode.rate_hz)
        if not filled.clock_is_monotonic or not 0 <= now_ns - filled.t_ns < STALE_NS:
            return now_ns - half_ns
        return filled.t_ns if filled.at_start else filled.t_ns - half_ns
