"""The delay's targets, measured: run by hand on a quiet machine, never part of the unit tests.

A buffer of 11 ms runs dry whatever we do where the machine itself stands still for longer: on a virtual machine, whose
host gives its processors to others. Such xruns are counted beside the others, and are the only ones that may be.
"""

import json

import pytest

from firmware_py.bench.delay import DelayFigures, measure

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def figures() -> DelayFigures:
    found = measure(500)
    print(json.dumps(found.as_json(), indent=1))
    return found


@pytest.fixture(scope="module")
def busy() -> DelayFigures:
    found = measure(500, peers=False, busy=True)
    print(json.dumps(found.as_json(), indent=1))
    return found


def test_every_change_is_heard_and_the_device_never_runs_dry(figures: DelayFigures) -> None:
    assert figures.realtime
    assert figures.events >= 495
    assert figures.tape_drops == 0
    assert figures.xruns == figures.xruns_in_stalls


def test_half_of_the_changes_are_heard_within_15_ms(figures: DelayFigures) -> None:
    assert figures.p50_ms <= 15


def test_the_delay_is_steady_to_2_ms(figures: DelayFigures) -> None:
    assert figures.p99_ms - figures.p1_ms <= 2


def test_it_is_steadier_than_plain_programs(figures: DelayFigures) -> None:
    assert figures.absent == {}
    assert set(figures.peers) == {"sounddevice", "pyo"}
    for name, plain in figures.peers.items():
        assert figures.p99_ms - figures.p1_ms < (plain.p99_ms - plain.p1_ms) / 2, name


def test_with_every_processor_busy_it_is_as_steady_and_never_runs_dry(busy: DelayFigures) -> None:
    assert busy.realtime
    assert busy.p50_ms <= 15
    assert busy.p99_ms - busy.p1_ms <= 2
    assert busy.tape_drops == 0
    assert busy.xruns == busy.xruns_in_stalls
