from types import SimpleNamespace

import pytest

from firmware_py.sight.identity import Identities


def track(rightness):
    return SimpleNamespace(rightness=rightness, present=True)


def look(rightness):
    return SimpleNamespace(hand=SimpleNamespace(rightness=rightness))


def test_the_order_begins_with_the_first_slot():
    assert list(Identities(2).order) == [0, 1]


def test_hands_that_look_as_they_did_keep_their_order():
    identities = Identities(2)
    for _ in range(20):
        identities.weigh([track(0.95), track(0.05)], [look(0.9), look(0.2)])
    assert list(identities.order) == [0, 1]


def test_one_odd_look_exchanges_nothing():
    identities = Identities(2)
    for seen in (0.95, 0.02, 0.95, 0.95):
        identities.weigh([track(0.95), track(0.05)], [look(seen), look(1 - seen)])
    assert list(identities.order) == [0, 1]


def test_hands_that_came_out_of_a_crossing_exchanged_are_exchanged_back():
    identities = Identities(2)
    tracks = [track(0.95), track(0.05)]
    looks = 0
    while list(identities.order) == [0, 1]:
        identities.weigh(tracks, [look(0.03), look(0.97)])
        looks += 1
        assert looks < 5
    assert looks >= 2
    assert [one.rightness for one in tracks] == [0.05, 0.95]


def test_two_hands_of_one_side_are_left_alone():
    identities = Identities(2)
    for _ in range(20):
        identities.weigh([track(0.9), track(0.8)], [look(0.8), look(0.9)])
    assert list(identities.order) == [0, 1]


def test_the_other_hand_becomes_the_primary_one_when_that_is_gone():
    identities = Identities(2)
    identities.promote([None, None])
    assert list(identities.order) == [0, 1]
    identities.promote([None, track(0.5)])
    assert list(identities.order) == [1, 0]
    identities.reset()
    assert list(identities.order) == [0, 1]


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
