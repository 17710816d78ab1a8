import numpy as np
import pytest

from firmware_py.sight.inspect import inspect


@pytest.fixture(scope="module", params=["one-hand-plain-wall", "fist-beside-face"])
def records(request, real_data, model_files):
    return list(inspect(real_data / "clips" / f"{request.param}.mp4", model_files))


def test_the_one_hand_is_there_in_nearly_every_frame_and_no_other(records):
    assert np.mean([len(record["hands"]) == 1 for record in records]) >= 0.99


def test_every_frame_has_its_number_and_time(records):
    assert [record["frame"] for record in records] == list(range(len(records)))
    times = np.array([record["t"] for record in records])
    assert times[0] == 0
    assert (np.diff(times) > 0).all()


def test_the_area_has_no_jumps(records):
    areas = np.array([record["hands"][0]["area"] for record in records if record["hands"]])
    assert np.percentile(np.abs(np.diff(np.log(areas))), 95) < 0.12


def test_the_box_moves_with_the_hand(records):
    boxes = np.array([record["hands"][0]["bbox"] for record in records if record["hands"]])
    assert np.percentile(np.abs(np.diff(boxes[:, 0] + boxes[:, 2] / 2)), 95) < 60


def test_without_the_finders_files_colours_still_play(real_data):
    found = [record["hands"] for record in inspect(real_data / "clips" / "one-hand-plain-wall.mp4", None)]
    assert np.mean([len(hands) == 1 for hands in found]) >= 0.9
    assert all(hand["confidence"] <= 0.3 for hands in found for hand in hands)
