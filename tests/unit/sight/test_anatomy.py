import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.sight import anatomy
from firmware_py.sight.colour_lookout import UPRIGHT


def hand(breadth=40.0, x=200.0, y=200.0, angle=0.0):
    cos, sin = math.cos(angle), math.sin(angle)
    points = np.zeros((21, 3), dtype=np.float32)
    points[:, :2] = UPRIGHT @ np.array([[cos, sin], [-sin, cos]]) * breadth + (x, y)
    return points


def fanned(points, degrees):
    """The same hand with its fingers fanned out by so much from one to the next."""
    out = points.copy()
    for k, finger in enumerate(anatomy.FINGERS[1:]):
        a = math.radians((1.5 - k) * degrees)
        turn = np.array([[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]])
        root = out[finger[0], :2].copy()
        out[list(finger), :2] = (out[list(finger), :2] - root) @ turn + root
    return out


def fist(points):
    """The same hand with its fingers curled: tips come back to the knuckles."""
    out = points.copy()
    for a, b, c, d in anatomy.FINGERS[1:]:
        along = out[b] - out[a]
        out[c] = out[b] - 0.35 * along + (0, 0, -0.5 * np.linalg.norm(along))
        out[d] = out[a] + 0.15 * along + (0, 0, -0.4 * np.linalg.norm(along))
    return out


@given(st.floats(4, 300), st.floats(-3, 3))
def test_the_palm_is_as_broad_as_it_is_however_it_is_turned(breadth, angle):
    assert anatomy.palm_breadth(hand(breadth, angle=angle)) == pytest.approx(breadth, rel=0.03)


@given(st.floats(4, 300), st.floats(-3, 3))
def test_the_box_holds_every_landmark_with_flesh_to_spare(breadth, angle):
    points = hand(breadth, angle=angle)
    x, y, width, height = anatomy.box(points)
    spare = 0.07 * breadth
    assert (points[:, 0] > x + spare).all()
    assert (points[:, 0] < x + width - spare).all()
    assert (points[:, 1] > y + spare).all()
    assert (points[:, 1] < y + height - spare).all()


def test_the_box_ends_near_the_wrist():
    points = hand(40.0)
    _, y, _, height = anatomy.box(points)
    assert y + height - points[0, 1] < 0.2 * 40


def test_the_outline_is_convex_and_fills_its_box():
    points = hand()
    outline = anatomy.outline(points)
    edges = np.roll(outline, -1, axis=0) - outline
    following = np.roll(edges, -1, axis=0)
    turns = edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0]
    assert (turns >= -1e-3).all() or (turns <= 1e-3).all()
    width, height = anatomy.box(points)[2:]
    assert np.ptp(outline[:, 0]) == pytest.approx(width, rel=0.05)
    assert np.ptp(outline[:, 1]) == pytest.approx(height, rel=0.05)


def test_openness_goes_from_fist_over_closed_fingers_to_spread():
    flat = hand()
    assert anatomy.openness(fist(flat)) < 0.1
    assert 0.4 < anatomy.openness(flat) < 0.75
    assert anatomy.openness(fanned(flat, 18)) > 0.95


@given(st.lists(st.floats(-1e4, 1e4), min_size=63, max_size=63))
def test_any_points_give_openness_and_box_that_are_numbers(values):
    points = np.array(values, dtype=np.float32).reshape(21, 3)
    assert 0.0 <= anatomy.openness(points) <= 1.0
    assert np.isfinite(anatomy.box(points)).all()
    assert np.isfinite(anatomy.capsules(points)).all()
    assert np.isfinite(anatomy.forearm_line(points)).all()


def test_the_forearm_begins_below_the_wrist_of_an_upright_hand():
    x, y, dx, dy = anatomy.forearm_line(hand(40.0, 200.0, 200.0))
    assert (dx, dy) == pytest.approx((0.0, 1.0), abs=0.1)
    assert y == pytest.approx(206, abs=1)
    assert x == pytest.approx(200, abs=1)


def test_landmarks_on_one_spot_have_a_forearm_line_all_the_same():
    assert anatomy.forearm_line(np.ones((21, 3), dtype=np.float32)) == (1.0, 1.0, 0.0, 1.0)
