from itertools import groupby

import pytest

from firmware_py.panel.patterns import STEP_S, look_of
from firmware_py.state import State


def test_every_state_looks_different():
    looks = [look_of(state) for state in State]
    assert len({(look.status, look.recording) for look in looks}) == len(State)


@pytest.mark.parametrize("state", list(State))
def test_the_recording_light_is_on_exactly_while_something_records(state):
    assert look_of(state).recording == (state in ("counting-in", "playing"))


def test_an_unknown_state_looks_like_a_fault_and_does_not_deny_recording():
    look = look_of("dancing")
    assert look.status == look_of("fault").status
    assert look.recording


def test_a_box_that_is_ready_shines_steadily_and_no_state_leaves_it_dark():
    assert look_of("ready").steady
    assert all(any(look_of(state).status) for state in State)


@pytest.mark.parametrize("state", list(State))
def test_nothing_flashes_more_than_three_times_a_second(state):
    look = look_of(state)
    flashes = sum(on for on, _ in groupby(look.status)) if not look.steady else 0
    assert flashes / max(len(look.status) * STEP_S, 1.0) <= 3


def test_trouble_looks_like_a_fault_and_never_hides_that_something_is_recorded() -> None:
    for state in State:
        look = look_of(state, trouble=True)
        assert look.status == look_of(State.FAULT).status
        assert look.recording == look_of(state).recording


def test_a_camera_that_looks_while_nobody_plays_shows_it_unlike_any_state() -> None:
    look = look_of("ready", looking=True)
    assert look not in [look_of(state, trouble=trouble) for state in State for trouble in (False, True)]
    assert not look.recording
    flashes = sum(on for on, _ in groupby(look.status))
    assert flashes / (len(look.status) * STEP_S) <= 3
    assert look_of("ready", looking=True, trouble=True) == look_of("ready", trouble=True)
    assert look_of("playing", looking=True) == look_of("playing")
