"""The synthesis targets, measured: run by hand on a quiet machine, never part of the unit tests."""

import json

import pytest

from firmware_py.bench.synth import SynthFigures, measure


@pytest.fixture(scope="module")
def figures() -> SynthFigures:
    found = measure()
    print(json.dumps(found.as_json(), indent=1))
    return found


def test_sixteen_saws_cost_a_quarter_of_a_millisecond_per_second(figures: SynthFigures) -> None:
    assert figures.cpu_ms_per_s <= 0.25


def test_a_saw_at_4_khz_folds_back_less_than_a_thousandth(figures: SynthFigures) -> None:
    assert figures.alias_db <= -60


def test_it_is_four_times_cheaper_than_csound(figures: SynthFigures) -> None:
    assert figures.times_cheaper_csound is not None, figures.absent["csound"]
    assert figures.times_cheaper_csound >= 4


def test_it_is_twenty_times_cheaper_than_the_best_band_limited_python_library(figures: SynthFigures) -> None:
    assert {"pyo", "numpy"} <= set(figures.peers), figures.absent
    assert figures.times_cheaper_python >= 20
