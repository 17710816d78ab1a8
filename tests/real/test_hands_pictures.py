from pathlib import Path

import numpy as np
import pytest

from firmware_py.bench.sight_labels import boxes_in, overlap
from firmware_py.sight.inspect import inspect

EVERY = 4  # of 320 pictures


@pytest.fixture(scope="module")
def labelled(real_data):
    return dict(list(boxes_in(real_data / "hands").items())[::EVERY])


@pytest.fixture(scope="module")
def seen(labelled, real_data, model_files, tmp_path_factory) -> dict[str, dict]:
    """What inspect says of every fourth picture."""
    folder: Path = tmp_path_factory.mktemp("pictures")
    for name in labelled:
        (folder / name).symlink_to(real_data / "hands" / name)
    return dict(zip(labelled, inspect(folder, model_files), strict=True))


def corners(hand):
    x, y, width, height = hand["bbox"]
    return x, y, x + width, y + height


def best(box, record):
    """The seen hand that fits a label best, and how well."""
    return max(
        ((overlap(box, corners(hand)), hand) for hand in record["hands"]), key=lambda fit: fit[0], default=(0, None)
    )


def test_hands_are_found_where_they_are_labelled(labelled, seen):
    fits = np.array([best(box, seen[name])[0] for name, boxes in labelled.items() for box in boxes])
    assert (fits >= 0.5).mean() >= 0.96
    assert fits.mean() >= 0.82


def test_the_number_of_hands_is_right(labelled, seen):
    assert np.mean([len(seen[name]["hands"]) == len(boxes) for name, boxes in labelled.items()]) >= 0.96


def test_area_stands_in_a_steady_proportion_to_the_labelled_box(labelled, seen):
    shares = []
    for name, boxes in labelled.items():
        for box in boxes:
            fit, hand = best(box, seen[name])
            if fit >= 0.5:
                shares.append(hand["area"] * 800 * 600 / ((box[2] - box[0]) * (box[3] - box[1])))
    low, middle, high = np.percentile(shares, [10, 50, 90])
    assert 0.5 < middle < 0.75
    assert high / low < 2.1


def test_hands_that_are_left_and_right_in_the_picture_are_the_players_right_and_left(labelled, seen):
    right = []
    for name, boxes in labelled.items():
        hands = sorted(seen[name]["hands"], key=lambda hand: hand["bbox"][0])
        if len(boxes) == 2 and len(hands) == 2:
            right.append([hand["side"] for hand in hands] == ["right", "left"])
    assert len(right) >= 5
    assert np.mean(right) >= 0.85
