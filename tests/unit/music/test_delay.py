"""D along a session: which of its values a hand sample was heard with."""

import math

import numpy as np
import pytest

from firmware_py.music.delay import DelayMove, delays_of, longest_delay_s

MOVES = (DelayMove(1.0, 0.030, 0.050), DelayMove(2.0, 0.050, 0.060))


def test_without_moves_it_is_one_value() -> None:
    assert delays_of(np.array([-1.0, 0.0, 9.0]), 0.03).tolist() == [0.03] * 3
    assert longest_delay_s(0.03) == 0.03


def test_a_sample_has_the_delay_of_the_instant_it_was_heard_at() -> None:
    captured = np.array([0.0, 0.969, 0.971, 1.5, 1.949, 1.951, 5.0])
    assert delays_of(captured, 0.030, MOVES).tolist() == [0.03, 0.03, 0.05, 0.05, 0.05, 0.06, 0.06]
    assert longest_delay_s(0.030, MOVES) == 0.060


@pytest.mark.parametrize("values", [(-0.1, 0.0, 0.0), (0.0, math.nan, 0.0), (0.0, 0.0, 61.0), (math.inf, 0.0, 0.0)])
def test_what_is_no_move_is_refused(values: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="is no move of D"):
        DelayMove(*values)
