from dataclasses import replace

import numpy as np
import pytest

from firmware_py.errors import ModelFilesError
from firmware_py.sight.camera import Pace
from firmware_py.sight.finder import Finder
from firmware_py.sight.ghost.camera import GhostCamera
from firmware_py.sight.ghost.part import GhostPart, GhostPlayer
from firmware_py.sight.landmarks import Landmarks
from firmware_py.sight.network import Network


@pytest.fixture(scope="module")
def finder(model_files):
    return Finder(model_files)


@pytest.fixture(scope="module")
def rgb():
    camera = GhostCamera(GhostPart(seconds=1.0), GhostPlayer(plain=1))
    return next(iter(camera.frames(Pace(1, realtime=False)))).rgb()


def test_an_open_hand_is_found_with_its_side_box_and_openness(finder, rgb):
    (hand,) = finder.find(rgb, wanted=2)
    assert hand.presence > 0.8
    assert hand.openness > 0.4
    x, y, width, height = hand.box
    assert x < 160 < x + width
    assert y < 120 < y + height
    assert hand.outline[:, 0].min() == pytest.approx(x, abs=2)


def test_the_mirrored_picture_holds_the_other_hand(finder, rgb):
    (hand,) = finder.find(rgb, wanted=2)
    (mirrored,) = finder.find(np.ascontiguousarray(rgb[:, ::-1]), wanted=2)
    assert {hand.side, mirrored.side} == {"left", "right"}
    assert mirrored.box[2:] == pytest.approx(hand.box[2:], rel=0.1)


def test_a_hand_is_found_again_where_it_was_without_a_search(finder, rgb):
    (hand,) = finder.find(rgb, wanted=2)
    (again,) = finder.find(rgb, wanted=2, prior=[hand.crop], search=False)
    assert again is not None
    assert again.same_as(hand)


def test_a_prior_that_holds_nothing_is_answered_by_none_and_starts_a_search(finder, rgb):
    (hand,) = finder.find(rgb, wanted=2)
    gone, found = finder.find(rgb, wanted=2, prior=[hand.crop.moved(-400, 0)], search=False)
    assert gone is None
    assert found is not None
    assert found.same_as(hand)


def test_one_hand_is_not_answered_twice(finder, rgb):
    (hand,) = finder.find(rgb, wanted=2)
    answers = finder.find(rgb, wanted=2, prior=[hand.crop, hand.crop.moved(2, 1)])
    assert sum(answer is not None for answer in answers) == 1


def test_no_more_hands_are_answered_than_wanted(finder, rgb):
    both = np.concatenate([rgb[:, 80:240], rgb[:, 80:240][:, ::-1]], axis=1)
    assert len(finder.find(both, wanted=1)) == 1
    assert len(finder.find(both, wanted=2)) == 2


def test_a_small_hand_in_a_large_picture_is_found_by_a_thorough_look(finder, rgb):
    large = np.full((960, 1280, 3), 130, dtype=np.uint8)
    small = rgb[::2, ::2]
    large[800 : 800 + small.shape[0], 60 : 60 + small.shape[1]] = small
    assert len(finder.find(large, wanted=2, thorough=True)) == 1


def test_a_file_that_is_no_network_is_refused_with_the_remedy(tmp_path):
    (tmp_path / "a.tflite").write_bytes(b"not a network" * 10)
    with pytest.raises(ModelFilesError, match="hand-dance models"):
        Network(tmp_path / "a.tflite")


def test_loading_a_network_says_nothing_on_stderr(model_files, capfd):
    Network(model_files.palm_lite)
    assert capfd.readouterr().err == ""


def test_a_hand_in_the_dark_is_found_as_in_the_light(finder, rgb):
    (hand,) = finder.find(rgb, wanted=2)
    dark = (rgb * 0.16).astype(np.uint8)
    (found,) = finder.find(dark, wanted=2)
    assert found.same_as(hand)


def test_a_hand_in_shadow_before_a_bright_room_is_found_by_the_other_search(finder, rgb):
    (hand,) = finder.find(rgb, wanted=2)
    x, y, width, height = (round(v) for v in hand.box)
    bright = np.full_like(rgb, 250)
    bright[y - 8 : y + height + 40, x - 8 : x + width + 8] = rgb[y - 8 : y + height + 40, x - 8 : x + width + 8] // 6
    (found,) = finder.find(bright, wanted=2, in_shadow=True)
    assert found.same_as(hand)


def test_known_hands_are_asked_for_their_palms_when_they_are_checked(finder, rgb):
    (hand,) = finder.find(rgb, wanted=1)
    (unchecked,) = finder.find(rgb, wanted=1, prior=[hand.crop], search=False)
    (checked,) = finder.find(rgb, wanted=1, prior=[hand.crop], search=False, check=True)
    assert (unchecked.palm, checked.palm) == (None, True)


@pytest.mark.parametrize(
    ("palm", "first", "again", "is_hand"),
    [
        (0.9, 0.9, 0.9, True),
        (0.25, 0.95, 0.95, True),
        (0.25, 0.8, 0.8, False),
        (0.6, 0.6, 0.6, False),
        (0.9, 0.9, 0.3, False),
    ],
)
def test_a_faint_palm_needs_a_hand_that_is_all_the_surer(finder, rgb, monkeypatch, palm, first, again, is_hand):
    (hand,) = finder.find(rgb, wanted=1)
    (seen,) = finder._palms.look(rgb, least_score=0.5)
    points = hand.landmarks

    def says(presence):
        return lambda _rgb, _crop: Landmarks(points, presence, 0.9)

    def one_palm(_rgb, *, least_score):
        assert least_score <= palm
        return [replace(seen, score=palm)]

    monkeypatch.setattr(finder._palms, "look", one_palm)
    monkeypatch.setattr(finder._first_look, "look", says(first))
    monkeypatch.setattr(finder._next_look, "look", says(again))
    assert bool(finder.find(rgb, wanted=1)) is is_hand


def test_a_hand_is_found_by_a_grey_camera(finder, rgb):
    (hand,) = finder.find(rgb, wanted=2)
    grey = np.repeat(rgb.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    (found,) = finder.find(grey, wanted=2)
    assert found.same_as(hand)
