"""The appliance: ready, a session when the start button is pressed, ready again; until told to end.

Whatever goes wrong in a session is shown and logged, and the box is ready for the next one.
"""

import logging
import os
import queue
import sys
from contextlib import ExitStack
from typing import Final

from firmware_py.config import Config
from firmware_py.errors import HandDanceError
from firmware_py.music.song import Song
from firmware_py.panel.open_panel import open_panel
from firmware_py.panel.panel import PanelEvent
from firmware_py.session.finish import Letter, complete_unfinished
from firmware_py.session.lock import only_one
from firmware_py.session.machine import StateMachine
from firmware_py.session.notify import Notifier
from firmware_py.session.performance import Moment
from firmware_py.session.play import play_once
from firmware_py.session.stopping import StopRequest, stop_on_signals
from firmware_py.sound.chimes import Chime, Chimes
from firmware_py.state import State

log: Final = logging.getLogger(__name__)
LISTEN_S: Final = 1.0  # between signs of life while nobody plays


def serve(config: Config) -> None:
    """Be the box until SIGINT, SIGTERM or a panel's quit.

    Raises AlreadyRunningError where a session is being played already, SessionFolderError without a state folder,
    UsageError for a pin that is used twice.
    """
    with only_one(config.state), ExitStack() as stack:
        Appliance(config, stack).run()


class Appliance:
    """The box: its panel, its line to systemd, and the one session at a time."""

    def __init__(self, config: Config, stack: ExitStack) -> None:
        self._config = config
        self._events: queue.SimpleQueue[PanelEvent] = queue.SimpleQueue()
        self._stop: StopRequest | None = None
        self._quit = False
        self._notifier = Notifier()
        self._chimes = Chimes(config.sound)
        stack.callback(self._chimes.wait)
        panel = open_panel(config.panel, self._pressed)
        stack.callback(panel.close)
        self._machine = StateMachine()
        self._machine.watch(lambda state, _reason: panel.show(state, trouble=bool(self._machine.trouble)))
        self._machine.watch(self._tell)

    def run(self) -> None:
        """Complete what a power cut left, then serve the panel."""
        quit_request = StopRequest()
        with stop_on_signals(quit_request):
            for outcome in complete_unfinished(self._config, Letter.QUEUE):
                log.info("completed: %s", outcome.as_line())
            self._machine.to(State.READY)
            self._notifier.ready("ready")
            self._chimes.play(Chime.READY)
            while not (self._quit or quit_request.reason):
                self._notifier.alive()
                try:
                    event = self._events.get(timeout=LISTEN_S)
                except queue.Empty:
                    continue
                if event is PanelEvent.START:
                    self._session(quit_request)
                self._quit = self._quit or event is PanelEvent.QUIT
        quit_request.close()

    def _session(self, stop: StopRequest) -> None:
        """Play one session; a wish to quit that comes meanwhile ends it too."""
        self._stop = StopRequest()
        self._chimes.play(Chime.START)
        self._chimes.wait()  # the device is the sound process's from here on
        try:
            with stop_on_signals(self._stop):
                outcome = play_once(self._config, self._machine, self._stop, self._show, Letter.QUEUE)
            log.info("played: %s", outcome.as_line())
            self._chimes.play(Chime.FAULT if self._stop.fault else Chime.STOP)
        except HandDanceError as error:
            self._chimes.play(Chime.FAULT)
            self._machine.to(State.FAULT, str(error))
            self._machine.to(State.READY)
        finally:
            ended, self._stop = self._stop, None
            if ended.reason.startswith("stopped by SIG"):
                stop.request(ended.reason)
            ended.close()
            self._forget_presses()

    def _forget_presses(self) -> None:
        """Pressing start while the last session was finished begins no other one; quit is not forgotten."""
        while not self._events.empty():
            self._quit = self._quit or self._events.get() is PanelEvent.QUIT

    def _pressed(self, event: PanelEvent) -> None:
        """Take a press, from a thread of the panel's."""
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


def log_to_where_it_is_read() -> None:
    """Log to the journal under systemd, with its fields, else to standard error."""
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if os.environ.get("JOURNAL_STREAM"):
        try:
            from systemd.journal import JournalHandler
        except ImportError:
            log.debug("systemd-python is not installed; the log goes to standard error")
        else:
            handler = JournalHandler(SYSLOG_IDENTIFIER="hand-dance")
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[handler])
