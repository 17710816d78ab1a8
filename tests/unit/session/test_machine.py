"""The state machine: only the ways that exist, and everybody is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.session.machine import StateMachine
from firmware_py.state import State

ROUND = [State.READY, State.COUNTING_IN, State.PLAYING, State.FINISHING, State.READY]


def test_a_session_goes_round_and_every_watcher_hears_every_state() -> None:
    heard: list[tuple[State, str]] = []
    machine = StateMachine(lambda state, reason: heard.append((state, reason)))
    for state in ROUND:
        machine.to(state, f"to {state}")
    assert heard == [(state, f"to {state}") for state in ROUND]


def test_a_late_watcher_is_told_where_things_stand() -> None:
    machine = StateMachine()
    machine.to(State.READY, "all well")
    heard: list[tuple[State, str]] = []
    machine.watch(lambda state, reason: heard.append((state, reason)))
    assert heard == [(State.READY, "all well")]


def test_a_fault_comes_from_anywhere_and_leads_back_to_ready() -> None:
    for steps in range(len(ROUND)):
        machine = StateMachine()
        for state in ROUND[:steps]:
            machine.to(state)
        machine.to(State.FAULT, "no camera")
        machine.to(State.READY)
        assert machine.state is State.READY


def test_a_way_that_does_not_exist_is_a_mistake_and_changes_nothing() -> None:
    machine = StateMachine()
    with pytest.raises(ValueError, match="no way from starting to playing"):
        machine.to(State.PLAYING)
    assert machine.state is State.STARTING


@given(st.lists(st.sampled_from(State), max_size=50))
def test_whatever_is_asked_the_machine_is_never_stuck(asked: list[State]) -> None:
    machine = StateMachine()
    for state in asked:
        if machine.may(state):
            machine.to(state)
    assert any(machine.may(state) for state in State if state is not State.FAULT)


def test_camera_and_sound_are_recorded_in_exactly_the_states_that_light_the_recording_light() -> None:
    assert {state for state in State if state.records} == {State.COUNTING_IN, State.PLAYING}
