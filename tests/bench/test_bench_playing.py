"""What playing takes, measured: run by hand on a quiet machine, never part of the unit tests."""

import json

import pytest

from firmware_py.bench.playing import PARTS, PlayingFigures, measure

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def figures() -> PlayingFigures:
    found = measure(24.0)
    print(json.dumps(found.as_json(), indent=1))
    return found


def test_playing_takes_a_small_share_of_one_processor(figures: PlayingFigures) -> None:
    assert set(figures.paced) == set(figures.alsa) == set(PARTS)
    assert max(figures.paced.values()) <= 5
    assert max(figures.alsa.values()) <= 15


def test_everything_on_costs_no_more_than_three_times_a_process_at_rest(figures: PlayingFigures) -> None:
    assert figures.paced["everything"] <= 3 * figures.paced["rest"]


def test_rendering_two_hands_takes_a_hundredth_of_a_processor_with_any_patch(figures: PlayingFigures) -> None:
    assert figures.everything_patch in figures.patches
    assert max(figures.patches.values()) <= 1
