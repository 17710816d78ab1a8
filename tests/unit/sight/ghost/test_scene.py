"""The room, the hand in it, and what a camera makes of both."""

import math

import numpy as np
import pytest

from firmware_py.sight.ghost.drawing import Pose, Sprite, draw
from firmware_py.sight.ghost.performance import HandAt
from firmware_py.sight.ghost.scene import MEASURED, Scene, SceneSettings

SIZE = (320, 240)


@pytest.fixture(scope="module")
def hand() -> Sprite:
    return draw(Pose())


@pytest.fixture(scope="module")
def white(hand: Sprite) -> Sprite:
    """The hand without its sleeve, bright, so that its area can be read off a difference."""
    rows = np.arange(hand.alpha.shape[0])[:, None]
    bare = np.where(rows < hand.centre[1] * 1.9, hand.alpha, 0).astype(np.float32)
    return Sprite(np.full_like(hand.rgb, 255), bare, hand.centre, float(bare.sum()))


def area_drawn(sprite: Sprite, at: HandAt) -> float:
    """Share of the frame that the hand covers, from how far it moves the picture towards white."""
    scene = Scene(SIZE, sprite, SceneSettings.plain(), seed=1)
    without, with_hand = (scene.frame(0, 0.0, where, None)[: SIZE[1]].astype(float) for where in (None, at))
    return float(((with_hand - without) / (235.0 - without)).sum() / (SIZE[0] * SIZE[1]))


@pytest.mark.parametrize("area", [0.004, 0.01, 0.02, 0.05, 0.11, 0.20])
@pytest.mark.parametrize("shift", [0.0, 0.0011])
def test_the_hand_covers_the_area_asked_for(area: float, shift: float, white: Sprite) -> None:
    drawn = area_drawn(white, HandAt(area, 0.5 + shift, 0.5 - shift))
    assert drawn * MEASURED == pytest.approx(area, abs=0.005 * area + 1e-5)


def test_the_area_follows_smoothly_in_steps_of_a_cent(white: Sprite) -> None:
    cent = 10 ** (1 / 2400)  # of the default mapping: ten times the area over two octaves
    areas = [area_drawn(white, HandAt(0.05 * cent**k, 0.5, 0.5)) for k in range(40)]
    steps = np.diff(np.log(areas)) / math.log(cent)
    assert abs(steps.mean() - 1) < 0.2
    assert np.abs(np.cumsum(steps - steps.mean())).max() < 5, "cents off the line"


def test_the_middle_of_the_hand_is_where_it_was_asked_for(white: Sprite) -> None:
    scene = Scene(SIZE, white, SceneSettings.plain(), seed=1)
    without, with_hand = (
        scene.frame(0, 0.0, where, None)[:240].astype(int) for where in (None, HandAt(0.05, 0.4, 0.6))
    )
    rows, columns = np.nonzero(np.abs(with_hand - without) > 20)
    assert (columns.min() + columns.max() + 1) / 2 == pytest.approx(0.4 * 320, abs=1.5)
    assert (rows.min() + rows.max() + 1) / 2 == pytest.approx(0.6 * 240, abs=3.0)


@pytest.mark.parametrize(
    "at", [HandAt(0.2, 0.0, 0.5), HandAt(0.2, 1.0, 1.0), HandAt(0.1, 0.5, -0.5), HandAt(0.9, 0.5, 0.5)]
)
def test_a_hand_may_leave_the_picture_on_any_side(at: HandAt, hand: Sprite) -> None:
    frame = Scene(SIZE, hand, SceneSettings(), seed=1).frame(3, 0.05, at, HandAt(0.15, 2.0, 0.5))
    assert frame.shape == (360, 320)


def test_the_same_seed_gives_the_same_bytes_and_another_one_does_not(hand: Sprite) -> None:
    at, before = HandAt(0.05, 0.5, 0.5), HandAt(0.06, 0.49, 0.5)
    one, same, other = (
        Scene(SIZE, hand, SceneSettings(), seed).frame(7, 0.1, at, before).tobytes() for seed in (1, 1, 2)
    )
    assert one == same
    assert one != other


def test_a_frame_does_not_depend_on_those_before(hand: Sprite) -> None:
    fresh, used = (Scene(SIZE, hand, SceneSettings(), 1) for _ in range(2))
    for k in range(5):
        used.frame(k, k / 60, HandAt(0.1, 0.5, 0.5), None)
    assert np.array_equal(used.frame(9, 0.15, None, None), fresh.frame(9, 0.15, None, None))


@pytest.mark.parametrize("part", ["face", "furniture", "noise", "light"])
def test_each_part_of_the_room_can_be_left_out(part: str, hand: Sprite) -> None:
    plain = SceneSettings.plain()
    with_part = SceneSettings(**{**vars(plain), part: True})
    one, other = (Scene(SIZE, hand, settings, 1).frame(30, 4.0, None, None) for settings in (plain, with_part))
    assert not np.array_equal(one, other)


def test_a_fast_hand_is_blurred_and_keeps_its_mean_area(white: Sprite) -> None:
    blurred, sharp = (
        Scene(SIZE, white, SceneSettings(False, False, False, blur, False), 1).frame(
            0, 0.0, HandAt(0.05, 0.52, 0.5), HandAt(0.05, 0.48, 0.5)
        )
        for blur in (True, False)
    )
    edges = [np.abs(np.diff(frame[:240].astype(int), axis=1)).max() for frame in (blurred, sharp)]
    assert edges[0] < 0.7 * edges[1]
    assert blurred[:240].mean() == pytest.approx(sharp[:240].mean(), abs=0.2)


def test_noise_has_the_strength_of_a_small_sensors(hand: Sprite) -> None:
    settings = SceneSettings(False, False, True, False, False)
    frames = [Scene(SIZE, hand, settings, 1).frame(k, 0.0, None, None)[:240].astype(float) for k in (0, 1)]
    assert np.std(frames[1] - frames[0]) / math.sqrt(2) == pytest.approx(3.0, abs=0.5)
