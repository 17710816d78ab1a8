"""D from the ages of hand samples: long enough for nearly all, no longer, never outside of what is playable."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.lanes import ARRIVALS, ARRIVALS_KEPT
from firmware_py.sound.arrival import (
    LEAST_FRAMES,
    LONGEST_S,
    MARGIN_S,
    PLENTY,
    SHORTEST_S,
    WARM_UP,
    delay_by,
    plenty,
)


def arrivals(ages_us, interval_us=16_667):
    """A record as the sound process leaves it after frames of these ages, in this order."""
    record = np.zeros((), ARRIVALS)
    for age_us in ages_us:
        place = int(record["count"]) % ARRIVALS_KEPT
        record["age_us"][place], record["interval_us"][place] = age_us, interval_us
        record["count"] += 1
    return record[()]


def test_the_delay_is_the_oldest_frames_age_and_one_interval_and_the_margin():
    found = delay_by(arrivals([12_000] * 100))
    assert found.delay_us == 12_000 + 16_667 + round(MARGIN_S * 1e6)
    assert (found.frames, found.age_p50_ms, found.age_p99_ms, found.interval_ms) == (100, 12.0, 12.0, 16.667)
    assert found.warning == ""


@given(st.lists(st.integers(0, 120_000), min_size=LEAST_FRAMES, max_size=600), st.integers(4_000, 60_000))
def test_nearly_every_frame_is_there_before_the_one_ahead_of_it_has_sounded(ages, interval_us):
    found = delay_by(arrivals(ages, interval_us))
    counted = ages[min(WARM_UP, len(ages) // 4) :] if len(ages) <= ARRIVALS_KEPT else ages[-ARRIVALS_KEPT:]
    late = sum(age + interval_us > found.delay_us for age in counted)
    assert SHORTEST_S * 1e6 <= found.delay_us <= LONGEST_S * 1e6
    assert late <= 0.01 * len(counted) or found.delay_us == LONGEST_S * 1e6
    assert found.delay_us <= max(SHORTEST_S * 1e6, max(counted) + interval_us + MARGIN_S * 1e6)


def test_the_first_frames_come_while_everything_is_cold_and_do_not_count():
    assert delay_by(arrivals([400_000] * WARM_UP + [10_000] * 60)).delay_us < 30_000


@pytest.mark.parametrize("count", [0, 1, LEAST_FRAMES - 1])
def test_too_few_frames_are_no_measurement(count):
    assert delay_by(arrivals([10_000] * count)) is None


def test_a_slow_camera_is_measured_by_the_few_frames_of_a_count_in_and_a_fast_one_soon_has_plenty():
    few = arrivals([9_000] * 20, interval_us=66_667)
    assert delay_by(few).delay_us == pytest.approx(79_000, abs=1000)
    assert not plenty(few)
    assert plenty(arrivals([9_000] * PLENTY))


def test_the_last_frames_count_when_there_were_more_than_are_kept():
    assert delay_by(arrivals([90_000] * 300 + [10_000] * ARRIVALS_KEPT)).age_p99_ms == 10.0


def test_a_slow_camera_is_warned_of_with_its_figures():
    found = delay_by(arrivals([30_000] * 60, interval_us=66_667))
    assert found.slow
    assert "the sound comes 100 ms after the hand: a picture every 67 ms" in found.warning
    assert not delay_by(arrivals([10_000] * 60, interval_us=33_333)).slow
