"""The appliance: ready, a session when the start button is pressed, ready again; until told to end.

Whatever goes wrong in a session is shown and logged, and the box is ready for the next one.
"""

import logging
import queue
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Final

from firmware_py.config import Config, PanelSettings
from firmware_py.errors import HandDanceError, NotBegunError
from firmware_py.music.song import Song
from firmware_py.panel.open_panel import open_panel
from firmware_py.panel.panel import OnEvent, Panel, PanelEvent
from firmware_py.session.finish import complete_unfinished
from firmware_py.session.levels import STEP_DB, Levels
from firmware_py.session.lock import only_one
from firmware_py.session.machine import StateMachine
from firmware_py.session.notify import Notifier
from firmware_py.session.outcome import Outcome
from firmware_py.session.performance import Moment
from firmware_py.session.play import play_once
from firmware_py.session.stopping import StopRequest, stop_on_signals
from firmware_py.sound.chimes import Chime, Chimes
from firmware_py.state import State

log: Final = logging.getLogger(__name__)
LISTEN_S: Final = 1.0  # between signs of life while nobody plays
FINISH_S: Final = 120.0  # in which the slowest box makes a report, without a sign of life


def serve(config: Config) -> None:
    """Be the box until SIGINT, SIGTERM or a panel's quit.

    Raises AlreadyRunningError where a session is being played already, SessionFolderError without a state folder,
    UsageError for a pin that is used twice.
    """
    with only_one(config.state):
        Appliance(config).run()


class Appliance:
    """The box: its panel, its line to systemd, and the one session at a time; ``opened`` opens the panel."""

    def __init__(self, config: Config, opened: Callable[[PanelSettings, OnEvent], Panel] = open_panel) -> None:
        self._config = config
        self._events: queue.SimpleQueue[PanelEvent] = queue.SimpleQueue()
        self._stop: StopRequest | None = None
        self._quit = False
        self._played = False  # since the presses were last forgotten
        self._leftovers: Iterator[Outcome] | None = None
        self._notifier = Notifier()
        self._chimes = Chimes(config.sound)
        self._levels = Levels.of(config.sound)  # of the box: what was changed stays for the next session
        self._machine = StateMachine()
        self._panel = opened(config.panel, self._pressed)

    def run(self) -> None:
        """Serve the panel; while nobody plays, complete what a power cut left."""
        with closing(self._notifier), closing(self._panel), closing(self._chimes), closing(StopRequest()) as quitting:
            self._machine.watch(self._show_state)
            self._machine.watch(self._tell)
            with stop_on_signals(quitting):
                self._machine.to(State.READY)
                self._notifier.ready("ready")
                self._chimes.play(Chime.READY)
                self._leftovers = complete_unfinished(self._config)
                while not (self._quit or quitting.reason):
                    self._notifier.alive()
                    try:
                        event = self._events.get(timeout=LISTEN_S)
                    except queue.Empty:
                        self._complete_one()
                        continue
                    if event is PanelEvent.START:
                        self._session(quitting)
                    self._quit = self._quit or event is PanelEvent.QUIT
                self._notifier.stopping()

    def _complete_one(self) -> None:
        """Complete one session that was left unfinished, if there is one."""
        if self._leftovers is None:
            return
        self._notifier.silent_for(FINISH_S)
        try:
            outcome = next(self._leftovers, None)
        except Exception:
            log.exception("completing what was left was broken off")
            outcome = None
        if outcome is None:
            self._leftovers = None
        else:
            log.info("completed: %s", outcome.as_line())
        self._notifier.silent_for(0.0)

    def _session(self, quitting: StopRequest) -> None:
        """Play one session; a signal that comes meanwhile ends it and then the box."""
        trouble = ""
        self._played = True
        self._chimes.play(Chime.START)
        self._chimes.wait()  # the device is the sound process's from here on
        self._notifier.silent_for(FINISH_S)  # a cold start takes a small box its time; counting in ends this
        with closing(StopRequest()) as stop, stop_on_signals(stop, quitting):
            self._stop = stop
            try:
                outcome = play_once(self._config, self._machine, stop, self._show, letter=True, levels=self._levels)
                log.info("played: %s", outcome.as_line())
                trouble = outcome.record.end if outcome.record.failed else ""
            except NotBegunError as error:
                log.info("%s", error)
            except HandDanceError as error:
                trouble = str(error)
            except Exception as error:  # a mistake of ours costs a session, not the box
                log.exception("the session was broken off")
                trouble = f"{type(error).__name__}: {error}"
            finally:
                self._stop = None
                self._notifier.silent_for(0.0)
        self._chimes.play(Chime.FAULT if trouble else Chime.STOP)
        if trouble:
            self._machine.to(State.FAULT, trouble)
            self._machine.to(State.READY)
            self._machine.trouble_is(trouble)  # shown until somebody plays again
        self._forget_presses()

    def _show_state(self, state: State, _reason: str) -> None:
        if state is State.READY:
            self._forget_presses()  # before anybody can see that a press counts again
        self._panel.show(state, trouble=bool(self._machine.trouble))

    def _forget_presses(self) -> None:
        """Pressing start while the last session was finished begins no other one; quit is not forgotten."""
        if not self._played:
            return
        self._played = False
        while not self._events.empty():
            self._quit = self._quit or self._events.get() is PanelEvent.QUIT

    def _pressed(self, event: PanelEvent) -> None:
        """Take a press, from a thread of the panel's."""
        if event in (PanelEvent.LOUDER, PanelEvent.SOFTER):
            volume_db = self._levels.change("master_db", STEP_DB if event is PanelEvent.LOUDER else -STEP_DB)
            log.info("volume: %+.0f dB", volume_db)
            return
        stop = self._stop
        if stop is not None and event is not PanelEvent.START:
            stop.request("stop was pressed")
        if event is not PanelEvent.STOP:
            self._events.put(event)

    def _show(self, _moment: Moment, _song: Song | None) -> None:
        """While a session runs, its loop is the sign of life."""
        self._notifier.alive()

    def _tell(self, state: State, reason: str) -> None:
        said = f"{state}: {reason}" if reason else str(state)
        (log.error if state is State.FAULT or self._machine.trouble else log.info)("%s", said)
        self._notifier.status(said)
        self._notifier.silent_for(FINISH_S if state is State.FINISHING else 0.0)  # a report is one long step
