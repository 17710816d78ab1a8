"""The ring's targets, measured: run by hand on a quiet machine, never part of the unit tests."""

import json

import pytest

from firmware_py.bench.ring import BOOST, RingFigures, measure


@pytest.fixture(scope="module")
def figures() -> RingFigures:
    found = measure(12.0)
    print(json.dumps(found.as_json(), indent=1))
    return found


def test_a_round_trip_costs_little_more_than_a_bare_ping_pong(figures: RingFigures) -> None:
    assert figures.rtt_ratio <= 1.45


def test_throughput_is_that_of_boost(figures: RingFigures) -> None:
    assert figures.items_ratio_to_boost is not None, figures.absent[BOOST]
    assert figures.items_ratio_to_boost >= 0.95


def test_push_and_pop_from_python_cost_60_ns_at_most(figures: RingFigures) -> None:
    assert figures.python_push_ns <= 60
    assert figures.python_pop_ns <= 60


def test_push_and_pop_are_eight_times_cheaper_than_the_best_python_peer(figures: RingFigures) -> None:
    assert figures.absent == {}
    assert figures.times_cheaper_push >= 8
    assert figures.times_cheaper_pop >= 8
