"""Plays one session from beginning to end: the thing that ``hand-dance play``, the demo and the box all do."""

import os
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace

from firmware_py.archive.library import sessions_in
from firmware_py.archive.session_folder import SessionFolder, SessionRecord
from firmware_py.config import Config
from firmware_py.lanes import Lanes
from firmware_py.music.imported_songs import imported_folder
from firmware_py.music.song import Song
from firmware_py.session.child import Child
from firmware_py.session.dating import dated, read_clocks
from firmware_py.session.finish import finish, send_now
from firmware_py.session.levels import Levels
from firmware_py.session.lock import only_one
from firmware_py.session.machine import StateMachine
from firmware_py.session.moment import Moment
from firmware_py.session.outcome import Outcome
from firmware_py.session.performance import Performance
from firmware_py.session.plan import plan_session
from firmware_py.session.saying import say
from firmware_py.session.stopping import StopRequest, stop_on_signals
from firmware_py.shared_memory import clean_stale
from firmware_py.sound.outward import Outward
from firmware_py.state import State

Show = Callable[[Moment, Song | None], None]


def play(config: Config, show: Show, *, letter: bool) -> Outcome:
    """Play one session and return what came of it; what went wrong is said on standard error.

    show is told about every twentieth of a second what sounds. letter: whether one is made and, once, sent. Signals
    end the session and wait while it is finished; they end the sending, as the letter is safe in the outbox by then.
    Raises AlreadyRunningError, and whatever refuses the configuration, before anything is recorded.
    """
    with only_one(config.state), closing(StopRequest()) as stop, stop_on_signals(stop):
        machine = StateMachine()
        machine.watch(_Troubles(machine).told)
        machine.to(State.READY)
        outcome = play_once(config, machine, stop, show, letter=letter)
    if outcome.record.failed:
        say(f"the session was ended: {outcome.record.end}; what was recorded until then is kept")
    return replace(outcome, letter=send_now(outcome.folder, config)) if outcome.queued else outcome


def play_once(
    config: Config,
    machine: StateMachine,
    stop: StopRequest,
    show: Show,
    *,
    letter: bool,
    letter_after_s: float = 0.0,
    levels: Levels | None = None,
    sight: Child | None = None,
    recorded: Callable[[], object] = lambda: None,
) -> Outcome:
    """Play one session for a caller that holds the lock and owns the state machine, which is READY before and after.

    letter: whether one is queued; sending is not done here. letter_after_s: how long it waits for a better address.
    levels: those to play at, which may change meanwhile; None: the configuration's. sight: a sight process that waits
    for its plan, and that is ended with the session. recorded: called when the sound device is free again, before the
    report is made.
    """
    clean_stale()
    levels = levels or Levels.of(config.sound)
    lanes_name = f"session-{os.getpid()}"
    plan = plan_session(config, lanes_name)
    lanes = Lanes.create(lanes_name)
    try:
        with closing(Outward(config.sound, lanes.status)):
            performance = Performance(plan, lanes, machine, stop, lambda moment: show(moment, plan.song), levels, sight)
            folder = performance.run(lambda record: create_folder(config, record))
    finally:
        lanes.close()
    recorded()
    outcome = finish(folder, config, letter=letter, letter_after_s=letter_after_s)
    machine.to(State.READY)
    return outcome


def create_folder(config: Config, record: SessionRecord) -> SessionFolder:
    """Make a session's folder, dated; an imported song lies in it too, so that its report outlives it."""
    folder = SessionFolder.create(sessions_in(config.state), dated(record, config.state, read_clocks()))
    with suppress(OSError):
        imported = imported_folder(config.state) / f"{record.song}.toml"
        folder.write_whole(imported.name, imported.read_bytes())
    return folder


class _Troubles:
    """Says on standard error what is missing while the session goes on, each thing once until it is back."""

    def __init__(self, machine: StateMachine) -> None:
        self._machine = machine
        self._said = ""

    def told(self, _state: State, _reason: str) -> None:
        trouble = self._machine.trouble
        if trouble and trouble != self._said:
            say(trouble)
        self._said = trouble
