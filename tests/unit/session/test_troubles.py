from firmware_py.session.machine import StateMachine
from firmware_py.session.troubles import Troubles
from firmware_py.state import State


def test_all_that_is_missing_is_told_as_one_sentence_and_once():
    machine, told = StateMachine(), []
    machine.watch(lambda _state, reason: told.append(reason))
    troubles = Troubles(machine)
    troubles.say("sight", "no camera")
    troubles.say("sight", "no camera")
    troubles.say("sound", "no device")
    troubles.say("sight", "")
    assert told == ["", "no camera", "no camera; no device", "no device"]


def test_what_is_missing_is_still_missing_in_the_next_state_that_records():
    machine = StateMachine()
    machine.to(State.READY)
    troubles = Troubles(machine)
    troubles.say("sight", "no camera")
    troubles.to(State.COUNTING_IN)
    assert machine.trouble == "no camera"
    troubles.to(State.FINISHING, "the song ended")
    troubles.to(State.READY)
    assert machine.trouble == ""
