"""A hand held still, far and near: what it measures, what it refuses and why, and what it says meanwhile."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.errors import CameraError, ReachError
from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.sight.camera import Pace
from firmware_py.sight.ghost.camera import GhostCamera
from firmware_py.sight.ghost.part import GhostPart, GhostPlayer, Hold
from firmware_py.sight.reach import LIMIT_S, ReachGuide, hold_of, measure_reach

T0 = 5_000_000_000


def seen(areas, rate_hz=60.0, second=False, start_s=0.0):
    """Hand samples of these areas; None is no hand."""
    samples = np.zeros(len(areas), HAND_SAMPLE)
    for n, area in enumerate(areas):
        samples[n]["t_capture_ns"] = T0 + round((start_s + n / rate_hz) * 1e9)
        if area is not None:
            samples[n]["flags"] = Flag.PRESENT | (Flag.SECOND_HAND if second else 0)
            samples[n]["hands"][0]["area"] = area
    return samples


@given(
    area=st.floats(0.002, 0.5),
    rate_hz=st.sampled_from([15.0, 30.0, 60.0, 90.0]),
    tremble=st.floats(0.0, 0.05),
    wild=st.lists(st.tuples(st.integers(0, 10_000), st.floats(0.001, 1.0)), max_size=8),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_hold_is_the_median_however_wild_a_few_pictures_are(area, rate_hz, tremble, wild, seed):
    count = round(2 * rate_hz)
    areas = area * np.exp(np.random.default_rng(seed).normal(0.0, tremble, count))
    for place, value in wild[: count // 8]:
        areas[place % count] = value
    assert hold_of(seen(areas.tolist(), rate_hz)).area == pytest.approx(area, rel=0.03 + 2 * tremble)


def test_the_stillest_stretch_counts_not_the_way_there():
    way = np.geomspace(0.2, 0.03, 60).tolist()
    assert hold_of(seen(way + [0.03] * 60 + way[::-1])).area == pytest.approx(0.03, rel=0.01)


@pytest.mark.parametrize(
    ("samples", "why"),
    [
        (seen([]), "too few pictures"),
        (seen([0.1] * 4), "too few pictures"),
        (seen([None] * 120), "no hand was seen"),
        (seen([float("nan")] * 120), "no hand was seen"),
        (seen([0.1] * 120, second=True), "two hands were seen"),
        (seen([0.1 if n % 3 else None for n in range(120)]), "the hand was seen in 67 %"),
        (seen(np.geomspace(0.01, 0.5, 120).tolist()), "was not held still"),
        (seen([0.02 if n % 20 < 10 else 0.2 for n in range(120)]), "was not held still"),
    ],
)
def test_what_is_no_hold_is_refused_with_its_reason(samples, why):
    with pytest.raises(ReachError, match=why):
        hold_of(samples)


def test_a_lost_camera_is_no_picture():
    samples = seen([0.1] * 120)
    samples["flags"][:] = Flag.CAMERA_LOST
    with pytest.raises(ReachError, match="too few pictures"):
        hold_of(samples)


def led(samples):
    guide, said = ReachGuide(), []
    for sample in samples:
        guide.take(sample)
        said.append(guide.says)
        if guide.reach:
            break
    return guide, said


def test_a_player_is_led_from_far_to_near_and_told_what_is_seen():
    guide, said = led(seen([0.02] * 180 + np.geomspace(0.02, 0.2, 60).tolist() + [0.2] * 120))
    reach = guide.found()
    assert (reach.area_far, reach.area_near) == (pytest.approx(0.02, rel=0.02), pytest.approx(0.2, rel=0.05))
    assert "far away" in said[0]
    assert "2.0 % of the picture" in said[60]
    assert any("near" in one and "1.0 times the far one (at least 2)" in one for one in said)
    assert said[-1] == "thank you"


def test_who_is_not_near_enough_yet_is_waited_for_and_refused_in_the_end_with_the_figures():
    guide, _ = led(seen([0.02] * 60 + [0.03] * 100 + [0.1] * 60, 20.0))
    assert guide.found().area_near == pytest.approx(0.1, rel=0.02)
    with pytest.raises(ReachError, match=r"near 3\.0 %: only 1\.5 times"):
        led(seen([0.02] * 60 + [0.03] * round(20 * (LIMIT_S + 3)), 20.0))
    with pytest.raises(ReachError, match="no hand was seen"):
        led(seen([None] * round(20 * (LIMIT_S + 3)), 20.0))


def test_a_second_hand_or_none_is_said():
    assert "two hands" in led(seen([0.1] * 20, second=True))[1][-1]
    assert "no hand" in led(seen([None] * 20))[1][-1]


def test_a_script_that_ends_before_both_holds_is_refused_with_the_last_reason():
    guide, _ = led(seen([0.05] * 100))
    with pytest.raises(ReachError):
        guide.found()
    with pytest.raises(ReachError, match="no pictures"):
        ReachGuide().found()


HOLDS = (Hold(0.0, 3.0, 0.0), Hold(3.0, 6.0, 1.0))


@pytest.mark.parametrize(("far", "near"), [(0.02, 0.2), (0.04, 0.1)])
def test_the_reach_of_a_ghost_is_found_through_finder_and_tracker(model_files, models_state, far, near):
    part = GhostPart(seconds=6.0, holds=HOLDS)
    camera = GhostCamera(part, GhostPlayer(far=far, near=near), 30.0, cache=models_state / "cache")
    reach = measure_reach(camera, model_files, lambda _: None)
    assert reach.area_far == pytest.approx(far, rel=0.1)
    assert reach.area_near == pytest.approx(near, rel=0.1)


class Wall:
    """A live camera before which nobody stands; it is torn out after two seconds."""

    rate_hz, scripted, description = 60.0, False, "a wall"

    def __init__(self, torn):
        self.torn, self.closed = torn, False

    def frames(self, _pace: Pace):
        yield from ()
        if self.torn:
            raise CameraError("the cable is out")

    def close(self):
        self.closed = True


def test_a_camera_that_fails_is_told_and_given_back():
    wall = Wall(torn=True)
    with pytest.raises(CameraError, match="the cable is out"):
        measure_reach(wall, None, lambda _: None)
    assert wall.closed
