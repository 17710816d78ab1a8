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


def test_every_peer_is_here_and_makes_its_sixteen_voices(figures: SynthFigures) -> None:
    assert figures.absent == {}
    assert set(figures.peers) == {"numpy", "pyo", "pyo (tables)", "signalflow", "csound", "fluidsynth"}
    assert all(cost > 0 for cost in figures.peers.values())


def test_csound_does_the_same_work_and_we_are_four_times_cheaper(figures: SynthFigures) -> None:
    alias = figures.peers_alias_db["csound"]
    assert alias is not None
    assert alias <= -60
    assert figures.times_cheaper_csound is not None
    assert figures.times_cheaper_csound >= 4


def test_it_is_twenty_times_cheaper_than_each_python_library_whose_saw_may_move_and_is_clean(
    figures: SynthFigures,
) -> None:
    assert figures.times_cheaper["pyo"] >= 20
    assert figures.times_cheaper["numpy"] >= 20


def test_it_is_sixteen_times_cheaper_than_tables_for_pitches_that_stand_still(figures: SynthFigures) -> None:
    """21 where there are registers of 512 bits, fewer with 128; the tables cannot glide, ours may."""
    assert figures.times_cheaper_python is not None
    assert figures.times_cheaper_python >= 16


def test_even_a_bare_ramp_that_folds_back_costs_ten_times_as_much(figures: SynthFigures) -> None:
    """signalflow's saw aliases at -19 dB: an easier task."""
    assert figures.times_cheaper_python_any >= 10


def test_the_figures_are_steady_enough_to_be_told(figures: SynthFigures) -> None:
    for name, (first, third) in figures.spread.items():
        assert third <= 1.35 * first, name
