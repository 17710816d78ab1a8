"""The Pi's camera above a picamera2 that stands in for the real one: buffers, times, controls."""

import sys
import threading
import time
import types
from concurrent.futures import TimeoutError as LateError
from typing import Any, ClassVar

import numpy as np
import pytest

from firmware_py.errors import CameraError, CameraLostError
from firmware_py.sight.camera import Pace
from firmware_py.sight.picamera2_camera import (
    Picamera2Camera,
    free_controls,
    locked_controls,
    mid_exposure_ns,
    own_camera,
    unpadded,
)

LIVE = Pace(0, realtime=True)
STRIDE = 384
MODES = [
    {"format": "SRGGB8", "size": (1640, 1232), "fps": 83.7, "crop_limits": (0, 0, 3280, 2464), "bit_depth": 8},
    {"format": "SRGGB10", "size": (3280, 2464), "fps": 21.2, "crop_limits": (0, 0, 3280, 2464), "bit_depth": 10},
]
CONTROLS = {
    "AeEnable": (False, True, None),
    "AwbEnable": (False, True, None),
    "ExposureTime": (75, 11_766_829, 20_000),
    "AnalogueGain": (1.0, 10.666667, 1.0),
    "ColourGains": (0.0, 32.0, None),
    "FrameDurationLimits": (11_947, 11_767_556, None),
    "AeFlickerMode": (0, 1, 0),
    "AeFlickerPeriod": (100, 1_000_000, None),
}


def padded(picture: np.ndarray, stride: int, tail: int) -> np.ndarray:
    height, width = picture.shape[0] * 2 // 3, picture.shape[1]
    luma = np.full((height, stride), 255, np.uint8)
    luma[:, :width] = picture[:height]
    chroma = np.full((height, stride // 2), 255, np.uint8)
    chroma[:, : width // 2] = picture[height:].reshape(height, width // 2)
    return np.concatenate((luma.ravel(), chroma.ravel(), np.full(tail, 255, np.uint8)))


class Request:
    """One completed request: its buffer is the camera's again, and overwritten, once it is released."""

    def __init__(self, camera: "FakePicamera2") -> None:
        self.camera, self.held = camera, True
        camera.held += 1

    def get_metadata(self) -> dict[str, Any]:
        return {"SensorTimestamp": time.clock_gettime_ns(time.CLOCK_BOOTTIME), "ExposureTime": 8000,
                "AnalogueGain": 2.0, "ColourGains": (1.5, 2.0)}  # fmt: skip

    def release(self) -> None:
        self.held = False
        self.camera.held -= 1
        self.camera.memory[:] = 0


class Mapped:
    def __init__(self, request: Request, stream: str, reshape: bool = True, write: bool = True) -> None:
        assert request.held
        assert not reshape
        assert not write
        request.camera.mapped.append(stream)
        self.array = request.camera.memory

    def __enter__(self) -> "Mapped":
        return self

    def __exit__(self, *_: object) -> None:
        self.array = None


class FakePicamera2:
    cameras: ClassVar[list[dict[str, Any]]] = [{"Num": 0, "Id": "/base/soc/i2c0mux/i2c@1/imx219@10", "Model": "imx219"}]
    controls: ClassVar[dict[str, Any]] = CONTROLS
    last: "FakePicamera2"

    def __init__(self, camera_num: int = 0) -> None:
        FakePicamera2.last = self
        self.number, self.sensor_modes, self.camera_controls = camera_num, MODES, self.controls
        self.held, self.closed, self.stalls = 0, False, False
        self.mapped: list[str] = []
        self.told: list[dict[str, Any]] = []
        self.memory = np.zeros(0, np.uint8)
        self.refresh()

    def refresh(self) -> None:
        self.memory = np.full(640 * 960, 77, np.uint8)

    @staticmethod
    def global_camera_info() -> list[dict[str, Any]]:
        return FakePicamera2.cameras

    def create_video_configuration(self, **wanted: Any) -> dict[str, Any]:
        return wanted

    def configure(self, configuration: dict[str, Any]) -> None:
        self.configuration = configuration

    def stream_configuration(self, name: str = "main") -> dict[str, Any]:
        size = self.configuration[name]["size"]
        return {"size": size, "stride": STRIDE if name == "lores" else size[0]}

    def set_controls(self, controls: dict[str, Any]) -> None:
        self.told.append(controls)

    def start(self) -> None:
        pass

    def capture_request(self, wait: bool = True) -> str:
        assert wait is False
        return "job"

    def wait(self, job: str, timeout: float | None = None) -> Request:
        assert job == "job"
        assert timeout
        if self.stalls:
            raise LateError
        self.refresh()
        return Request(self)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def picamera2(monkeypatch: pytest.MonkeyPatch) -> type[FakePicamera2]:
    module = types.ModuleType("picamera2")
    module.Picamera2, module.MappedArray = FakePicamera2, Mapped  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)
    monkeypatch.setattr(FakePicamera2, "cameras", FakePicamera2.cameras)
    return FakePicamera2


@pytest.mark.parametrize("stride", [320, 384, 322])
@pytest.mark.parametrize("tail", [0, 4096])
def test_padding_is_taken_out_and_every_pixel_stays(stride: int, tail: int) -> None:
    picture = np.random.default_rng(1).integers(0, 250, (360, 320)).astype(np.uint8)
    raw = padded(picture, stride, tail)
    out = unpadded(raw, (320, 240), stride)
    assert np.array_equal(out, picture)
    assert not np.shares_memory(out, raw)


def test_a_small_stream_is_asked_of_the_mode_with_the_whole_view(picamera2: type[FakePicamera2]) -> None:
    camera = Picamera2Camera(rate_hz=60, width=320)
    asked = picamera2.last.configuration
    assert asked["lores"] == {"size": (320, 240), "format": "YUV420"}
    assert asked["main"]["format"] == "YUV420"
    assert asked["main"]["size"] == (640, 480)
    assert asked["sensor"] == {"output_size": (1640, 1232), "bit_depth": 8}
    assert asked["controls"]["FrameDurationLimits"] == (16_667, 16_667)
    assert camera.rate_hz == 60
    assert "320×240" in camera.description


def test_a_buffer_goes_back_before_its_picture_is_used_and_the_picture_stays(picamera2: type[FakePicamera2]) -> None:
    frames = Picamera2Camera().frames(LIVE)
    for number in range(3):
        frame = next(frames)
        assert picamera2.last.held == 0
        assert (frame.number, frame.width, frame.height) == (number, 320, 240)
        assert (frame.i420 == 77).all(), "the camera has overwritten its own memory only"
    assert picamera2.last.mapped == ["lores"] * 3


def test_while_nobody_plays_few_large_pictures_are_taken_out(picamera2: type[FakePicamera2]) -> None:
    resting = threading.Event()
    resting.set()
    frames = Picamera2Camera().frames(Pace(0, realtime=True, resting=resting))
    assert (next(frames).width, picamera2.last.mapped) == (640, ["main"])
    resting.clear()  # somebody wants to play: the next one is not waited for
    assert next(frames).number == 1


def test_a_camera_that_stalls_is_lost_and_holds_nothing(picamera2: type[FakePicamera2]) -> None:
    frames = Picamera2Camera().frames(LIVE)
    next(frames)
    picamera2.last.stalls = True
    with pytest.raises(CameraLostError, match="check its cable"):
        next(frames)
    assert picamera2.last.held == 0


def test_only_a_camera_on_the_pis_own_connector_is_taken(picamera2: type[FakePicamera2]) -> None:
    webcam = {"Num": 0, "Id": "/base/axi/pcie@120000/rp1/usb@200000-1:1.0-046d:0825"}
    assert own_camera([webcam, {"Num": 1, "Id": "/base/axi/pcie@120000/rp1/i2c@88000/imx708@1a"}]) == 1
    picamera2.cameras = [webcam]
    with pytest.raises(CameraError, match="push the ribbon cable in"):
        Picamera2Camera()


def test_a_camera_that_refuses_its_settings_is_given_back(
    picamera2: type[FakePicamera2], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> None:
        raise RuntimeError("failed to configure")

    monkeypatch.setattr(picamera2, "configure", refuses)
    with pytest.raises(CameraError, match="ask for another rate or width"):
        Picamera2Camera()
    assert picamera2.last.closed


def test_the_light_is_free_until_it_is_locked_as_it_was_seen(picamera2: type[FakePicamera2]) -> None:
    camera = Picamera2Camera(mains_hz=50)
    assert picamera2.last.told == [{"AeEnable": True, "AwbEnable": True, "AeFlickerMode": 1, "AeFlickerPeriod": 10_000}]
    next(camera.frames(LIVE))
    camera.lock_light()
    locked = picamera2.last.told[-1]
    assert (locked["AeEnable"], locked["AwbEnable"]) == (False, False)
    assert locked["ExposureTime"] == 10_000
    assert locked["AnalogueGain"] == pytest.approx(1.6)
    assert locked["ColourGains"] == (1.5, 2.0)
    camera.free_light()
    assert picamera2.last.told[-1]["AeEnable"] is True


def test_a_grey_camera_and_an_old_libcamera_are_told_only_what_they_have() -> None:
    grey = {name: CONTROLS[name] for name in ("AeEnable", "ExposureTime", "AnalogueGain")}
    assert free_controls(grey, mains_hz=60) == {"AeEnable": True}
    seen = {"ExposureTime": 9000, "AnalogueGain": 1.0}
    assert locked_controls(seen, grey, mains_hz=60, rate_hz=60).keys() == grey.keys()
    assert locked_controls({}, grey, mains_hz=60, rate_hz=60) == {}, "nothing was seen yet"


def test_a_frames_time_is_that_of_the_middle_row_at_half_its_exposure() -> None:
    asleep_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns()
    found = mid_exposure_ns({"SensorTimestamp": 50_000_000_000 + asleep_ns, "ExposureTime": 8000}, 12_000_000)
    assert found == pytest.approx(50_000_000_000 - 4_000_000 + 6_000_000, abs=1_000_000)


def test_a_frame_without_a_time_stamp_is_taken_now() -> None:
    assert mid_exposure_ns({}) == pytest.approx(time.monotonic_ns(), abs=100_000_000)
