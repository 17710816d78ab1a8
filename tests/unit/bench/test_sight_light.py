"""Light, skin and sensor: the colours are those of their sources, and a camera in the dark is noisy and dark."""

import math

import numpy as np
import pytest

from firmware_py.bench.sight_light import LIGHTS, TONES, Light, Sensor, cast_of, linear_of, of_lab, srgb_of, toned

LUMA = np.array((0.2126, 0.7152, 0.0722))
CLASSES = {"I": (55, 90), "II": (41, 55), "III": (28, 41), "IV": (10, 28), "V": (-30, 10), "VI": (-90, -30)}


def scene(level: float = 0.3) -> np.ndarray:
    return np.full((60, 80, 3), level, np.float32)


def luma_of(i420: np.ndarray) -> np.ndarray:
    return i420[: i420.shape[0] * 2 // 3].astype(float)


@pytest.mark.parametrize("tone", TONES)
def test_each_tone_lies_in_its_class_of_the_typology_angle(tone: str) -> None:
    lightness, _, b = TONES[tone]
    low, high = CLASSES[tone]
    assert low < math.degrees(math.atan2(lightness - 50, b)) < high


def test_lab_is_turned_into_light_by_its_definition() -> None:
    assert of_lab(100, 0, 0) == pytest.approx((1, 1, 1), abs=2e-3)
    assert of_lab(50, 0, 0) == pytest.approx((0.184,) * 3, abs=2e-3)
    assert of_lab(0, 0, 0) == pytest.approx((0, 0, 0), abs=1e-6)
    red, green, blue = of_lab(53.24, 80.09, 67.20)  # the red primary of sRGB
    assert (red, green, blue) == pytest.approx((1, 0, 0), abs=5e-3)


def test_srgb_and_light_are_each_others_inverse() -> None:
    every = np.arange(256, dtype=np.uint8)
    assert (srgb_of(linear_of(every)) == every).all()


@pytest.mark.parametrize("tone", TONES)
def test_a_recoloured_hand_has_the_skin_wanted_and_keeps_its_folds(tone: str) -> None:
    shade = np.linspace(0.5, 1.5, 80, dtype=np.float32)[None, :, None]
    hand = np.broadcast_to(np.array((0.5, 0.3, 0.2), np.float32) * shade, (60, 80, 3)).astype(np.float32)
    bare = np.ones((60, 80), np.float32)
    bare[:, :5] = 0
    found = toned(hand, bare, tone)
    assert np.median(found[:, 5:], axis=(0, 1)) == pytest.approx(of_lab(*TONES[tone]), rel=0.06)
    assert (found[:, :5] == hand[:, :5]).all(), "what is no skin changed"
    assert (np.diff(found[0, 5:] @ LUMA) > 0).all()


def test_lamp_light_is_warm_and_daylight_is_not() -> None:
    lamp, day = cast_of(2700), cast_of(6500)
    assert lamp[0] > 1.1 > 0.9 > lamp[2]
    assert day == pytest.approx((1, 1, 1), abs=0.03)


def test_exposure_makes_up_for_light_until_the_gain_ends_and_noise_grows() -> None:
    bright, less, dim = (luma_of(Sensor(Light(6500, level=level), 1).picture(scene())) for level in (1.0, 0.2, 0.01))
    assert less.mean() == pytest.approx(bright.mean(), abs=4)
    assert dim.mean() < 0.7 * bright.mean()
    assert bright.std() < less.std() < dim.std()


def test_exposure_is_held_once_it_is_set() -> None:
    sensor = Sensor(LIGHTS["6500 K"], 1)
    first = luma_of(sensor.picture(scene(0.3))).mean()
    assert luma_of(sensor.picture(scene(0.1))).mean() < 0.7 * first


def test_before_a_window_a_hand_is_dark() -> None:
    def hand_before(light: Light) -> float:
        sensor = Sensor(light, 1)
        room = sensor.lit(scene())
        room[20:40, 30:50] = 0.3
        return float(luma_of(sensor.picture(room))[22:38, 32:48].mean())

    assert hand_before(LIGHTS["backlit"]) < 0.6 * hand_before(LIGHTS["6500 K"])


def test_the_same_seed_gives_the_same_noise() -> None:
    one, other = (Sensor(LIGHTS["dim"], 5).picture(scene()) for _ in range(2))
    assert (one == other).all()
