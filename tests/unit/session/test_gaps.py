"""Gaps noted late are put where the recorder saw them."""

import pytest

from firmware_py.archive.session_folder import Gap
from firmware_py.session.gaps import true_gaps
from firmware_py.sound.track import Silence

RATE_HZ = 48_000
KILLED = "killed by SIGKILL"


def frames(start_s: float, end_s: float) -> Silence:
    return Silence(round(start_s * RATE_HZ), round(end_s * RATE_HZ))


@pytest.mark.parametrize(
    "noted",
    [
        pytest.param((4.85, 5.031), id="the return was noted late"),
        pytest.param((4.93, 4.95), id="death and return were noted after both"),
        pytest.param((6.84, 7.0), id="it hung, and was killed two seconds later"),
    ],
)
def test_a_gap_is_told_at_its_very_frames(noted: tuple[float, float]) -> None:
    silence = Silence(232_448, 236_000)
    (gap,) = true_gaps([Gap("sound", *noted, KILLED)], [silence], RATE_HZ)
    assert (round(gap.start_s * RATE_HZ), round(gap.end_s * RATE_HZ)) == (silence.first_frame, silence.end_frame)
    assert gap.reason == KILLED


def test_two_deaths_that_were_noted_as_one_are_two_gaps_where_sound_came_between() -> None:
    gaps = true_gaps([Gap("sound", 3.0, 3.5, KILLED)], [frames(2.99, 3.1), frames(3.15, 3.4)], RATE_HZ)
    assert [(gap.start_s, gap.end_s, gap.reason) for gap in gaps] == [(2.99, 3.1, KILLED), (3.15, 3.4, KILLED)]


def test_each_of_two_near_silences_takes_its_own_reason() -> None:
    noted = [Gap("sound", 2.0, 2.1, "exited with 1"), Gap("sound", 3.0, 3.1, KILLED)]
    gaps = true_gaps(noted, [frames(1.99, 2.05), frames(2.99, 3.05)], RATE_HZ)
    assert [gap.reason for gap in gaps] == ["exited with 1", KILLED]


def test_a_silence_without_a_death_is_no_gap() -> None:
    assert true_gaps([], [frames(1.0, 3.5), Silence(480_000, 480_001)], RATE_HZ) == ()


def test_gaps_of_sight_and_those_that_cost_no_frame_stay_as_they_were_noted() -> None:
    noted = [Gap("sound", 5.0, 5.2, KILLED), Gap("sight", 1.0, 1.25, KILLED)]
    assert true_gaps(noted, [], RATE_HZ) == (noted[1], noted[0])


def test_a_silence_long_before_a_death_is_not_its_doing() -> None:
    gaps = true_gaps([Gap("sound", 9.0, 9.1, KILLED)], [frames(1.0, 1.5), frames(8.99, 9.05)], RATE_HZ)
    assert [(gap.start_s, gap.end_s) for gap in gaps] == [(8.99, 9.05)]
