"""The choice of a sensor's mode, on the modes that real sensors tell."""

import pytest

from firmware_py.errors import CameraError
from firmware_py.sight.sensor_modes import SensorMode, chosen_mode, sensor_modes

# What `rpicam-hello --list-cameras` prints for each sensor: size, fps, crop (x, y, width, height), bit depth.
# IMX477, IMX708: Raspberry Pi documentation, Compute Module camera chapter. OV9281: raspberrypi/libcamera issue 126.
# IMX219 and OV5647: the same command's output on Raspberry Pi OS with the driver that reads IMX219's 8 bits faster
# (kernel 6.1 and later) and without (before).
TABLES = {
    "ov5647": [
        ((640, 480), 58.92, (16, 0, 2560, 1920), 10),
        ((1296, 972), 43.25, (0, 0, 2592, 1944), 10),
        ((1920, 1080), 30.62, (348, 434, 1928, 1080), 10),
        ((2592, 1944), 15.63, (0, 0, 2592, 1944), 10),
    ],
    "imx219": [
        ((640, 480), 206.65, (1000, 752, 1280, 960), 10),
        ((1640, 1232), 41.85, (0, 0, 3280, 2464), 10),
        ((1920, 1080), 47.57, (680, 692, 1920, 1080), 10),
        ((3280, 2464), 21.19, (0, 0, 3280, 2464), 10),
        ((640, 480), 206.65, (1000, 752, 1280, 960), 8),
        ((1640, 1232), 83.70, (0, 0, 3280, 2464), 8),
        ((1920, 1080), 47.57, (680, 692, 1920, 1080), 8),
        ((3280, 2464), 21.19, (0, 0, 3280, 2464), 8),
    ],
    "imx219, old driver": [
        ((640, 480), 206.65, (1000, 752, 1280, 960), 10),
        ((1640, 1232), 41.85, (0, 0, 3280, 2464), 10),
        ((1920, 1080), 47.57, (680, 692, 1920, 1080), 10),
        ((3280, 2464), 21.19, (0, 0, 3280, 2464), 10),
    ],
    "imx477": [
        ((1332, 990), 120.05, (696, 528, 2664, 1980), 10),
        ((2028, 1080), 50.03, (0, 440, 4056, 2160), 12),
        ((2028, 1520), 40.01, (0, 0, 4056, 3040), 12),
        ((4056, 3040), 10.00, (0, 0, 4056, 3040), 12),
    ],
    "imx708": [
        ((1536, 864), 120.13, (768, 432, 3072, 1728), 10),
        ((2304, 1296), 56.03, (0, 0, 4608, 2592), 10),
        ((4608, 2592), 14.35, (0, 0, 4608, 2592), 10),
    ],
    "ov9281": [
        ((640, 400), 309.79, (0, 0, 1280, 800), 8),
        ((1280, 720), 171.79, (0, 0, 1280, 720), 8),
        ((1280, 800), 143.66, (0, 0, 1280, 800), 8),
        ((640, 400), 247.83, (0, 0, 1280, 800), 10),
        ((1280, 720), 137.42, (0, 0, 1280, 720), 10),
        ((1280, 800), 114.93, (0, 0, 1280, 800), 10),
    ],
}


def told(sensor: str) -> list[SensorMode]:
    return sensor_modes(
        {"size": size, "fps": fps, "crop_limits": crop, "bit_depth": bits} for size, fps, crop, bits in TABLES[sensor]
    )


@pytest.mark.parametrize(
    ("sensor", "rate_hz", "size", "bits"),
    [
        ("ov5647", 60, (640, 480), 10),  # 58.92 frames of all but the rim, for 43 of all
        ("imx219", 60, (1640, 1232), 8),  # binned, whole view, 83.7
        ("imx219, old driver", 60, (1640, 1232), 10),  # 41.85 of all: the fast mode sees a sixth of it
        ("imx477", 60, (2028, 1080), 12),  # 50 of the whole width, for 120 of two thirds of it
        ("imx708", 60, (2304, 1296), 10),  # 56 of all are as good as 60
        ("ov9281", 60, (640, 400), 10),  # all reach it: the fewest pixels, and of those the most bits
        ("imx219", 90, (1640, 1232), 8),  # 83.7 are as good as 90
        ("imx708", 120, (1536, 864), 10),  # two thirds of the view for twice the rate
        ("imx477", 30, (2028, 1520), 12),
        ("ov5647", 15, (1296, 972), 10),  # not even the rim is given up where nothing is won by it
        ("ov9281", 240, (640, 400), 10),
    ],
)
def test_a_real_sensor_is_read_out_in_its_best_mode(
    sensor: str, rate_hz: float, size: tuple[int, int], bits: int
) -> None:
    chosen = chosen_mode(told(sensor), rate_hz)
    assert (chosen.size, chosen.bit_depth) == (size, bits)


def test_a_rate_missed_by_less_than_a_tenth_is_no_reason_to_give_up_any_view() -> None:
    whole, cropped = SensorMode((2304, 1296), 55.0, (4608, 2592), 10), SensorMode((1536, 864), 60.0, (4400, 2475), 10)
    assert chosen_mode([whole, cropped], 60) is whole
    assert chosen_mode([whole, cropped], 70) is cropped


def test_the_order_that_modes_are_told_in_does_not_matter() -> None:
    for sensor in TABLES:
        assert chosen_mode(told(sensor), 60) == chosen_mode(reversed(told(sensor)), 60)


def test_what_is_no_raw_mode_is_left_out_and_an_unknown_crop_is_the_picture() -> None:
    found = sensor_modes(
        [
            {"format": "MJPEG"},
            {"size": (640, 480), "fps": 0.0, "bit_depth": 8},
            {"size": (800, 600), "fps": 30, "bit_depth": 8, "crop_limits": (0, 0, 0, 0)},
        ]
    )
    assert found == [SensorMode((800, 600), 30.0, (800, 600), 8)]


def test_a_camera_without_any_mode_says_what_to_do() -> None:
    with pytest.raises(CameraError, match="apt full-upgrade"):
        chosen_mode([], 60)
