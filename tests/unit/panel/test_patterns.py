from itertools import groupby

import pytest

from firmware_py.state import State
from firmware_py.panel.patterns import STEP_S, look_of


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
