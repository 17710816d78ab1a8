"""What of the Pi's camera can be tested without one: padding, times, choice of mode."""

import time

import numpy as np
import pytest

from firmware_py.sight.picamera2_camera import chosen_mode, mid_exposure_ns, unpadded

HALF_VIEW = {"size": (640, 480), "fps": 206.0, "crop_limits": (1000, 752, 1280, 960), "bit_depth": 10}
WIDE_BINNED = {"size": (1640, 1232), "fps": 83.7, "crop_limits": (0, 0, 3280, 2464), "bit_depth": 10}
WIDE_FULL = {"size": (3280, 2464), "fps": 21.2, "crop_limits": (0, 0, 3280, 2464), "bit_depth": 10}
MODES = [HALF_VIEW, WIDE_BINNED, WIDE_FULL]


def padded(picture: np.ndarray, stride: int, tail: int) -> np.ndarray:
    height, width = picture.shape[0] * 2 // 3, picture.shape[1]
    luma = np.full((height, stride), 255, np.uint8)
    luma[:, :width] = picture[:height]
    chroma = np.full((height, stride // 2), 255, np.uint8)
    chroma[:, : width // 2] = picture[height:].reshape(height, width // 2)
    return np.concatenate((luma.ravel(), chroma.ravel(), np.full(tail, 255, np.uint8)))


@pytest.mark.parametrize("stride", [320, 384, 322])
@pytest.mark.parametrize("tail", [0, 4096])
def test_padding_is_taken_out_and_every_pixel_stays(stride: int, tail: int) -> None:
    picture = np.random.default_rng(1).integers(0, 250, (360, 320)).astype(np.uint8)
    assert np.array_equal(unpadded(padded(picture, stride, tail), (320, 240), stride), picture)


def test_the_widest_view_that_reaches_the_rate_is_chosen() -> None:
    assert chosen_mode(MODES, 60.0) is WIDE_BINNED
    assert chosen_mode(MODES, 120.0) is HALF_VIEW
    assert chosen_mode(MODES, 20.0) is WIDE_BINNED, "of equal views the one that reads out faster"


def test_a_rate_that_no_mode_reaches_takes_the_fastest() -> None:
    assert chosen_mode(MODES, 240.0) is HALF_VIEW


def test_a_frames_time_is_half_its_exposure_before_its_read_out() -> None:
    asleep_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns()
    found = mid_exposure_ns({"SensorTimestamp": 50_000_000_000 + asleep_ns, "ExposureTime": 8000})
    assert found == pytest.approx(50_000_000_000 - 4_000_000, abs=1_000_000)


def test_a_frame_without_a_time_stamp_is_taken_now() -> None:
    assert mid_exposure_ns({}) == pytest.approx(time.monotonic_ns(), abs=100_000_000)
