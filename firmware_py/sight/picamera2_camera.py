"""The Pi's camera through picamera2: small YUV 4:2:0 frames at the sensor's highest sensible rate.

Kept thin, since it can only run on a Pi; everything above it is tested with frames. Not here: webcams (``v4l2``).
"""

import time
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from firmware_py.errors import CameraError, CameraLostError
from firmware_py.sight.camera import Frame, Pace
from firmware_py.sight.scaling import fitted

MISSING: Final = (
    "the Pi's camera needs picamera2; install it with: sudo apt install python3-picamera2, "
    "and make the .venv with --system-site-packages"
)
WAIT_S: Final = 2.0  # without a frame for so long, the camera is lost
BUFFERS: Final = 4


class Picamera2Camera:
    """The first camera on the Pi's own connector.

    Parameters
    ----------
    rate_hz
        Frames a second asked for; less where the sensor has no such mode.
    width
        Pixels across, rounded to an even number.

    Raises
    ------
    CameraError
        picamera2 is not installed, no camera is connected, or another program holds it.
    """

    scripted = False

    def __init__(self, *, rate_hz: float = 60.0, width: int = 320) -> None:
        try:
            from picamera2 import Picamera2
        except ImportError as error:
            raise CameraError(MISSING) from error
        if not Picamera2.global_camera_info():
            raise CameraError("no camera is on the Pi's connector; switch off, push the ribbon cable in, and try again")
        try:
            self._camera = Picamera2()
        except (RuntimeError, IndexError) as error:
            raise CameraError(f"the Pi's camera cannot be opened ({error}); another program may hold it") from error
        try:
            self._configure(rate_hz, width)
        except (RuntimeError, ValueError) as error:
            self._camera.close()
            raise CameraError(
                f"the Pi's camera refuses its settings ({error}); ask for another rate or width"
            ) from error

    def _configure(self, rate_hz: float, width: int) -> None:
        mode = chosen_mode(self._camera.sensor_modes, rate_hz)
        sensor_size: tuple[int, int] = mode["size"]
        self._rate_hz = min(rate_hz, float(mode["fps"]))
        size = fitted(sensor_size, max(width, width * sensor_size[1] // sensor_size[0]))
        frame_us = round(1e6 / self._rate_hz)
        configuration = self._camera.create_video_configuration(
            main={"size": size, "format": "YUV420"},
            sensor={"output_size": sensor_size, "bit_depth": mode["bit_depth"]},
            controls={"FrameDurationLimits": (frame_us, frame_us)},
            buffer_count=BUFFERS,
            queue=False,
        )
        self._camera.configure(configuration)
        stream = self._camera.stream_configuration("main")
        self._size: tuple[int, int] = stream["size"]
        self._stride: int = stream["stride"]
        self._camera.start()

    @property
    def description(self) -> str:
        """One line for people."""
        return f"Pi camera {self._size[0]}×{self._size[1]} at {self._rate_hz:g} frames a second"

    @property
    def rate_hz(self) -> float:
        """Frames a second that the sensor's mode allows."""
        return self._rate_hz

    def frames(self, pace: Pace) -> Iterator[Frame]:
        """Yield what is in front of the camera now; one copy, and its memory goes back at once."""
        del pace
        number = 0
        while True:
            job = self._camera.capture_request(wait=False)
            try:
                request = self._camera.wait(job, timeout=WAIT_S)
            except (TimeoutError, RuntimeError) as error:
                raise CameraLostError(f"the Pi's camera gave no picture for {WAIT_S:g} s; check its cable") from error
            try:
                raw = request.make_buffer("main")
                metadata = request.get_metadata()
            finally:
                request.release()
            yield Frame(unpadded(raw, self._size, self._stride), number, mid_exposure_ns(metadata), self._size)
            number += 1

    def close(self) -> None:
        """Stop the camera and give it back."""
        self._camera.close()


def chosen_mode(modes: list[dict[str, Any]], rate_hz: float) -> dict[str, Any]:
    """Pick a sensor mode: the widest view among those that reach the rate, else the fastest there is.

    Each mode carries ``size`` (width, height), ``fps`` and ``crop_limits`` (x, y, width, height) of the sensor.
    """

    def view(mode: dict[str, Any]) -> int:
        crop = mode.get("crop_limits") or (0, 0, *mode["size"])
        return int(crop[2] * crop[3])

    fast = [mode for mode in modes if mode["fps"] >= rate_hz * 0.97]
    if fast:
        # of modes with the same view, the one with fewer pixels reads out faster
        return max(fast, key=lambda mode: (view(mode), -mode["size"][0] * mode["size"][1]))
    return max(modes, key=lambda mode: (mode["fps"], view(mode)))


def unpadded(raw: NDArray[np.uint8], size: tuple[int, int], stride: int) -> NDArray[np.uint8]:
    """Take the padding out of a YUV 4:2:0 buffer.

    Parameters
    ----------
    raw
        uint8, shape (n,): luma rows of ``stride`` bytes, then U and V rows of half as many; bytes past that are
        ignored.
    size
        (width, height) of the picture, both even.
    stride
        Bytes from one luma row to the next, even, at least the width.

    Returns
    -------
    uint8, shape (height * 3 // 2, width), I420.
    """
    width, height = size
    if stride == width:
        return raw[: width * height * 3 // 2].reshape(height * 3 // 2, width)
    luma = raw[: stride * height].reshape(height, stride)[:, :width]
    chroma = raw[stride * height : stride * height * 3 // 2].reshape(height, stride // 2)[:, : width // 2]
    return np.concatenate((luma, chroma.reshape(height // 2, width)))


def mid_exposure_ns(metadata: dict[str, Any]) -> int:
    """Return CLOCK_MONOTONIC at mid-exposure from a frame's metadata.

    SensorTimestamp is the start of the frame on CLOCK_BOOTTIME, when the first row's exposure ends; it lags
    CLOCK_MONOTONIC by nothing on a box that never sleeps, and by the time asleep on others.
    """
    asleep_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns()
    exposure_ns = 1000 * int(metadata.get("ExposureTime", 0))
    stamp_ns = int(metadata.get("SensorTimestamp", 0))
    if stamp_ns <= 0:
        return time.monotonic_ns() - exposure_ns // 2
    return stamp_ns - asleep_ns - exposure_ns // 2
