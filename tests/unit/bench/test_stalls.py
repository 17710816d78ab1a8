"""Which xruns came with a stall of the whole machine, and that the machine is watched."""

import os

import pytest

from firmware_py.bench import stalls
from firmware_py.bench.delay import AFTER_STALL_S, in_stalls
from firmware_py.bench.stalls import Stall, StallWatch, stolen_s

STALLS = [Stall(0, 10.000, 10.018, 0.02), Stall(1, 20.000, 20.009, 0.01)]


@pytest.mark.parametrize(
    ("window", "inside"),
    [
        ((9.990, 9.999), False),
        ((9.995, 10.001), True),
        ((10.005, 10.010), True),
        ((10.018 + AFTER_STALL_S - 0.001, 10.2), True),
        ((10.018 + AFTER_STALL_S + 0.001, 10.2), False),
        ((20.010, 20.020), True),
        ((15.0, 15.01), False),
    ],
)
def test_an_xrun_belongs_to_a_stall_that_it_came_in_or_just_after(window: tuple[float, float], inside: bool) -> None:
    assert in_stalls([window], STALLS) == inside
    assert in_stalls([window, window, (15.0, 15.01)], STALLS) == 2 * inside
    assert in_stalls([window], []) == 0


def test_every_processor_is_watched_above_the_player_and_what_was_seen_is_told_in_order() -> None:
    with StallWatch() as watch:
        for watcher in watch._watchers:
            if watch.granted:
                assert os.sched_getscheduler(watcher.pid) == os.SCHED_FIFO
                assert os.sched_getparam(watcher.pid).sched_priority == stalls.ABOVE
        assert len(watch._watchers) == len(os.sched_getaffinity(0))
        assert [len(os.sched_getaffinity(one.pid)) for one in watch._watchers if watch.granted] in (
            [],
            [1] * len(watch._watchers),
        )
    seen = watch.close()
    assert seen == sorted(seen, key=lambda stall: stall.end_s)
    assert all(stall.seconds > 0 and stall.stolen_s >= 0 for stall in seen)


def test_what_the_host_took_of_all_processors_is_at_least_what_it_took_of_one() -> None:
    each = [stolen_s(processor) for processor in sorted(os.sched_getaffinity(0))]
    assert stolen_s() + 0.05 * len(each) >= max(each) >= 0
