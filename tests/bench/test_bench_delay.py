"""The delay's targets, measured: run by hand on a quiet machine, never part of the unit tests."""

import json

import pytest

from firmware_py.bench.delay import DelayFigures, measure

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def figures() -> DelayFigures:
    found = measure(500)
    print(json.dumps(found.as_json(), indent=1))
    return found


def test_every_change_is_heard_and_the_device_never_runs_dry(figures: DelayFigures) -> None:
    assert figures.events >= 500
    assert figures.xruns == 0


def test_half_of_the_changes_are_heard_within_15_ms(figures: DelayFigures) -> None:
    assert figures.p50_ms <= 15


def test_the_delay_is_steady_to_2_ms(figures: DelayFigures) -> None:
    assert figures.p99_ms - figures.p1_ms <= 2


def test_it_is_steadier_than_a_plain_program(figures: DelayFigures) -> None:
    assert figures.absent == {}
    plain = figures.peers["sounddevice"]
    assert figures.p99_ms - figures.p1_ms < plain.p99_ms - plain.p1_ms
