"""The webcam adapter above a capture that stands in for OpenCV's."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from firmware_py.errors import CameraError, CameraLostError
from firmware_py.sight.camera import Pace
from firmware_py.sight.v4l2 import V4L2Camera, devices

NOW = 100_000_000_000
LIVE = Pace(0, realtime=True)


class Webcam:
    """Gives ``pictures`` frames, then fails; ``buffer_ms`` is what it says about their time."""

    def __init__(self, *, opens: bool = True, pictures: int = 5, buffer_ms: float = 0.0, fps: float = 60.0) -> None:
        self.opens, self.pictures, self.released = opens, pictures, False
        self.settings = {int(cv2.CAP_PROP_POS_MSEC): buffer_ms, int(cv2.CAP_PROP_FPS): fps}
        self.asked: dict[int, float] = {}

    def isOpened(self) -> bool:  # noqa: N802
        return self.opens

    def set(self, propId: int, value: float) -> bool:  # noqa: N803
        self.asked[propId] = value
        return True

    def get(self, propId: int) -> float:  # noqa: N803
        return self.settings.get(propId, 0.0)

    def read(self) -> tuple[bool, object]:
        if not self.pictures:
            return False, None
        self.pictures -= 1
        return True, np.full((480, 640, 3), 90, np.uint8)

    def release(self) -> None:
        self.released = True


def camera(webcam: Webcam, tmp_path: Path) -> V4L2Camera:
    (tmp_path / "video0").touch()
    return V4L2Camera(opener=lambda _: webcam, folder=tmp_path, clock=lambda: NOW)


def test_frames_come_scaled_with_the_kernels_buffer_time(tmp_path: Path) -> None:
    frame = next(camera(Webcam(buffer_ms=99_980.0), tmp_path).frames(LIVE))
    assert (frame.width, frame.height, frame.source_size) == (320, 240, (640, 480))
    assert frame.t_capture_ns == 99_980_000_000


@pytest.mark.parametrize("buffer_ms", [0.0, 1.7e12, 100_001.0, -5.0])
def test_a_buffer_time_of_another_clock_is_not_believed(buffer_ms: float, tmp_path: Path) -> None:
    frame = next(camera(Webcam(buffer_ms=buffer_ms), tmp_path).frames(LIVE))
    assert NOW - 20_000_000 <= frame.t_capture_ns <= NOW


def test_a_small_fast_compressed_mode_is_asked_for(tmp_path: Path) -> None:
    webcam = Webcam()
    camera(webcam, tmp_path)
    assert webcam.asked[cv2.CAP_PROP_FOURCC] == cv2.VideoWriter.fourcc(*"MJPG")
    assert webcam.asked[cv2.CAP_PROP_FRAME_WIDTH] == 640
    assert webcam.asked[cv2.CAP_PROP_FPS] == 60


def test_a_camera_pulled_out_is_lost_after_its_last_picture(tmp_path: Path) -> None:
    frames = camera(Webcam(pictures=4), tmp_path).frames(LIVE)
    for number in range(3):
        assert next(frames).number == number
    with pytest.raises(CameraLostError, match="video0 gives no more pictures"):
        next(frames)


def test_nodes_without_pictures_are_passed_over(tmp_path: Path) -> None:
    for node in ("video0", "video1", "video2"):
        (tmp_path / node).touch()
    webcams = {"video0": Webcam(opens=False), "video1": Webcam(pictures=0), "video2": Webcam()}
    found = V4L2Camera(opener=lambda node: webcams[node.name], folder=tmp_path)
    assert "video2" in found.description
    assert webcams["video0"].released
    assert webcams["video1"].released


def test_a_machine_without_a_camera_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="plug one in or use --camera ghost"):
        V4L2Camera(folder=tmp_path)


def test_a_device_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    (tmp_path / "video3").touch()
    with pytest.raises(CameraError, match=r"there is no .*video9; found: .*video3"):
        V4L2Camera(tmp_path / "video9", folder=tmp_path)


def test_a_device_that_is_held_or_forbidden_says_so(tmp_path: Path) -> None:
    (tmp_path / "video0").touch()
    with pytest.raises(CameraError, match="another program may hold it"):
        V4L2Camera(opener=lambda _: Webcam(opens=False), folder=tmp_path)


def test_devices_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for node in ("video10", "video2", "videograbber", "video0"):
        (tmp_path / node).touch()
    assert [node.name for node in devices(tmp_path)] == ["video0", "video2", "video10"]
