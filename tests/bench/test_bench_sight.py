"""The targets of sight, measured: run by hand on a quiet machine, never part of the unit tests."""

import json
from pathlib import Path

import pytest

from firmware_py.bench import sight, sight_loop, sight_tones
from firmware_py.bench.sight_light import LIGHTS, TONES
from firmware_py.sight.models import ModelFiles

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def figures(model_files: ModelFiles, models_state: Path, real_data: Path) -> sight.SightFigures:
    found = sight.measure(model_files, models_state / "cache", real_data)
    print(json.dumps(found.as_json(), indent=1))
    return found


@pytest.fixture(scope="module")
def loop(model_files: ModelFiles, models_state: Path, real_data: Path) -> sight_loop.LoopFigures:
    found = sight_loop.measure(model_files, models_state / "cache", real_data)
    print(json.dumps(found.as_json(), indent=1))
    return found


@pytest.fixture(scope="module")
def tones(model_files: ModelFiles, real_data: Path) -> sight_tones.ToneFigures:
    found = sight_tones.measure(model_files, real_data)
    print(found.table())
    return found


def test_the_figures_have_the_keys_that_their_readers_rely_on(figures: sight.SightFigures) -> None:
    told = json.loads(json.dumps(figures.as_json()))
    assert {"found", "mean_iou", "count_right", "area_ratio", "ms", "fresh_area_hz", "peers"} <= set(told)
    assert set(told["area_ratio"]) == {"median", "p10", "p90"}
    assert {"palm", "landmark", "tracker_320", "tracker_640"} <= set(told["ms"])


def test_hands_are_found_counted_and_boxed(figures: sight.SightFigures) -> None:
    assert figures.found >= 0.95
    assert figures.count_right >= 0.95
    assert figures.mean_iou >= 0.70


def test_they_are_found_as_surely_as_by_mediapipe(figures: sight.SightFigures) -> None:
    for name in ("mediapipe_lite", "mediapipe_full"):
        assert name in figures.peers, figures.absent
        assert figures.found >= figures.peers[name]["found"] - 0.01
        assert figures.mean_iou >= figures.peers[name]["mean_iou"] - 0.01


def test_finding_costs_half_of_mediapipe_a_frame(figures: sight.SightFigures) -> None:
    assert figures.times_mediapipe, figures.absent
    assert max(ratio["frame"] for ratio in figures.times_mediapipe.values()) <= 0.5


def test_tracking_takes_a_seventh_of_a_millisecond(figures: sight.SightFigures) -> None:
    assert figures.ms["tracker_320"] <= 0.15


def test_every_frame_of_a_fast_camera_brings_a_fresh_area(figures: sight.SightFigures) -> None:
    assert figures.fresh_area_hz >= 0.98 * 90


def test_the_measured_area_follows_the_true_one(loop: sight_loop.LoopFigures) -> None:
    for name, hand in loop.hands.items():
        assert hand.seen >= 0.99, name
        assert hand.correlation >= 0.99, name
        assert hand.error_p95 <= 0.03, name
        assert hand.lag_frames <= 1.0, name


def test_a_still_hand_holds_its_pitch_within_5_cents(loop: sight_loop.LoopFigures) -> None:
    assert max(hand.jitter_cents for hand in loop.hands.values()) <= 5.0


def test_hands_that_cross_keep_their_names(loop: sight_loop.LoopFigures) -> None:
    assert loop.crossings.kept >= 0.95


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("tone", TONES)
def test_a_hand_of_every_tone_is_found_in_every_light(tones: sight_tones.ToneFigures, tone: str, light: str) -> None:
    assert tones.cells[tone][light].found >= 0.95
