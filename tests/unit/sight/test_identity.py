from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.sight.identity import Identities

RATE_HZ, LOOK_EVERY = 60, 5
WIDE = 4 / 3


class Stage:
    """Two hands on their ways, in slots that may slip: the tracks that ``slots`` names follow them."""

    def __init__(self, *, sides=(0.9, 0.1), areas=(0.05, 0.05)):
        self.identities = Identities(2)
        self.sides, self.areas = sides, areas
        self.tracks = [SimpleNamespace(present=True, area=0.05, x=0.0, y=0.5, rightness=side) for side in sides]
        self.number = 0

    def show(self, places, *, slots=(0, 1), seen=(True, True), looked=True):
        """One frame: where each hand is, and which hand the track of each slot is on."""
        t_s = self.number / RATE_HZ
        for slot, hand in enumerate(slots):
            track = self.tracks[slot]
            track.x, track.area, track.present = places[hand], self.areas[hand], seen[slot]
        self.identities.follow(self.tracks, t_s, WIDE)
        if looked and self.number % LOOK_EVERY == 0:
            looks = [SimpleNamespace(rightness=self.sides[hand]) if seen[k] else None for k, hand in enumerate(slots)]
            self.identities.weigh(self.tracks, looks, t_s, WIDE)
        self.number += 1

    def meet(self, *, cross, slip, seconds=0.5):
        """Apart, together, apart again; the tracks slip to the other hand in the middle, or do not."""
        for _ in range(30):
            self.show((0.2, 0.8))
        frames = round(seconds * RATE_HZ)
        for k in range(frames):
            share = (k + 1) / frames
            way = share if cross else min(share, 1 - share) * 0.9
            places = 0.2 + 0.6 * way, 0.8 - 0.6 * way
            self.show(places, slots=(1, 0) if slip and share > 0.5 else (0, 1))
        last = (0.8, 0.2) if cross else (0.2, 0.8)
        for _ in range(30):
            self.show(last, slots=(1, 0) if slip else (0, 1))

    @property
    def primary(self):
        """Where the hand is that is called the primary one."""
        return self.tracks[self.identities.order[0]].x


def test_the_order_begins_with_the_first_slot():
    assert list(Identities(2).order) == [0, 1]


@pytest.mark.parametrize("slip", [False, True])
@pytest.mark.parametrize("cross", [False, True])
def test_a_left_and_a_right_hand_that_met_keep_their_names_whatever_their_tracks_did(cross, slip):
    stage = Stage()
    stage.meet(cross=cross, slip=slip)
    assert stage.primary == pytest.approx(0.8 if cross else 0.2)


@pytest.mark.parametrize("slip", [False, True])
def test_two_right_hands_are_told_apart_by_their_sizes(slip):
    stage = Stage(sides=(0.8, 0.8), areas=(0.03, 0.07))
    stage.meet(cross=True, slip=slip)
    assert stage.primary == pytest.approx(0.8)


@pytest.mark.parametrize("slip", [False, True])
def test_hands_that_are_alike_are_told_apart_by_their_ways(slip):
    stage = Stage(sides=(0.8, 0.8))
    stage.meet(cross=True, slip=slip, seconds=0.4)
    assert stage.primary == pytest.approx(0.8)


def test_hands_that_never_met_are_never_exchanged_however_odd_they_look():
    stage = Stage()
    for _ in range(30):
        stage.show((0.2, 0.8))
    stage.sides = (0.1, 0.9)
    for _ in range(60):
        stage.show((0.2, 0.8))
    assert list(stage.identities.order) == [0, 1]


def test_a_hand_that_is_hidden_by_the_other_does_not_lose_its_name_to_it():
    stage = Stage()
    for _ in range(30):
        stage.show((0.2, 0.8))
    stage.show((0.48, 0.52))
    stage.identities.promote([None, stage.tracks[1]])
    assert list(stage.identities.order) == [0, 1]


def test_the_other_hand_becomes_the_primary_one_when_that_is_gone():
    identities = Identities(2)
    identities.promote([None, None])
    assert list(identities.order) == [0, 1]
    identities.promote([None, SimpleNamespace()])
    assert list(identities.order) == [1, 0]
    identities.reset()
    assert list(identities.order) == [0, 1]


@given(st.lists(st.tuples(*[st.floats(0, 1)] * 6, st.booleans(), st.booleans()), max_size=60))
def test_whatever_is_seen_the_order_names_every_slot_once(steps):
    identities = Identities(2)
    for k, (x, other_x, area, other_area, side, other_side, seen, other_seen) in enumerate(steps):
        tracks = [
            SimpleNamespace(present=seen, area=area, x=x, y=0.5, rightness=side),
            SimpleNamespace(present=other_seen, area=other_area, x=other_x, y=0.5, rightness=other_side),
        ]
        identities.follow(tracks, k / RATE_HZ, WIDE)
        looks = [SimpleNamespace(rightness=side), SimpleNamespace(rightness=other_side) if other_seen else None]
        identities.weigh(tracks, looks, k / RATE_HZ, WIDE)
        assert sorted(identities.order) == [0, 1]
        assert np.isfinite([track.rightness for track in tracks]).all()


def track(rightness):
    return SimpleNamespace(rightness=rightness, present=True)


@pytest.mark.parametrize(("side", "order"), [("right", [1, 0]), ("left", [0, 1])])
def test_the_hand_that_plays_is_the_primary_one_while_both_are_in_view(side, order):
    identities = Identities(2)
    for _ in range(3):
        identities.prefer(side, [track(0.1), track(0.9)])
        assert list(identities.order) == order


@pytest.mark.parametrize("tracks", [[track(0.1), None], [track(0.4), track(0.9)], [track(0.1), track(0.2)]])
def test_a_lone_hand_and_hands_of_unsure_side_play_whatever_is_preferred(tracks):
    identities = Identities(2)
    identities.prefer("right", tracks)
    assert list(identities.order) == [0, 1]


def test_a_hand_that_has_left_is_not_preferred():
    gone = track(0.9)
    gone.present = False
    identities = Identities(2)
    identities.prefer("right", [track(0.1), gone])
    assert list(identities.order) == [0, 1]
