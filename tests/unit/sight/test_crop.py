import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.sight.colour_lookout import UPRIGHT
from firmware_py.sight.crop import Crop
from firmware_py.sight.palm import Palm


def turned_hand(angle, x=100.0, y=80.0, breadth=30.0):
    """Landmarks of an upright hand, turned clockwise in the picture about its wrist."""
    cos, sin = math.cos(angle), math.sin(angle)
    points = np.zeros((21, 3), dtype=np.float32)
    points[:, :2] = UPRIGHT @ np.array([[cos, sin], [-sin, cos]]) * breadth + (x, y)
    return points


@given(st.floats(-3.1, 3.1))
def test_a_window_turns_with_the_hand(angle):
    upright, turned = Crop.around_landmarks(turned_hand(0.0)), Crop.around_landmarks(turned_hand(angle))
    assert math.cos(turned.angle - upright.angle - angle) == pytest.approx(1.0, abs=1e-3)
    assert turned.side == pytest.approx(upright.side, rel=1e-3)


@given(st.floats(-3.1, 3.1), st.floats(5, 200))
def test_a_window_around_landmarks_holds_them_all(angle, breadth):
    points = turned_hand(angle, breadth=breadth)
    crop = Crop.around_landmarks(points)
    matrix = crop.matrix(224)
    inside = np.linalg.solve(matrix[:, :2], (points[:, :2] - matrix[:, 2]).T)
    assert inside.min() > 0
    assert inside.max() < 224


def test_a_window_around_a_palm_reaches_towards_the_fingers():
    points = np.zeros((7, 2), dtype=np.float32)
    points[0], points[2] = (50, 70), (50, 30)
    crop = Crop.around_palm(Palm((30, 30, 70, 70), points, 0.9))
    assert crop.angle == pytest.approx(0.0)
    assert (crop.x, crop.y, crop.side) == pytest.approx((50, 30, 104))


def test_cutting_brings_the_fingers_up():
    rgb = np.zeros((100, 100, 3), dtype=np.uint8)
    rgb[:, 60:] = 255  # fingers point right
    upright = Crop(50, 50, 60, math.pi / 2).cut(rgb, 60)
    assert upright[5].min() == 255
    assert upright[-5].max() == 0


def test_what_lies_beyond_the_frame_is_black():
    assert Crop(-100, -100, 50, 0.3).cut(np.full((40, 40, 3), 255, dtype=np.uint8), 32).max() == 0


def test_a_window_moves_and_grows_with_the_hand():
    assert Crop(10, 20, 30, 0.5).moved(1, 2, 2.0) == Crop(11, 22, 60, 0.5)
