"""The choice of a webcam's mode, on lists that `v4l2-ctl --list-formats-ext` prints for well-known webcams."""

import pytest

from firmware_py.errors import CameraError
from firmware_py.sight.v4l2_modes import CameraMode, chosen_mode


def modes(*told: tuple[str, tuple[tuple[int, int], ...], tuple[float, ...]]) -> list[CameraMode]:
    return [CameraMode(code, size, hz) for code, sizes, rates in told for size in sizes for hz in rates]


C920 = modes(
    ("YUYV", ((640, 480), (320, 240), (160, 120), (176, 144)), (30.0, 24.0, 20.0, 15.0, 10.0, 7.5, 5.0)),
    ("YUYV", ((1280, 720),), (10.0, 7.5, 5.0)),
    ("MJPG", ((640, 480), (320, 240), (1280, 720), (1920, 1080)), (30.0, 24.0, 20.0, 15.0, 10.0, 7.5, 5.0)),
)
PS3_EYE = modes(("YUYV", ((320, 240),), (187.0, 150.0, 137.0, 125.0, 100.0, 75.0, 60.0, 50.0, 37.0, 30.0)),
                ("YUYV", ((640, 480),), (60.0, 50.0, 40.0, 30.0, 15.0)))  # fmt: skip
GAMER = modes(("YUYV", ((640, 480), (1280, 720)), (30.0, 10.0)),
              ("MJPG", ((640, 480), (1280, 720)), (60.0, 30.0)), ("MJPG", ((1920, 1080),), (60.0, 30.0)))  # fmt: skip
GREY_SHUTTER = modes(("GREY", ((640, 400), (1280, 800)), (120.0, 60.0)))
FOUR_K = modes(("MJPG", ((3840, 2160),), (30.0,)), ("H264", ((3840, 2160),), (60.0,)))


@pytest.mark.parametrize(
    ("told", "rate_hz", "chosen"),
    [
        (C920, 60, CameraMode("YUYV", (640, 480), 30.0)),  # JPEG is no faster, so it is left alone
        (C920, 30, CameraMode("YUYV", (640, 480), 30.0)),
        (C920, 15, CameraMode("YUYV", (640, 480), 15.0)),
        (PS3_EYE, 60, CameraMode("YUYV", (640, 480), 60.0)),
        (PS3_EYE, 120, CameraMode("YUYV", (320, 240), 125.0)),
        (GAMER, 60, CameraMode("MJPG", (640, 480), 60.0)),  # JPEG alone reaches the rate
        (GAMER, 30, CameraMode("YUYV", (640, 480), 30.0)),
        (GREY_SHUTTER, 60, CameraMode("GREY", (1280, 800), 60.0)),
        (FOUR_K, 60, CameraMode("MJPG", (3840, 2160), 30.0)),  # the only one that is known here
        (modes(("YUYV", ((160, 120), (176, 144)), (30.0,))), 30, CameraMode("YUYV", (176, 144), 30.0)),
        (modes(("YUYV", ((160, 120),), (60.0,)), ("MJPG", ((640, 480),), (30.0,))), 60,
         CameraMode("MJPG", (640, 480), 30.0)),
        (modes(("YUYV", ((640, 480),), (29.97,)), ("MJPG", ((640, 480),), (30.0,))), 30,
         CameraMode("YUYV", (640, 480), 29.97)),
        (modes(("GREY", ((640, 480),), (60.0,)), ("NV12", ((640, 480),), (60.0,))), 60,
         CameraMode("NV12", (640, 480), 60.0)),
    ],
)  # fmt: skip
def test_a_real_webcam_is_asked_for_its_best_mode(told: list[CameraMode], rate_hz: float, chosen: CameraMode) -> None:
    assert chosen_mode(told, rate_hz) == chosen
    assert chosen_mode(reversed(told), rate_hz) == chosen


def test_a_camera_whose_layouts_are_all_unknown_says_which_they_are() -> None:
    with pytest.raises(CameraError, match=r"only as H264.*known are .*YUYV"):
        chosen_mode(modes(("H264", ((640, 480),), (30.0,))), 30)
    with pytest.raises(CameraError, match="no mode at all"):
        chosen_mode([], 30)
