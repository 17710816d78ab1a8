import numpy as np
import pytest
from drawn_hand import HEIGHT, WIDTH, area, found, frame, landmarks, picture
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_py._mask import Colours, Mask, Shape
from firmware_py.sight.likeness import Portraitist, adopt, draw


def disc(radius=0.5):
    """A shape that is one disc about the grid's middle; its forearm is far away."""
    return Shape(np.array([[0, 0, radius, 0, 0, radius]], dtype=np.float32), radius, (0.0, 9.0, 0.0, 1.0))


def mask_for(points, bgr):
    """A mask that has learnt this hand in this picture and lies over it."""
    like = Portraitist().likeness(found(points), frame(bgr).i420, 0)
    mask = Mask()
    adopt(mask, like.shape, like.odds, like.quality)
    mask.set_reference(like.fill, like.dx, like.dy)
    mask.pose = like.pose
    return mask


def share(mask):
    return mask.mass * 4 / (WIDTH * HEIGHT)


def test_a_shape_is_sure_inside_doubtful_at_its_rim_and_falls_outside():
    odds = np.asarray(disc().odds)
    assert odds.shape == (96, 96)
    assert odds[48, 48] == 24
    assert abs(int(odds[48, 72])) <= 5
    assert odds[48, 90] < -20
    row = odds[48, 48:].astype(int)
    assert (np.diff(row) <= 0).all()


def test_beyond_the_wrist_nothing_is_hand():
    odds = np.asarray(Shape(np.array([[0, 0, 0.5, 0, 0, 0.5]], dtype=np.float32), 0.5, (0.0, 0.2, 0.0, 1.0)).odds)
    assert (odds[48 + 20 :] == -127).all()
    assert odds[48, 48] == 24


@pytest.mark.parametrize("capsules", [np.zeros((0, 6)), np.zeros((2, 5))])
def test_a_shape_of_no_capsules_is_refused(capsules):
    with pytest.raises(ValueError, match="capsule"):
        Shape(capsules.astype(np.float32), 0.5, (0.0, 1.0, 0.0, 1.0))


def test_colours_of_hand_and_room_tell_themselves_apart():
    points = landmarks()
    shape, pose = draw(found(points))
    colours = Colours()
    assert not colours.known
    quality = colours.learn(frame(picture(points)).i420, shape, pose, keep=0.8)
    assert colours.known
    assert quality > 0.9
    colours.forget()
    assert set(colours.odds) == {0}


def test_a_hand_of_the_rooms_own_colour_cannot_be_told_by_colour():
    points = landmarks()
    shape, pose = draw(found(points))
    bgr = picture(points, skin=(150, 140, 120))
    assert Colours().learn(frame(bgr).i420, shape, pose, keep=0.8) < 0.2


def test_the_measured_area_is_the_drawn_area():
    points = landmarks()
    bgr = picture(points)
    mask = mask_for(points, bgr)
    mask.measure(frame(bgr).i420)
    assert share(mask) == pytest.approx(area(points), rel=0.05)
    assert mask.visible == pytest.approx(1.0, abs=0.02)
    assert mask.support > 0.9
    assert mask.surround < 0.15


@settings(max_examples=15, deadline=None)
@given(st.floats(-8, 8), st.floats(-8, 8), st.floats(0.85, 1.18))
def test_the_mask_follows_a_hand_that_moves_and_grows(dx, dy, grown):
    points = landmarks(breadth=40)
    mask = mask_for(points, picture(points))
    moved = landmarks(160 + dx, 180 + dy, 40 * grown)
    mask.measure(frame(picture(moved, seed=1)).i420, None, 6)
    assert share(mask) == pytest.approx(area(moved), rel=0.07)
    _, pose = draw(found(moved))
    assert mask.pose == pytest.approx(pose, abs=2.5)


def test_a_hand_that_grows_a_little_measures_a_little_more():
    sizes = np.linspace(40, 41, 11)
    mask = mask_for(landmarks(breadth=40), picture(landmarks(breadth=40)))
    areas = []
    for k, breadth in enumerate(sizes):
        mask.measure(frame(picture(landmarks(breadth=breadth), noise=1, seed=k)).i420, None, 6)
        areas.append(share(mask))
    expected = np.array([area(landmarks(breadth=b)) for b in sizes])
    assert np.abs(np.array(areas) / expected / (areas[0] / expected[0]) - 1).max() < 0.009


def test_noise_makes_a_still_hand_tremble_by_less_than_half_a_per_cent():
    points = landmarks()
    mask = mask_for(points, picture(points, noise=4))
    areas = []
    for seed in range(20):
        mask.measure(frame(picture(points, noise=4, seed=seed + 1)).i420, None, 4)
        areas.append(share(mask))
    assert np.std(np.log(areas)) < 0.005


def test_the_forearm_is_cut_at_the_wrist():
    points = landmarks()
    bgr = picture(points, forearm=True)
    mask = mask_for(points, bgr)
    mask.measure(frame(bgr).i420)
    assert share(mask) == pytest.approx(area(points), rel=0.08)
    assert mask.box[3] * 2 < 180 + 0.3 * 45


def test_something_of_the_hands_colour_that_does_not_touch_it_does_not_count():
    points = landmarks(breadth=40)
    bgr = picture(points)
    mask = mask_for(points, bgr)
    mask.measure(frame(bgr).i420)
    alone = mask.mass
    bgr[110:150, 208:228] = (96, 140, 205)
    mask.measure(frame(bgr).i420)
    assert mask.mass == pytest.approx(alone, rel=0.01)


def test_following_goes_no_further_than_its_reach():
    points = landmarks(breadth=40)
    mask = mask_for(points, picture(points))
    x, y, scale = mask.pose
    mask.measure(frame(picture(landmarks(230, 180, 40))).i420, None, 6, 0.1)
    assert np.hypot(mask.pose[0] - x, mask.pose[1] - y) <= 0.1 * scale + 1e-3


def test_an_empty_room_supports_no_hand():
    points = landmarks()
    mask = mask_for(points, picture(points))
    mask.measure(frame(picture()).i420, None, 4)
    assert mask.support < 0.1
    assert share(mask) < 0.2 * area(points)


def test_a_rival_keeps_its_own_cells():
    left, right = landmarks(120, 180, 40), landmarks(200, 180, 40)
    bgr = picture(left, right)
    one, other = mask_for(left, bgr), mask_for(right, bgr)
    one.measure(frame(bgr).i420, other)
    other.measure(frame(bgr).i420, one)
    assert share(one) == pytest.approx(area(left), rel=0.06)
    assert share(other) == pytest.approx(area(right), rel=0.06)


def test_half_a_hand_at_the_edge_is_half_visible_and_half_measured():
    points = landmarks(x=0)
    bgr = picture(points)
    mask = mask_for(points, bgr)
    mask.measure(frame(bgr).i420)
    assert mask.visible == pytest.approx(0.5, abs=0.1)
    assert share(mask) == pytest.approx(area(points), rel=0.07)


@settings(max_examples=50, deadline=None)
@given(
    st.floats(-500, 500),
    st.floats(-500, 500),
    st.floats(0.01, 2000),
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(0, 6),
)
def test_any_pose_on_any_frame_is_measured_within_bounds(x, y, scale, cells_x, cells_y, steps):
    rng = np.random.default_rng(cells_x * 41 + cells_y)
    i420 = rng.integers(0, 256, (cells_y * 3, cells_x * 2), dtype=np.uint8)
    mask = Mask()
    mask.adopt(disc())
    mask.pose = (x, y, scale)
    mask.measure(i420, None, steps)
    assert 0 <= mask.mass <= cells_x * cells_y * 1.001
    assert 0 <= mask.visible <= 1
    assert np.isfinite(mask.pose).all()
    assert np.isfinite(mask.box).all()


@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (0, 0), (10, 4), (3 * 2049, 4)])
def test_a_buffer_that_is_no_small_i420_picture_is_refused(shape):
    with pytest.raises((ValueError, IndexError)):
        Mask().measure(np.zeros(shape, dtype=np.uint8))


@pytest.mark.parametrize("pose", [(0, 0, 0), (0, 0, -1), (float("nan"), 0, 1)])
def test_a_pose_that_is_none_is_refused(pose):
    with pytest.raises(ValueError, match="pose"):
        Mask().pose = pose


def test_colours_of_another_size_are_refused():
    with pytest.raises(ValueError, match="bytes"):
        Mask().adopt(disc(), b"short")


def test_the_picture_of_a_mask_shows_the_hand():
    points = landmarks()
    bgr = picture(points)
    mask = mask_for(points, bgr)
    shown = np.asarray(mask.picture(frame(bgr).i420))
    assert shown.shape == (HEIGHT // 2, WIDTH // 2)
    assert (shown > 127).mean() == pytest.approx(area(points), rel=0.05)
