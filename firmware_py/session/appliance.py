"""The appliance: ready, a session when the start button is pressed, ready again; until told to end.

Whatever goes wrong in a session is shown and logged, and the box is ready for the next one.
"""

import logging
import math
import os
import queue
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Final

from firmware_py.archive.space import space_of
from firmware_py.box.outcome import taken_back
from firmware_py.box.wishes import Wish, ask
from firmware_py.config import Config, PanelSettings
from firmware_py.errors import HandDanceError, NotBegunError, SessionFolderError, WishError
from firmware_py.music.song import Song
from firmware_py.panel.open_panel import open_panel
from firmware_py.panel.panel import OnEvent, Panel, PanelEvent, Panels
from firmware_py.post.retention import delete_delivered
from firmware_py.session.addresses import Addresses
from firmware_py.session.backing_ahead import BackingAhead
from firmware_py.session.codes import Codes
from firmware_py.session.dating import date_right, read_clocks
from firmware_py.session.finish import complete_unfinished
from firmware_py.session.last_good import keep_as_last_good
from firmware_py.session.letter_watch import LetterWatch
from firmware_py.session.levels import STEP_DB, Levels
from firmware_py.session.lock import only_one
from firmware_py.session.machine import StateMachine
from firmware_py.session.moment import Moment
from firmware_py.session.networks import read_network
from firmware_py.session.notify import Notifier
from firmware_py.session.outcome import Outcome
from firmware_py.session.play import play_once
from firmware_py.session.selection import Selection
from firmware_py.session.stopping import StopRequest, stop_on_signals
from firmware_py.session.waiting_sight import END_S, WaitingSight
from firmware_py.sight.plan import SightPlan
from firmware_py.sound.chimes import Chime, Chimes
from firmware_py.sound.speech import OFF, Speech
from firmware_py.state import State

log: Final = logging.getLogger(__name__)
LISTEN_S: Final = 0.25  # between signs of life while nobody plays, and at most from a code to what it does
TIDY_S: Final = 3600.0  # between looks for recordings that may go
_ENDING: Final = frozenset({PanelEvent.STOP, PanelEvent.QUIT, PanelEvent.SHUT_DOWN})  # a session, where one is played
_WISHES: Final = {PanelEvent.SHUT_DOWN: Wish.POWER_OFF, PanelEvent.RESET_NETWORK: Wish.RESET_NETWORK}
FINISH_S: Final = 120.0  # in which the slowest box makes a report, without a sign of life


def serve(config: Config, complaint: str = "") -> None:
    """Be the box until SIGINT, SIGTERM or a panel's quit.

    complaint: what is wrong in the settings, in place of which the last good ones count; shown until somebody plays.
    So is a state folder that cannot be written: a box that ended there could tell nobody by light and chime; and an
    update that was taken back since the machine started.
    Raises AlreadyRunningError where a session is being played already, UsageError for a pin that is used twice.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(only_one(config.state))
        except SessionFolderError as error:
            complaint = f"{complaint}; {error}" if complaint else str(error)
        if not complaint and not keep_as_last_good(config):
            log.warning("the settings cannot be kept in %s; free some space or mount it writable", config.state)
        Appliance(config, complaint="; ".join(filter(None, (complaint, taken_back())))).run()


class Appliance:
    """The box: its panel, its line to systemd, and the one session at a time.

    opened: opens the panel. on_code: takes the text of a QR code that was held up while nobody played. complaint: what
    is wrong in the settings, shown until somebody plays.
    """

    def __init__(
        self,
        config: Config,
        opened: Callable[[PanelSettings, OnEvent], Panel] = open_panel,
        on_code: Callable[[str], object] | None = None,
        complaint: str = "",
    ) -> None:
        self._config = config
        self._complaint = complaint
        self._events: queue.SimpleQueue[PanelEvent] = queue.SimpleQueue()
        self._stop: StopRequest | None = None
        self._quit = False
        self._played = False  # since the presses were last forgotten
        self._leftovers: Iterator[Outcome] | None = None
        self._notifier = Notifier()
        self._speech = Speech(config.sound.spoken, config.state / "cache")
        self._chimes = Chimes(config.sound, None if config.sound.spoken == OFF else self._speech)
        self._letters = LetterWatch(config)
        self._tidied_s = -math.inf
        self._just_started = True
        self._undated = True  # there may be sessions that began before the clock was set
        self._levels = Levels.of(config.sound)  # of the box: what was changed stays for the next session
        self._selection = Selection(config)
        self._backing = BackingAhead()
        self._machine = StateMachine()
        self._addresses = Addresses(config)
        self._on_code = on_code or Codes([self._addresses.read, read_network], self._answered).act_on
        self._looking = False
        self._sight: WaitingSight | None = None
        if config.camera.codes == "on":
            waiting = SightPlan(
                "", config.camera, state=str(config.state), hands=config.play.players, parent_pid=os.getpid()
            )
            self._sight = WaitingSight(waiting, self._code, self._looks)
        self._panel = opened(config.panel, self._pressed)
        if isinstance(self._panel, Panels) and self._panel.missing:
            self._complaint = f"{complaint}; {self._panel.missing}" if complaint else self._panel.missing

    def run(self) -> None:
        """Serve the panel; while nobody plays, complete what a power cut left."""
        with ExitStack() as stack:
            for part in (self._notifier, self._panel, self._chimes, self._sight):
                if part is not None:
                    stack.enter_context(closing(part))
            quitting = stack.enter_context(closing(StopRequest()))
            self._machine.watch(self._show_state)
            self._machine.watch(self._tell)
            with stop_on_signals(quitting):
                self._machine.to(State.READY)
                self._notifier.ready("ready")
                self._speech.prepare()
                self._say(Chime.READY)
                if self._complaint:
                    self._machine.trouble_is(self._complaint)
                    self._say(Chime.FAULT)
                self._say_if_nearly_full()
                self._leftovers = complete_unfinished(self._config)
                while not (self._quit or quitting.reason):
                    self._notifier.alive()
                    if self._sight:
                        self._sight.attend()
                    self._addresses.tend()
                    try:
                        event = self._events.get(timeout=LISTEN_S)
                    except queue.Empty:
                        self._idle()
                        continue
                    if event is PanelEvent.START:
                        self._session(quitting)
                    else:
                        self._follow(event)
                    self._quit = self._quit or event is PanelEvent.QUIT
                self._notifier.stopping()

    def _idle(self) -> None:
        """Do what can be done while nobody plays, one thing at a time."""
        if self._undated and (now := read_clocks()).is_set | self._just_started:
            self._undated, self._just_started = not now.is_set, False
            if date_right(self._config, now):
                self._leftovers = complete_unfinished(self._config)  # their scores, with the right date
        elif self._leftovers is not None:
            self._complete_one()
        elif time.monotonic() - self._tidied_s > TIDY_S:
            self._tidied_s = time.monotonic()
            delete_delivered(self._config)
        elif news := self._letters.news():
            self._say(news)
        elif self._backing.is_wanted(chosen := self._selection.of(self._config)):
            with self._long_step("rendering a backing ahead"):
                self._backing.render(chosen)

    def _say(self, chime: Chime) -> None:
        """Play a chime, once the one before has been heard."""
        self._notifier.alive()
        self._chimes.play(chime)

    def _say_if_nearly_full(self) -> None:
        try:
            room = space_of(self._config.state)
        except OSError:
            return  # a card that cannot even be asked: the next session says so
        if room.nearly_full:
            log.warning("the card has room for %.0f min of recording; delete sessions that you have", room.seconds / 60)
            self._say(Chime.CARD_NEARLY_FULL)

    @contextmanager
    def _long_step(self, what: str) -> Iterator[None]:
        """Do something without a sign of life meanwhile; a mistake of ours in it costs the step, not the box."""
        self._notifier.silent_for(FINISH_S)
        try:
            yield
        except Exception:
            log.exception("%s was broken off", what)
        finally:
            self._notifier.silent_for(0.0)

    def _follow(self, event: PanelEvent) -> None:
        """Do what was asked for at the panel while nobody plays."""
        self._backing.pressed()
        if event in (PanelEvent.NEXT_SONG, PanelEvent.PREVIOUS_SONG):
            log.info("song: %s", self._selection.turn_song(1 if event is PanelEvent.NEXT_SONG else -1))
        elif event is PanelEvent.NEXT_PATCH:
            log.info("patch: %s", self._selection.turn_patch(1))
        elif event in _WISHES:
            log.info("asked for: %s", _WISHES[event].value)
            try:
                ask(_WISHES[event])
            except WishError as error:
                log.warning("%s", error)
                self._chimes.play(Chime.FAULT)

    def _complete_one(self) -> None:
        """Complete one session that was left unfinished, if there is one."""
        if self._leftovers is None:
            return
        outcome = None
        with self._long_step("completing what was left"):
            outcome = next(self._leftovers, None)
        if outcome is None:
            self._leftovers = None
        else:
            log.info("completed: %s", outcome.as_line())

    def _session(self, quitting: StopRequest) -> None:
        """Play one session; a signal that comes meanwhile ends it and then the box."""
        trouble = ""
        self._played = True
        self._undated = True
        self._chimes.play(Chime.START)
        self._chimes.wait()  # the device is the sound process's from here on
        self._notifier.silent_for(FINISH_S)  # a cold start takes a small box its time; counting in ends this
        with closing(StopRequest()) as stop, stop_on_signals(stop, quitting):
            self._stop = stop
            config = self._addresses.for_session(self._selection.of(self._config))
            wait_s = self._addresses.wait_s(looking=self._looking)
            sight = self._sight.handed_over() if self._sight else None
            try:
                outcome = play_once(
                    config,
                    self._machine,
                    stop,
                    self._show,
                    letter=True,
                    letter_after_s=wait_s,
                    levels=self._levels,
                    sight=sight,
                    recorded=lambda: self._chimes.play(Chime.STOP),
                )
                self._letters.look_now()
                self._addresses.played(outcome.folder)
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
                if sight:
                    sight.stop(END_S)  # it is ended with its session, also with one that was refused
                self._backing.played()
                self._notifier.silent_for(0.0)
        self._say(Chime.FAULT if trouble else Chime.READY)
        if trouble:
            self._machine.to(State.FAULT, trouble)
            self._machine.to(State.READY)
            self._machine.trouble_is(trouble)  # shown until somebody plays again
        self._say_if_nearly_full()
        self._forget_presses()

    def _show_state(self, state: State, _reason: str) -> None:
        if state is State.READY:
            self._forget_presses()  # before anybody can see that a press counts again
        self._show_panel(state)

    def _show_panel(self, state: State) -> None:
        self._panel.show(state, trouble=bool(self._machine.trouble), looking=self._looking)

    def _looks(self, looking: bool) -> None:
        """Show whether the camera looks while nobody plays: it does not do so in secret."""
        self._looking = looking
        if self._machine.state is State.READY:
            self._show_panel(State.READY)

    def _code(self, text: str) -> None:
        try:
            self._on_code(text)
        except Exception:  # a code is a stranger's text: it cannot end the box
            log.exception("a code could not be followed")

    def _answered(self, followed: bool) -> None:
        """Let whoever held up a code hear whether it was good."""
        self._chimes.play(Chime.TAKEN if followed else Chime.FAULT)

    def _forget_presses(self) -> None:
        """Pressing start while the last session was finished begins no other; quit and shutdown are not forgotten."""
        if not self._played:
            return
        self._played = False
        shut_down = False
        while not self._events.empty():
            event = self._events.get()
            self._quit = self._quit or event is PanelEvent.QUIT
            shut_down = shut_down or event is PanelEvent.SHUT_DOWN
        if shut_down:
            self._events.put(PanelEvent.SHUT_DOWN)

    def _pressed(self, event: PanelEvent) -> None:
        """Take a press, from a thread of the panel's."""
        if event in (PanelEvent.LOUDER, PanelEvent.SOFTER):
            volume_db = self._levels.change("master_db", STEP_DB if event is PanelEvent.LOUDER else -STEP_DB)
            log.info("volume: %+.0f dB", volume_db)
            return
        stop = self._stop
        if stop is not None and event in _ENDING:
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
