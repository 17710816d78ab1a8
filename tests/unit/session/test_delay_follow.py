"""D grows with the sound device's buffer, by just as much, and only then."""

import numpy as np
import pytest

from firmware_py.lanes import STATUS
from firmware_py.music.delay import DelayMove
from firmware_py.session.delay_follow import DelayFollower


def status(periods: int, period_frames: int = 128, rate_hz: int = 48_000) -> np.void:
    record = np.zeros(1, STATUS)
    record["rate_hz"], record["period_frames"], record["periods"] = rate_hz, period_frames, periods
    return record[0]


def test_the_buffer_that_d_was_decided_with_moves_nothing() -> None:
    follower = DelayFollower()
    assert not follower.step(0.5, None, status(2)), "D is not decided yet"
    for seconds in (1.0, 2.0, 3.0):
        assert not follower.step(seconds, 0.030, status(3))
    assert (follower.moves, follower.delay_s(0.030)) == ((), 0.030)


def test_a_longer_buffer_moves_d_by_what_it_grew_and_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    follower = DelayFollower()
    follower.step(1.0, 0.030, status(3))
    assert follower.step(2.0, 0.030, status(4))
    assert follower.step(3.0, 0.030, status(4, period_frames=256))
    assert not follower.step(4.0, 0.030, status(4, period_frames=256))
    assert follower.moves == (DelayMove(2.0, 0.030, 0.032667), DelayMove(3.0, 0.032667, 0.043334))
    assert follower.delay_s(0.030) == 0.043334
    assert "43 ms after the hand, 10.7 ms more than before" in capsys.readouterr().err


def test_a_process_that_comes_back_with_its_first_buffer_finds_d_as_it_was_and_may_step_up_again() -> None:
    follower = DelayFollower()
    for seconds, periods in ((1.0, 3), (2.0, 4), (3.0, 0), (4.0, 3), (5.0, 4)):
        follower.step(seconds, 0.030, status(periods))
    assert len(follower.moves) == 1
    assert follower.step(6.0, 0.030, status(6))


def test_a_process_that_has_not_told_its_device_yet_moves_nothing() -> None:
    follower = DelayFollower()
    assert not follower.step(1.0, 0.030, status(0, 0, 0))
    assert not follower.step(1.1, 0.030, status(0))
    assert not follower.step(1.2, 0.030, status(3))
    assert follower.moves == ()
