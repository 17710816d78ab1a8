"""Pace: how scripted cameras place, leave out and wait for their frames."""

from firmware_py.sight.camera import LATE_NS, Pace

T0 = 5_000_000_000


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self, now_ns: int = T0) -> None:
        self.now_ns = now_ns
        self.slept: list[float] = []

    def __call__(self) -> int:
        return self.now_ns

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_ns += round(seconds * 1e9)


def test_a_place_in_the_script_is_counted_from_t0() -> None:
    assert Pace(T0, realtime=False).instant(1.5) == T0 + 1_500_000_000


def test_real_time_waits_for_the_frames_instant() -> None:
    clock = Clock()
    Pace(T0, realtime=True, clock=clock, sleep=clock.sleep).wait_until(T0 + 250_000_000)
    assert clock.slept == [0.25]


def test_real_time_does_not_wait_for_what_is_past() -> None:
    clock = Clock()
    Pace(T0, realtime=True, clock=clock, sleep=clock.sleep).wait_until(T0 - 1)
    assert clock.slept == []


def test_out_of_real_time_nothing_is_waited_for() -> None:
    clock = Clock()
    Pace(T0, realtime=False, clock=clock, sleep=clock.sleep).wait_until(T0 + 10**12)
    assert clock.slept == []


def test_frames_seen_before_a_restart_are_left_out_and_the_next_is_not() -> None:
    pace = Pace(T0, realtime=False, resume_ns=T0 + 100)
    assert pace.leaves_out(T0)
    assert pace.leaves_out(T0 + 100)
    assert not pace.leaves_out(T0 + 101)


def test_long_overdue_frames_are_left_out_in_real_time_only() -> None:
    clock = Clock(T0 + 10 * LATE_NS)
    assert Pace(T0, realtime=True, clock=clock).leaves_out(T0 + 8 * LATE_NS)
    assert not Pace(T0, realtime=True, clock=clock).leaves_out(T0 + 9 * LATE_NS)
    assert not Pace(T0, realtime=False, clock=clock).leaves_out(T0 + 8 * LATE_NS)
