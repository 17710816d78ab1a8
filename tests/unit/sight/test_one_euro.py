import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.sight.one_euro import OneEuro, OneEuroSettings

STEADY = OneEuroSettings(least_hz=1.0, quickness=0.0, speed_hz=1.0)
QUICK = OneEuroSettings(least_hz=1.0, quickness=5.0, speed_hz=10.0)
FRAME_S = 1 / 60


def test_the_first_value_passes_as_it_is():
    assert OneEuro(STEADY)(3.25, 0.0) == 3.25


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=50))
def test_the_answer_stays_between_the_values_seen(values):
    one = OneEuro(QUICK)
    for k, value in enumerate(values):
        answer = one(value, k * FRAME_S)
        assert min(values[: k + 1]) - 1e-9 <= answer <= max(values[: k + 1]) + 1e-9


def test_without_quickness_it_is_a_first_order_low_pass():
    one = OneEuro(STEADY)
    one(0.0, 0.0)
    tau_s = 1 / (2 * math.pi)
    steps = round(tau_s * 600)
    for k in range(1, steps + 1):
        answer = one(1.0, k / 600)
    assert answer == pytest.approx(1 - math.exp(-1), abs=0.01)


def test_a_quick_move_is_followed_sooner_than_a_steady_filter_would():
    answers = []
    for settings in (STEADY, QUICK):
        one = OneEuro(settings)
        one(0.0, 0.0)
        answers.append(one(1.0, FRAME_S))
    assert answers[0] < 0.12
    assert answers[1] > 0.8


def test_trembling_of_a_still_value_is_damped():
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 0.002, 600)
    one = OneEuro(QUICK)
    answers = np.array([one(value, k * FRAME_S) for k, value in enumerate(noise)])
    assert answers[60:].std() < 0.4 * noise.std()


def test_a_time_that_does_not_advance_changes_nothing():
    one = OneEuro(QUICK)
    one(1.0, 5.0)
    assert one(9.0, 5.0) == 1.0
    assert one(9.0, 4.0) == 1.0


def test_after_a_reset_the_next_value_passes_as_it_is():
    one = OneEuro(QUICK)
    one(1.0, 0.0)
    one.reset()
    assert one(7.0, 0.1) == 7.0
