"""The Pi's camera through picamera2: small YUV 4:2:0 frames at the sensor's highest sensible rate.

Kept thin, since it can only run on a Pi; everything above it is tested with frames, and its calls are checked against
picamera2's source. Not here: webcams (``v4l2``), which mode is the right one (``sensor_modes``).
"""

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from firmware_py.errors import CameraError, CameraLostError
from firmware_py.sight.camera import Frame, Pace
from firmware_py.sight.exposure import flicker_free
from firmware_py.sight.scaling import LONGEST, fitted
from firmware_py.sight.sensor_modes import chosen_mode, sensor_modes

if TYPE_CHECKING:
    from picamera2.request import CompletedRequest

MISSING: Final = (
    "the Pi's camera needs picamera2; install it with: sudo apt install python3-picamera2, "
    "and make the .venv with --system-site-packages"
)
WAIT_S: Final = 2.0  # without a frame for so long, the camera is lost
BUFFERS: Final = 4
SMALL, LARGE = "lores", "main"  # the hand is measured on the small stream; codes are read on the large one
_FLICKER_MANUAL: Final = 1  # libcamera's AeFlickerModeEnum.Manual


class Picamera2Camera:
    """The first camera on the Pi's own connectors.

    Parameters
    ----------
    rate_hz
        Frames a second asked for; less where the sensor has no such mode.
    width
        Pixels across, rounded to an even number.
    mains_hz
        Of the lamps whose flicker is avoided; 0 for none.

    Raises
    ------
    CameraError
        picamera2 is not installed, no camera is connected, or another program holds it.
    """

    scripted = False

    def __init__(self, *, rate_hz: float = 60.0, width: int = 320, mains_hz: int = 50) -> None:
        try:
            from picamera2 import Picamera2
        except ImportError as error:
            raise CameraError(MISSING) from error
        number = own_camera(Picamera2.global_camera_info())
        if number is None:
            raise CameraError("no camera is on the Pi's connector; switch off, push the ribbon cable in, and try again")
        self._mains_hz = mains_hz
        self._seen: Mapping[str, Any] = {}  # the last frame's metadata
        try:
            self._camera = Picamera2(number)
        except (RuntimeError, IndexError) as error:
            raise CameraError(f"the Pi's camera cannot be opened ({error}); another program may hold it") from error
        try:
            self._configure(rate_hz, width)
        except CameraError:
            self._camera.close()
            raise
        except (RuntimeError, ValueError, KeyError) as error:
            self._camera.close()
            raise CameraError(
                f"the Pi's camera refuses its settings ({error}); ask for another rate or width"
            ) from error

    def _configure(self, rate_hz: float, width: int) -> None:
        mode = chosen_mode(sensor_modes(self._camera.sensor_modes), rate_hz)
        self._readout_ns = round(1e9 * mode.readout_s)
        self._rate_hz = min(rate_hz, mode.rate_hz)
        small = fitted(mode.size, max(width, width * mode.size[1] // mode.size[0]))
        frame_us = round(1e6 / self._rate_hz)
        configuration = self._camera.create_video_configuration(
            main={"size": fitted(mode.size, max(LONGEST, *small)), "format": "YUV420"},
            lores={"size": small, "format": "YUV420"},
            sensor={"output_size": mode.size, "bit_depth": mode.bit_depth},
            controls={"FrameDurationLimits": (frame_us, frame_us)},
            buffer_count=BUFFERS,
            queue=False,
        )
        self._camera.configure(configuration)
        self._streams = {name: self._camera.stream_configuration(name) for name in (SMALL, LARGE)}
        self._controls = self._camera.camera_controls
        self.free_light()
        self._camera.start()

    @property
    def description(self) -> str:
        """One line for people."""
        across, down = self._streams[SMALL]["size"]
        return f"Pi camera {across}×{down} at {self._rate_hz:g} frames a second"

    @property
    def rate_hz(self) -> float:
        """Frames a second that the sensor's mode allows."""
        return self._rate_hz

    def frames(self, pace: Pace) -> Iterator[Frame]:
        """Yield what is in front of the camera now; one copy, and its memory goes back at once."""
        stream = LARGE if pace.resting is not None else SMALL
        number, last_ns = 0, 0
        while True:
            job = self._camera.capture_request(wait=False)
            try:
                request = self._camera.wait(job, timeout=WAIT_S)
            except (TimeoutError, RuntimeError) as error:
                raise CameraLostError(f"the Pi's camera gave no picture for {WAIT_S:g} s; check its cable") from error
            try:
                self._seen = request.get_metadata()
                t_ns = mid_exposure_ns(self._seen, self._readout_ns)
                picture = None if pace.too_soon(t_ns, last_ns) else self._copied(request, stream)
            finally:
                request.release()
            if picture is not None:
                yield Frame(picture, number, t_ns, self._streams[stream]["size"])
                last_ns = t_ns
            number += 1

    def _copied(self, request: "CompletedRequest", stream: str) -> NDArray[np.uint8]:
        """Copy the picture out of its buffer, which is the camera's again when the request is released."""
        from picamera2 import MappedArray

        with MappedArray(request, stream, reshape=False, write=False) as mapped:
            if mapped.array is None:
                raise CameraLostError("the Pi's camera gave a picture without memory; start again")
            told = self._streams[stream]
            return unpadded(mapped.array, told["size"], told["stride"])

    def lock_light(self) -> None:
        """Let exposure and white balance stand as they are, at an exposure that does not beat with the lamps."""
        self._camera.set_controls(
            locked_controls(self._seen, self._controls, mains_hz=self._mains_hz, rate_hz=self._rate_hz)
        )

    def free_light(self) -> None:
        """Let the camera measure the light."""
        self._camera.set_controls(free_controls(self._controls, mains_hz=self._mains_hz))

    def close(self) -> None:
        """Stop the camera and give it back."""
        self._camera.close()


def own_camera(cameras: list[Any]) -> int | None:
    """Return the number of the first camera that is no webcam, as ``Picamera2.global_camera_info`` tells them."""
    return next((int(camera["Num"]) for camera in cameras if "/usb" not in camera["Id"]), None)


def free_controls(has: Mapping[str, Any], *, mains_hz: int) -> dict[str, Any]:
    """Return the controls that let the camera measure the light; has: those that it has (a grey one has no colours)."""
    wanted: dict[str, Any] = {"AeEnable": True, "AwbEnable": True}
    if mains_hz:
        wanted |= {"AeFlickerMode": _FLICKER_MANUAL, "AeFlickerPeriod": round(1e6 / (2 * mains_hz))}
    return {name: value for name, value in wanted.items() if name in has}


def locked_controls(
    seen: Mapping[str, Any], has: Mapping[str, Any], *, mains_hz: int, rate_hz: float
) -> dict[str, Any]:
    """Return the controls that keep exposure and colours as a frame's metadata ``seen`` tells them.

    has: the controls that the camera has, each with its least, greatest and default value. Empty before the first
    frame.
    """
    exposure_us, gain = float(seen.get("ExposureTime", 0)), float(seen.get("AnalogueGain", 0))
    if exposure_us <= 0 or gain <= 0:
        return {}
    least, most = has["AnalogueGain"][:2] if "AnalogueGain" in has else (gain, gain)
    exposure_us, gain = flicker_free(
        exposure_us, gain, mains_hz, longest_us=1e6 / rate_hz, gains=(float(least), float(most))
    )
    wanted: dict[str, Any] = {"AeEnable": False, "ExposureTime": round(exposure_us), "AnalogueGain": gain}
    if "ColourGains" in seen:
        wanted |= {"AwbEnable": False, "ColourGains": tuple(seen["ColourGains"])}
    return {name: value for name, value in wanted.items() if name in has}


def unpadded(raw: NDArray[np.uint8], size: tuple[int, int], stride: int) -> NDArray[np.uint8]:
    """Copy a picture out of a YUV 4:2:0 buffer, without its padding.

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
    uint8, shape (height * 3 // 2, width), I420, with memory of its own.
    """
    width, height = size
    picture = np.empty((height * 3 // 2, width), np.uint8)
    picture[:height] = raw[: stride * height].reshape(height, stride)[:, :width]
    chroma = raw[stride * height : stride * height * 3 // 2].reshape(height, stride // 2)[:, : width // 2]
    picture[height:].reshape(height, width // 2)[:] = chroma
    return picture


def mid_exposure_ns(metadata: Mapping[str, Any], readout_ns: int = 0) -> int:
    """Return CLOCK_MONOTONIC at mid-exposure of the picture's middle row, from a frame's metadata.

    SensorTimestamp is the start of the frame on CLOCK_BOOTTIME: the first row's exposure ends and its read-out
    begins; the middle row's follows half a read-out later (``readout_ns``, of the whole picture). CLOCK_BOOTTIME is
    ahead of CLOCK_MONOTONIC by the time that the machine slept.
    """
    asleep_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns()
    exposure_ns = 1000 * int(metadata.get("ExposureTime", 0))
    stamp_ns = int(metadata.get("SensorTimestamp", 0))
    if stamp_ns <= 0:
        return time.monotonic_ns() - exposure_ns // 2
    return stamp_ns - asleep_ns + (readout_ns - exposure_ns) // 2
