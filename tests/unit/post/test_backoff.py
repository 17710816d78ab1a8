import random

from hypothesis import given
from hypothesis import strategies as st

from firmware_py.post.backoff import FIRST_S, JITTER, LONGEST_S, PATIENCE_S, delay_s, patience_is_over


@given(st.integers(0, 10_000), st.randoms())
def test_a_delay_stays_between_one_minute_and_three_hours_give_or_take_the_jitter(attempts, rng):
    assert FIRST_S * (1 - JITTER) <= delay_s(attempts, rng) <= LONGEST_S * (1 + JITTER)


def test_delays_double_until_the_longest():
    middle = [sum(delay_s(n, random.Random(seed)) for seed in range(200)) / 200 for n in range(1, 12)]
    for n, seconds in enumerate(middle):
        assert abs(seconds / min(60 * 2**n, LONGEST_S) - 1) < 0.03


def test_two_boxes_do_not_come_back_at_the_same_second():
    assert delay_s(5, random.Random(1)) != delay_s(5, random.Random(2))


def test_patience_lasts_at_least_seven_days_of_trying_and_survives_a_clock_that_jumps():
    seconds, attempts, rng = 0.0, 0, random.Random(3)
    while not patience_is_over(seconds, attempts):
        attempts += 1
        seconds += delay_s(attempts, rng)
    assert PATIENCE_S <= seconds < PATIENCE_S + 2 * LONGEST_S
    assert not patience_is_over(50 * 365 * 86_400.0, 3)
