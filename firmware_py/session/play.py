"""Plays one session from beginning to end: the thing that ``hand-dance play``, the demo and the box all do."""

import os
import sys
from collections.abc import Callable
from contextlib import closing

from firmware_py.archive.library import sessions_in
from firmware_py.archive.session_folder import SessionFolder
from firmware_py.config import Config
from firmware_py.lanes import Lanes
from firmware_py.music.song import Song
from firmware_py.session.finish import Letter, finish
from firmware_py.session.lock import only_one
from firmware_py.session.machine import StateMachine
from firmware_py.session.outcome import Outcome
from firmware_py.session.performance import Moment, Performance
from firmware_py.session.plan import plan_session
from firmware_py.session.stopping import StopRequest, stop_on_signals
from firmware_py.shared_memory import clean_stale
from firmware_py.sound.outward import Outward
from firmware_py.state import State


def play(config: Config, show: Callable[[Moment, Song | None], None], letter: Letter) -> Outcome:
    """Play one session and return what came of it.

    show is told about every twentieth of a second what sounds. letter: what is done about the session's letter.
    Raises AlreadyRunningError, and whatever refuses the configuration, before anything is recorded.
    """
    with only_one(config.state):
        stop = StopRequest()
        try:
            with stop_on_signals(stop):
                machine = StateMachine(lambda _state, _reason: _say(machine.trouble))
                machine.to(State.READY)
                return play_once(config, machine, stop, show, letter)
        finally:
            stop.close()


def play_once(
    config: Config,
    machine: StateMachine,
    stop: StopRequest,
    show: Callable[[Moment, Song | None], None],
    letter: Letter,
) -> Outcome:
    """Play one session for a caller that holds the lock and owns the state machine, which is READY before and after."""
    clean_stale()
    lanes_name = f"session-{os.getpid()}"
    plan = plan_session(config, lanes_name)
    lanes = Lanes.create(lanes_name)
    try:
        with closing(Outward(config.sound, lanes.status)):
            performance = Performance(plan, lanes, machine, stop, lambda moment: show(moment, plan.song))
            folder = performance.run(lambda record: SessionFolder.create(sessions_in(config.state), record))
    finally:
        lanes.close()
    outcome = finish(folder, config, letter)
    machine.to(State.READY)
    return outcome


def _say(trouble: str) -> None:
    """Say on standard error what is missing while the session goes on."""
    if trouble:
        print(f"hand-dance: {trouble}", file=sys.stderr)
