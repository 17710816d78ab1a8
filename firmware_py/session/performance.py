"""One performance: from two started processes to the last block on the tape.

The supervisor's loop waits on descriptors (the children's output, the wish to stop) and a short tick; it restarts
what died or hangs, notes the gap, and decides when the session ends. It makes no sound and sees no frame.
"""

import math
import selectors
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from firmware_py.archive.library import delete_session
from firmware_py.archive.session_folder import SessionFolder, SessionRecord
from firmware_py.errors import ChildFailedError, NotBegunError, SessionFolderError
from firmware_py.hand_sample import HAND_SAMPLE
from firmware_py.lanes import CONTROL, STATUS, STATUS_DEVICE_LOST, STATUS_ENDED, STATUS_READY, Lanes
from firmware_py.session.child import Child, Death, Event
from firmware_py.session.count_in import CountIn
from firmware_py.session.counters import counted
from firmware_py.session.delay_follow import DelayFollower
from firmware_py.session.gaps import true_gaps
from firmware_py.session.levels import Levels
from firmware_py.session.machine import StateMachine
from firmware_py.session.microphone import SessionMicrophone
from firmware_py.session.moment import Moment
from firmware_py.session.outages import Outages
from firmware_py.session.plan import SessionPlan
from firmware_py.session.stopping import StopRequest
from firmware_py.session.troubles import Troubles
from firmware_py.sound.recorder import Recorder
from firmware_py.state import State

TICK_S: Final = 0.02
READY_WITHIN_S: Final = 60.0  # the first time on a small machine, models are loaded and hands are drawn
WARM_WITHIN_S: Final = 20.0  # a process that waited for its plan is given less; then it is started anew
HUNG_NS: Final = 2_000_000_000  # without a sign of life in real time
ENDED_WITHIN_S: Final = 5.0
LEAD_NS: Final = 150_000_000  # from the decision to begin to the first frame of the recording
MICROPHONE_LATE_S: Final = 0.3  # its last frames are waited for so long
DEVICE_LOST: Final = "the sound device is gone and is being looked for; plug it in again"
FADE_S: Final = 0.1  # from the wish to stop to the last frame of the recording
VIRTUAL_T0_NS: Final = 1_000_000_000


class Performance:
    """Runs one session over lanes and children that the caller made; ``run`` returns the finished record."""

    def __init__(
        self,
        plan: SessionPlan,
        lanes: Lanes,
        machine: StateMachine,
        stop: StopRequest,
        show: Callable[[Moment], None],
        levels: Levels,
        sight: Child | None = None,
    ) -> None:
        """levels: told to the sound process as they are, and whenever they change; from any thread.

        sight: a sight process that waits for its plan; None starts one.
        """
        self._plan = plan
        self._lanes = lanes
        self._machine = machine
        self._troubles = Troubles(machine)
        self._outages = Outages()
        self._stop = stop
        self._show = show
        self._waited = sight is not None  # and may have died or hung meanwhile, which nobody saw
        self._sight = sight or Child("sight", "firmware_py.sight", plan.sight.to_json)
        self._sight.plan = plan.sight.to_json
        self._levels, self._levels_told = levels, -1
        self._sound = Child("sound", "firmware_py.sound", lambda: plan.sound.to_json())
        self._count_in = CountIn(plan, lanes)
        self._follower = DelayFollower()
        self._microphone = SessionMicrophone(plan.microphone, Child)
        self._children = [one for one in (self._sight, self._sound, self._microphone.child) if one is not None]
        self._selector = selectors.DefaultSelector()
        self._selector.register(stop, selectors.EVENT_READ)
        self._ready: dict[str, Event] = {}
        self._ready_ns: dict[str, int] = {}
        self._t0_ns = 0
        self._stop_ns = 0
        self._end = ""
        self._fault = ""
        self._recording = False
        self._finishing = False
        self._sight_ended = False

    def run(self, create: Callable[[SessionRecord], SessionFolder]) -> SessionFolder:
        """Play until the end, and return the session's folder with its finished session.json.

        create makes the folder; it is called only when camera and sound are ready, so that what cannot begin leaves
        nothing behind. Raises ChildFailedError when sight or sound cannot begin, SessionFolderError from create.
        """
        self._write_control()  # the levels stand before the first frame, so that nothing fades from another
        try:
            for child in self._children:
                self._start(child)
            self._await_ready()
            folder = create(self._described())
            recorder = self._recorder(folder)
            try:
                recorder.start()
                self._begin(folder)
                self._play(folder)
                self._finishing = True
                self._troubles.to(State.FINISHING, self._end)
                self._await_last_block(recorder)
            except BaseException:
                recorder.finish()  # as long as it was played; the folder is completed at the next start
                raise
            rate_hz = self._plan.record.rate_hz
            recorder.finish(None if recorder.failure else round(self._seconds * rate_hz))
            self._outages.end_all(self._end_of_gap_s())
            self._count_in.keep()
            folder.write_record(
                replace(
                    folder.record(),
                    end=self._end,
                    failed=bool(recorder.shortage or recorder.failure or self._fault),
                    seconds=recorder.frames / rate_hz,
                    gaps=true_gaps(self._outages.gaps, recorder.silences, rate_hz),
                    counters=counted(self._status(), self._lanes.hands.drops, folder),
                )
            )
            return folder
        finally:
            for child in self._children:
                child.stop(2.0)
            self._selector.close()

    def _recorder(self, folder: SessionFolder) -> Recorder:
        """Open the recording; without room for it, the folder goes again."""
        try:
            return Recorder(
                folder,
                tape_audio=self._lanes.tape_audio,
                tape_hands=self._lanes.tape_hands,
                tape_mic=self._lanes.tape_mic if self._microphone.described else None,
                rate_hz=self._plan.record.rate_hz,
                on_failure=self._stop.request,
            )
        except SessionFolderError:
            delete_session(folder)
            raise

    def _start(self, child: Child) -> None:
        self._selector.register(child.start(), selectors.EVENT_READ, child)

    def _await_ready(self) -> None:
        """Wait until both children are ready, the sound device's first slow write included; their refusal is ours."""
        began = time.monotonic()
        limit = began + READY_WITHIN_S
        while not (self._all_ready() and self._count_in.may_begin(time.monotonic())):
            self._listen(TICK_S)
            self._show(Moment(-self._plan.record.song_start_s, math.nan, 0.0))
            if self._stop.reason:
                raise NotBegunError(f"{self._stop.reason} before the session began; nothing was recorded")
            if self._waited and self._sight.name not in self._ready and time.monotonic() > began + WARM_WITHIN_S:
                self._sight.kill()
                limit = began + WARM_WITHIN_S + READY_WITHIN_S
            if time.monotonic() > limit:
                late = ({child.name for child in self._children} - self._ready.keys()) or {"the sound device"}
                raise ChildFailedError(
                    f"{' and '.join(sorted(late))} not ready within {READY_WITHIN_S:.0f} s; "
                    "see the lines above, and try again"
                )

    def _all_ready(self) -> bool:
        wanted = {child.name for child in self._children}
        return wanted <= self._ready.keys() and bool(int(self._status()["flags"]) & STATUS_READY)

    def _described(self) -> SessionRecord:
        """Return session.json as it is known now that camera and sound are."""
        audio, calibrated = self._ready["sound"]["output"], self._plan.calibrated
        return replace(
            self._plan.record,
            camera=self._ready["sight"]["camera"],
            audio=audio,
            microphone=self._microphone.described,
            device_delay_s=calibrated.beyond_s_of(audio) if calibrated else 0.0,
        )

    def _begin(self, folder: SessionFolder) -> None:
        """Decide the first instant of the recording and, where it is known, the last; from here on nothing is lost.

        The children are told before the disk is: a slow card must not eat the beginning.
        """
        plan = self._plan
        self._troubles.to(State.COUNTING_IN)
        self._t0_ns = time.monotonic_ns() + LEAD_NS if plan.realtime else VIRTUAL_T0_NS
        if plan.seconds:
            self._end_at(plan.seconds, "the time set was over")
        elif not plan.scripted and plan.song:
            self._end_at(plan.song_end_s, "the song ended")
        self._recording = True
        self._count_in.step(0.0, self._t0_ns)  # without a count-in, D is decided now
        self._write_control()
        folder.update(t0_ns=self._t0_ns, **self._count_in.news())

    def _end_at(self, seconds: float, reason: str) -> None:
        """Let the recording end there, unless it ends before."""
        stop_ns = self._t0_ns + round(seconds * 1e9)
        if not self._stop_ns or stop_ns < self._stop_ns:
            self._stop_ns, self._end = stop_ns, reason

    @property
    def _seconds(self) -> float:
        """Length of the recording, once its end is decided."""
        return (self._stop_ns - self._t0_ns) / 1e9

    def _play(self, folder: SessionFolder) -> None:
        """Loop until the last instant is over, the tape cannot be written, or somebody asks for the end."""
        while True:
            self._listen(TICK_S)
            if self._levels.changes != self._levels_told:
                self._write_control()
            status = self._status()
            self._end_what_hangs(int(status["t_ns"]))
            seconds = int(status["frames"]) / self._plan.record.rate_hz
            decided = self._count_in.step(seconds, self._t0_ns)
            moved = self._follower.step(seconds, self._count_in.delay_s, status)
            if decided or moved:
                self._write_control()
            news = self._count_in.news() | ({"delay_moves": self._follower.moves} if moved else {})
            if news:  # the sound knows it before the disk does
                folder.update(**news)
            if self._machine.state is State.COUNTING_IN and seconds >= self._plan.record.song_start_s:
                self._troubles.to(State.PLAYING)
            self._troubles.say("sound", DEVICE_LOST if int(status["flags"]) & STATUS_DEVICE_LOST else "")
            self._show(
                Moment(
                    seconds - self._plan.record.song_start_s,
                    float(status["pitch"]),
                    float(status["level"]),
                    self._count_in.words(seconds),
                    self._delay_s,
                )
            )
            if int(status["flags"]) & STATUS_ENDED:
                return
            if asked := self._stop.reason or self._fault:
                self._end_at(seconds + FADE_S, asked)
                self._write_control()
                return

    def _await_last_block(self, recorder: Recorder) -> None:
        limit = time.monotonic() + ENDED_WITHIN_S
        while self._sound.running and not int(self._status()["flags"]) & STATUS_ENDED and time.monotonic() < limit:
            self._listen(TICK_S)
        frames, limit = round(self._seconds * self._plan.record.rate_hz), time.monotonic() + MICROPHONE_LATE_S
        while recorder.microphone_frames < min(frames, recorder.frames) and time.monotonic() < limit:
            self._listen(TICK_S)
        self._sight.stop(2.0)

    def _listen(self, timeout_s: float) -> None:
        """Wait for the children's events or deaths, or the wish to stop."""
        for key, _ in self._selector.select(max(0.0, timeout_s)):
            child = key.data
            if child is None:
                self._selector.unregister(key.fileobj)
                continue
            events, death = child.events()
            for event in events:
                self._heard(child, event)
            if death is not None:
                self._selector.unregister(key.fd)
                self._died(child, death)

    def _heard(self, child: Child, event: Event) -> None:
        match event["event"]:
            case "ready":
                self._ready[child.name] = event
                self._ready_ns[child.name] = time.monotonic_ns()
                self._outages.end(child.name, self._end_of_gap_s())
                if child is not self._sound:  # a new process looks anew, and tells anew what is lost
                    self._troubles.say(child.name, "")
                if child is self._sight:
                    self._troubles.say("picture", "")
                    if event.get("by_colour"):
                        self._count_in.ask_for_hand()
                if child is self._microphone.child:
                    self._microphone.is_ready(event)
            case "picture":
                self._troubles.say("picture", event["message"])
            case "lost":
                self._troubles.say(child.name, event["message"])
                if child is self._microphone.child and self._recording:
                    self._outages.begin(child.name, self._now_s(), event["message"].partition(";")[0])
            case "back":
                self._troubles.say(child.name, "")
                if child is self._microphone.child:
                    self._outages.end(child.name, self._end_of_gap_s())
            case "ended":
                self._sight_ended = True
                self._end_at(self._seen_s(), "the clip ended")
                self._write_control()
            case "failed" if self._recording and child is self._microphone.child:
                self._troubles.say(child.name, event["message"])
            case "failed":
                self._give_up(event["message"], event["exit"])

    def _died(self, child: Child, death: Death) -> None:
        """Start it again, unless it ended because it was done."""
        if child is self._sight and self._sight_ended and death.status == 0:
            return
        if child is self._sound and int(self._status()["flags"]) & STATUS_ENDED:
            return
        if child is self._microphone.child and not self._microphone.is_missed(death, recording=self._recording):
            self._ready.setdefault(child.name, {})
            return
        if child is self._sight and self._waited and child.name not in self._ready:
            self._waited = False
            self._start(child)
            return
        if not self._recording:
            raise ChildFailedError(
                f"{child.name} {death.reason} before the session began; see the lines above, and try again"
            )
        self._outages.begin(child.name, self._now_s(), death.reason)
        if self._finishing or self._fault:
            return
        if child.hopeless and child is self._microphone.child:
            self._troubles.say(
                child.name, f"the microphone {death.reason} again and again; the session goes on without it"
            )
            return
        if child.hopeless:
            self._give_up(f"{child.name} {death.reason} again and again; see the lines above")
            return
        try:
            self._start(child)
        except ChildFailedError as error:
            self._give_up(str(error))

    def _end_what_hangs(self, sound_told_ns: int) -> None:
        """Kill a process that lives but has given no sign of it for too long; its death is dealt with as any other.

        In real time only: a process that works as fast as it can may wait for the other as long as it likes.
        """
        if not self._plan.realtime:
            return
        told = {self._sound: sound_told_ns, self._sight: self._lanes.hands.producer_heartbeat_ns}
        if self._microphone.child and self._microphone.described:
            told[self._microphone.child] = self._lanes.tape_mic.producer_heartbeat_ns
        now_ns = time.monotonic_ns()
        for child, told_ns in told.items():
            if not child.running or (child is self._sight and self._sight_ended):
                continue
            if child.name in self._outages:  # started anew, and not ready yet
                hangs = now_ns - max(child.started_ns, told_ns) > READY_WITHIN_S * 1e9
            else:
                hangs = now_ns - max(told_ns, self._ready_ns[child.name]) > HUNG_NS
            if hangs:
                child.kill()

    def _give_up(self, message: str, exit_code: int = 1) -> None:
        """Refuse to begin; once the recording runs, end it in order instead, so that nothing recorded is lost."""
        if not self._recording:
            raise ChildFailedError(message, exit_code)
        self._fault = self._fault or message

    def _now_s(self) -> float:
        """Seconds from the first frame of the recording, by the clock the session runs on."""
        if self._plan.realtime:
            return (time.monotonic_ns() - self._t0_ns) / 1e9
        return self._seen_s()

    def _seen_s(self) -> float:
        """Seconds from the first frame of the recording to the latest hand sample."""
        latest = np.frombuffer(self._lanes.latest.read(), HAND_SAMPLE)[0]
        return max(0.0, (int(latest["t_capture_ns"]) - self._t0_ns) / 1e9)

    def _end_of_gap_s(self) -> float:
        """Return when a gap that ends now ends: with the recording at the latest."""
        return min(self._now_s(), self._seconds) if self._finishing else self._now_s()

    def _write_control(self) -> None:
        control = np.zeros((), CONTROL)
        control["t0_ns"], control["stop_ns"] = self._t0_ns, self._stop_ns
        if self._plan.calibrated and self._recording:
            control["room_delay_us"] = round(self._plan.calibrated.beyond_s_of(self._ready["sound"]["output"]) * 1e6)
        self._levels_told = self._levels.changes
        for field, value in {**self._levels.now_db(), **self._count_in.control}.items():
            control[field] = value
        control["delay_us"] = round((self._delay_s or 0.0) * 1e6)
        self._lanes.control.write(control)

    @property
    def _delay_s(self) -> float | None:
        """D as it is now, once it is decided."""
        decided_s = self._count_in.delay_s
        return None if decided_s is None else self._follower.delay_s(decided_s)

    def _status(self) -> np.void:
        status: np.void = np.frombuffer(self._lanes.status.read(), STATUS)[0]
        return status
