"""What follows the stop button, measured: run by hand on a quiet machine, never part of the unit tests."""

import json

import pytest

from firmware_py.bench.finish import FinishFigures, measure

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def figures() -> FinishFigures:
    found = measure()
    print(json.dumps(found.as_json(), indent=1))
    return found


def test_a_session_of_three_minutes_is_in_the_outbox_within_3_s(figures: FinishFigures) -> None:
    assert figures.seconds >= 170
    assert figures.notes >= 200
    assert figures.total_s <= 3.0


def test_it_takes_no_more_than_250_mb(figures: FinishFigures) -> None:
    assert figures.peak_mb <= 250


def test_an_hour_still_fits_a_board_of_512_mb() -> None:
    found = measure(3600.0)
    print(json.dumps(found.as_json(), indent=1))
    assert found.peak_mb <= 300


def test_every_step_has_its_share(figures: FinishFigures) -> None:
    assert sum(figures.steps.values()) == pytest.approx(figures.total_s, abs=0.05)
    assert {"notes and marks", "engraving", "pdf", "preview", "letter"} <= set(figures.steps)


def test_engraving_is_faster_than_lilypond_where_that_is_here(figures: FinishFigures) -> None:
    if "lilypond" in figures.peers:
        assert figures.steps["engraving"] + figures.steps["pdf"] < figures.peers["lilypond"]
    else:
        assert figures.absent == {"lilypond": "apt install lilypond"}
