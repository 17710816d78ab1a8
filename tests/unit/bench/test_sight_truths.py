"""Hands of known area: what is staged covers what it says, and lag and score are those of known answers."""

import math

import numpy as np
import pytest

from firmware_py.bench.sight import Score
from firmware_py.bench.sight_cuts import SIZE, Cut, Spot, room, staged
from firmware_py.bench.sight_loop import lag_of

DARK = np.zeros((SIZE[1], SIZE[0], 3), np.float32)


def disc(side: int = 200, radius: float = 80.0) -> Cut:
    """A white disc with a grey sleeve of half its width below."""
    y, x = np.mgrid[:side, :side] + 0.5 - side / 2
    bare = np.clip(radius - np.hypot(x, y) + 0.5, 0, 1).astype(np.float32)
    sleeve = ((np.abs(x) < radius / 2) & (y > 0)).astype(np.float32) * (1 - bare)
    light = np.where(bare[..., None] > sleeve[..., None], 1.0, 0.2).astype(np.float32) * np.ones(3, np.float32)
    return Cut("disc", True, light, bare, bare + sleeve)


@pytest.mark.parametrize("area", [0.005, 0.02, 0.06, 0.2])
@pytest.mark.parametrize("degrees", [0.0, 30.0])
def test_a_staged_hand_covers_the_area_it_is_given_where_it_is_given(area: float, degrees: float) -> None:
    light, (truth,) = staged(DARK, [Spot(disc(), area, 0.5, 0.5, degrees)])
    assert truth.area == pytest.approx(area, rel=0.02)
    assert (light[..., 0] > 0.6).mean() == pytest.approx(area, rel=0.06)
    radius = math.sqrt(area * SIZE[0] * SIZE[1] / math.pi)
    assert truth.box == pytest.approx((160 - radius, 120 - radius, 160 + radius, 120 + radius), abs=1.6)


def test_a_hand_that_leaves_the_picture_is_as_large_as_what_is_left_of_it() -> None:
    _, (truth,) = staged(DARK, [Spot(disc(), 0.06, 0.0, 0.5)])
    assert truth.area == pytest.approx(0.03, rel=0.05)
    assert truth.box[0] == 0


def test_the_hand_in_front_hides_the_one_behind() -> None:
    _, (behind, front) = staged(DARK, [Spot(disc(), 0.06, 0.5, 0.5), Spot(disc(), 0.06, 0.5, 0.5)])
    assert front.area == pytest.approx(0.06, rel=0.02)
    assert behind.area < 0.002


def test_a_mirrored_hand_is_the_other_hand_and_as_large() -> None:
    one = disc()
    other = one.mirrored()
    assert (other.right, other.area) == (not one.right, one.area)
    assert (other.mirrored().light == one.light).all()


def test_rooms_differ_by_their_seed_and_may_be_empty() -> None:
    assert (room(1) == room(1)).all()
    assert (room(1) != room(2)).any()
    assert (room(1) != room(1, listened=False)).any()


@pytest.mark.parametrize("frames", [0.0, 0.5, 1.0, 2.3, -1.0])
def test_a_lag_is_found_in_parts_of_a_frame(frames: float) -> None:
    t = np.arange(300) / 60
    true, late = (np.sin(2 * np.pi * 0.7 * (t - shift / 60)) for shift in (0.0, frames))
    assert lag_of(true, late + 0.4) == pytest.approx(frames, abs=0.06)


def test_a_score_counts_hands_and_pictures() -> None:
    score = Score()
    square = (0.0, 0.0, 10.0, 10.0)
    score.add([square], [square])
    score.add([square, (50.0, 50.0, 60.0, 60.0)], [(0.0, 0.0, 10.0, 5.1)])
    score.add([], [square])
    told = score.as_json()
    assert told == {
        "found": pytest.approx(2 / 3, abs=1e-4),
        "mean_iou": pytest.approx((1 + 0.51) / 3, abs=1e-4),
        "count_right": pytest.approx(1 / 3, abs=1e-4),
    }
