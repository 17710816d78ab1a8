"""Pictures that cannot show a hand are told, after a moment, and cleared again."""

import numpy as np
import pytest

from firmware_py.sight.picture_health import BRIGHT, DARK, FROZEN, PictureHealth

NOISE = np.random.default_rng(2)


def picture(luma: float, noise: float = 2.0) -> np.ndarray:
    return NOISE.normal(luma, noise, (360, 320)).clip(0, 255).astype(np.uint8)


def watch(
    health: PictureHealth, pictures: list[np.ndarray], t_s: float, rate_hz: float = 30.0
) -> list[tuple[float, str]]:
    """Show the pictures one after the other; returns what changed, with seconds from the first."""
    told = []
    for k, one in enumerate(pictures):
        if health.saw(one, t_s + k / rate_hz):
            told.append((round(k / rate_hz, 1), health.trouble))
    return told


@pytest.mark.parametrize(("luma", "trouble"), [(0, DARK), (16, DARK), (235, BRIGHT), (255, BRIGHT)])
def test_black_and_white_are_told_after_a_second_and_cleared_when_it_is_light_again(luma: int, trouble: str) -> None:
    health = PictureHealth(30.0)
    assert watch(health, [picture(110) for _ in range(30)], 0) == []
    assert watch(health, [picture(luma) for _ in range(60)], 1) == [(1.0, trouble)]
    assert watch(health, [picture(110) for _ in range(30)], 3) == [(0.3, "")]


def test_a_flash_and_a_blink_are_not_told() -> None:
    health = PictureHealth(30.0)
    pictures = [picture(250 if k % 20 < 15 else 110) for k in range(120)]
    assert watch(health, pictures, 0) == []


def test_a_lit_hand_in_a_dark_room_is_well() -> None:
    dark = picture(18)
    dark[60:140, 100:180] = 160
    assert watch(PictureHealth(30.0), [dark + (k % 2) for k in range(90)], 0) == []


def test_a_picture_that_stands_still_is_told_after_two_seconds_and_cleared_when_it_moves() -> None:
    health = PictureHealth(30.0)
    still = picture(110)
    assert watch(health, [still] * 90, 0) == [(2.0, FROZEN)]
    assert watch(health, [picture(110) for _ in range(30)], 3) == [(0.3, "")]


def test_a_cap_on_the_camera_is_darkness_though_it_stands_still() -> None:
    assert watch(PictureHealth(30.0), [picture(0, noise=0)] * 120, 0) == [(1.0, DARK)]


@pytest.mark.parametrize("health", [PictureHealth(60.0, drawn=True), PictureHealth(2.0)])
def test_drawn_pictures_and_pictures_shown_one_by_one_may_be_alike(health: PictureHealth) -> None:
    assert watch(health, [picture(110)] * 120, 0) == []
