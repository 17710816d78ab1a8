"""The supervisor's loop, with puppets for sight and sound: who decides what, in which order, and what is noted.

Real processes, and real deaths, are in ``faults``.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from firmware_py.archive.session_folder import SessionFolder, SessionRecord
from firmware_py.config import CameraSettings, Config, PathSettings, PlaySettings, SoundSettings
from firmware_py.errors import ChildFailedError, NotBegunError, SessionFolderError
from firmware_py.hand_sample import HAND_SAMPLE
from firmware_py.lanes import (
    BLOCK_FRAMES,
    CONTROL,
    MIC_BLOCK,
    MIC_FRAMES,
    STATUS,
    STATUS_DEVICE_LOST,
    STATUS_ENDED,
    STATUS_READY,
    TAPE_BLOCK,
    Lanes,
)
from firmware_py.music.delay import DelayMove
from firmware_py.session import performance
from firmware_py.session.child import Death, Event
from firmware_py.session.count_in import SHOW_HAND
from firmware_py.session.levels import Levels
from firmware_py.session.machine import StateMachine
from firmware_py.session.moment import Moment
from firmware_py.session.performance import Performance
from firmware_py.session.plan import plan_session
from firmware_py.session.stopping import StopRequest
from firmware_py.sound.microphone import MicrophonePlan
from firmware_py.state import State

RATE_HZ = 48_000
READY = {
    "sight": {"event": "ready", "camera": "a puppet"},
    "sound": {"event": "ready", "output": "another"},
    "microphone": {"event": "ready", "microphone": "ALSA mic, 48000 Hz", "device": "mic"},
}


class Puppet:
    """Stands for a child process; what it tells, and when it dies, is the test's to say."""

    def __init__(self, name: str, _module: str, plan: Callable[[], str]) -> None:
        self.name = name
        self.plan = plan
        self.starts = 0
        self.running = False
        self.hopeless = False
        self.started_ns = 0
        self.tells_at_start: list[Event] = [READY[name]]
        self._told: list[Event] = []
        self._death: Death | None = None
        self._reader = self._writer = -1

    def start(self) -> int:
        self._reader, self._writer = os.pipe()
        self.starts += 1
        self.running = True
        for event in self.tells_at_start:
            self.tell(event)
        return self._reader

    def tell(self, event: Event) -> None:
        self._told.append(event)
        os.write(self._writer, b".")

    def die(self, status: int = -9) -> None:
        self._death = Death(status, 0)
        os.write(self._writer, b".")

    def events(self) -> tuple[list[Event], Death | None]:
        os.read(self._reader, 1000)
        told, self._told = self._told, []
        death, self._death = self._death, None
        if death:
            self._close()
        return told, death

    def kill(self) -> None:
        self.die()

    def stop(self, _within_s: float) -> None:
        if self.running:
            self._close()

    def _close(self) -> None:
        self.running = False
        os.close(self._reader)
        os.close(self._writer)


class Stage:
    """A performance over real lanes and a real folder; ``then`` says what happens at each tick of its loop."""

    def __init__(self, state: Path, lanes: Lanes) -> None:
        self.lanes = lanes
        self.stop = StopRequest()
        self.heard: list[tuple[State, str]] = []
        self.words: list[str] = []
        self._taped = 0
        self.machine = StateMachine(self._told)
        self.machine.to(State.READY)
        self.sessions = state / "sessions"
        self.steps: Iterator[Callable[[], Any]] = iter(())
        config = Config(
            paths=PathSettings(state=str(state)),
            camera=CameraSettings(source="ghost"),
            sound=SoundSettings(audio="offline"),
            play=PlaySettings(song="free"),
        )
        self.plan = plan_session(config, "unused")
        self.children: dict[str, Puppet] = {}
        self.levels = Levels({})

    def child(self, name: str, module: str, plan: Callable[[], str]) -> Puppet:
        self.children[name] = Puppet(name, module, plan)
        return self.children[name]

    def hears(self, spec: str = "auto") -> None:
        """Let the session have a microphone."""
        self.plan = replace(self.plan, microphone=MicrophonePlan("unused", spec))

    def room_to(self, seconds: float) -> None:
        """Put blocks of the room on the tape up to there, in one go."""
        tape = self.lanes.tape_mic
        tape.open_producer()
        for first in range(0, round(seconds * RATE_HZ), MIC_FRAMES):
            block = np.zeros((), MIC_BLOCK)
            block["first_frame"], block["frames"], block["samples"] = first, MIC_FRAMES, -1000
            assert tape.push(block.tobytes())

    def wanted(self) -> np.void:
        """The control cell."""
        control: np.void = np.frombuffer(self.lanes.control.read(), CONTROL)[0]
        return control

    def performance(self, sight: Puppet | None = None) -> Performance:
        return Performance(self.plan, self.lanes, self.machine, self.stop, self._tick, self.levels, sight)

    def perform(self, *steps: Callable[[], Any]) -> SessionFolder:
        self.steps = iter(steps)
        return self.performance().run(self.create)

    def create(self, record: SessionRecord) -> SessionFolder:
        return SessionFolder.create(self.sessions, record)

    @property
    def folders(self) -> list[Path]:
        return sorted(self.sessions.glob("*"))

    def _tick(self, moment: Moment) -> None:
        self.words.append(moment.words)
        next(self.steps, lambda: None)()

    def status(self, flags: int = STATUS_READY, seconds: float = 0.0, periods: int = 3) -> None:
        status = np.zeros((), STATUS)
        status["flags"], status["frames"] = flags, round(seconds * RATE_HZ)
        status["rate_hz"], status["period_frames"], status["periods"] = RATE_HZ, 128, periods
        self.lanes.status.write(status)

    def sound_to(self, seconds: float) -> None:
        """Put blocks of sound on the tape up to there, and say so."""
        tape = self.lanes.tape_audio
        if not self._taped:
            tape.open_producer()
        while self._taped < seconds * RATE_HZ:
            block = np.zeros((), TAPE_BLOCK)
            block["first_frame"], block["frames"], block["samples"] = self._taped, BLOCK_FRAMES, 1000
            assert tape.push(block.tobytes())
            self._taped += BLOCK_FRAMES
        self.status(seconds=seconds)

    def _told(self, state: State, _reason: str) -> None:
        self.heard.append((state, self.machine.trouble))
        if state is State.FINISHING and self.children["sound"].running:
            self.status(STATUS_READY | STATUS_ENDED, seconds=self._taped / RATE_HZ)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with closing(Lanes.create(f"test-performance-{os.getpid()}")) as lanes:
        made = Stage(tmp_path, lanes)
        monkeypatch.setattr(performance, "Child", made.child)
        yield made
        made.stop.close()


def test_a_session_that_is_stopped_is_as_long_as_it_says_and_has_its_reason(stage: Stage) -> None:
    folder = stage.perform(
        stage.status,
        lambda: stage.sound_to(0.5),
        lambda: stage.stop.request("stop was pressed"),
        lambda: None,
    )
    record = folder.record()
    assert (record.end, record.failed, record.gaps, record.camera, record.audio) == (
        "stop was pressed",
        False,
        (),
        "a puppet",
        "another",
    )
    assert record.t0_ns == performance.VIRTUAL_T0_NS
    info = soundfile.info(folder.file(SessionFolder.SOUND))
    assert info.frames == round(record.seconds * RATE_HZ) == round((0.5 + performance.FADE_S) * RATE_HZ)
    assert [state for state, _ in stage.heard] == [State.READY, State.COUNTING_IN, State.PLAYING, State.FINISHING]


@pytest.mark.parametrize("name", ["sight", "sound"])
def test_a_process_that_dies_before_the_session_refuses_it_and_leaves_nothing(stage: Stage, name: str) -> None:
    with pytest.raises(ChildFailedError, match=f"{name} killed by SIGKILL before the session began"):
        stage.perform(lambda: stage.children[name].die(), lambda: pytest.fail("it went on"))
    assert stage.folders == []
    assert not any(child.running for child in stage.children.values())


@pytest.mark.parametrize("dies", [True, False], ids=["died", "hangs"])
def test_a_sight_process_that_died_or_hung_while_it_waited_is_started_anew_for_the_session(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, dies: bool
) -> None:
    monkeypatch.setattr(performance, "WARM_WITHIN_S", 0.1)
    sight = stage.child("sight", "", str)
    sight.tells_at_start = []

    def comes_to_nothing() -> None:
        sight.tells_at_start = [READY["sight"]]
        if dies:
            sight.die()

    def waits() -> None:
        stage.steps = iter([waits] if sight.starts < 2 else played)

    played = [stage.status, lambda: stage.sound_to(0.3), lambda: stage.stop.request("stop was pressed")]
    stage.steps = iter([comes_to_nothing, waits])
    folder = stage.performance(sight).run(stage.create)
    assert sight.starts == 2
    assert (folder.record().end, folder.record().failed) == ("stop was pressed", False)


def test_a_refusal_of_a_process_carries_its_sentence_and_exit_code(stage: Stage) -> None:
    def refuse() -> None:
        stage.children["sight"].tell({"event": "failed", "message": "no such camera", "exit": 2})

    with pytest.raises(ChildFailedError, match="no such camera") as refused:
        stage.perform(refuse)
    assert refused.value.exit_code == 2
    assert stage.folders == []


def test_a_stop_before_the_beginning_is_no_failure_of_a_process_and_leaves_nothing(stage: Stage) -> None:
    with pytest.raises(NotBegunError, match="stop was pressed before the session began"):
        stage.perform(lambda: stage.stop.request("stop was pressed"))
    assert stage.folders == []


def test_a_process_that_gives_up_in_mid_session_ends_it_in_order_and_as_a_failure(stage: Stage) -> None:
    def give_up() -> None:
        stage.children["sound"].tell({"event": "failed", "message": "the device burnt down", "exit": 1})
        stage.children["sound"].die(1)

    folder = stage.perform(stage.status, lambda: stage.sound_to(0.5), give_up)
    record = folder.record()
    assert (record.end, record.failed) == ("the device burnt down", True)
    assert stage.children["sound"].starts == 1, "it was started again though it had given up"
    assert record.seconds == pytest.approx(0.6)
    assert all(0 <= gap.start_s < gap.end_s <= record.seconds for gap in record.gaps)


def test_both_dying_at_once_are_both_started_again_and_the_session_goes_on(stage: Stage) -> None:
    def die() -> None:
        for child in stage.children.values():
            child.die()

    folder = stage.perform(
        stage.status,
        lambda: stage.sound_to(0.5),
        die,
        lambda: None,
        lambda: stage.sound_to(1.0),
        lambda: stage.stop.request("enough"),
    )
    assert [child.starts for child in stage.children.values()] == [2, 2]
    assert folder.record().end == "enough"
    assert not folder.record().failed


def test_one_that_dies_again_and_again_ends_the_session_and_its_gap_ends_with_the_recording(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.plan = replace(stage.plan, realtime=True)
    clock = {"ns": 10**15}

    def monotonic_ns() -> int:
        clock["ns"] += 1_000_000
        return clock["ns"]

    monkeypatch.setattr(performance.time, "monotonic_ns", monotonic_ns)

    def sound() -> None:
        clock["ns"] += 500_000_000
        stage.sound_to(0.7)

    def die_for_good() -> None:
        stage.children["sound"].hopeless = True
        stage.children["sound"].die(1)
        clock["ns"] += 100_000_000

    folder = stage.perform(stage.status, sound, die_for_good)
    record = folder.record()
    assert record.failed
    assert "sound exited with 1 again and again" in record.end
    (gap,) = record.gaps
    assert gap.process == "sound"
    assert 0 <= gap.start_s < gap.end_s <= record.seconds


def test_a_buffer_made_longer_in_mid_session_moves_the_delay_and_is_kept_in_the_record(stage: Stage) -> None:
    stage.plan = replace(stage.plan, tells_delay=True)
    before_us = round(stage.plan.record.delay_s * 1e6)
    told: list[int] = []

    def look() -> None:
        told.append(int(stage.wanted()["delay_us"]))

    def longer(seconds: float, periods: int) -> Callable[[], None]:
        return lambda: stage.status(seconds=seconds, periods=periods)

    folder = stage.perform(
        stage.status,
        lambda: stage.sound_to(0.5),
        longer(0.5, 3),
        look,
        longer(0.75, 4),
        lambda: None,
        look,
        longer(0.9, 3),  # a sound process that was started anew
        lambda: None,
        look,
        lambda: stage.stop.request("enough"),
    )
    assert told == [before_us, before_us + 2667, before_us + 2667]
    assert folder.record().delay_moves == (DelayMove(0.75, before_us / 1e6, (before_us + 2667) / 1e6),)
    assert folder.record().delay_s == before_us / 1e6


def test_a_mistake_in_the_loop_leaves_a_recording_as_long_as_what_was_played(stage: Stage) -> None:
    stage.plan = replace(stage.plan, seconds=3600.0)

    def mistake() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stage.perform(stage.status, lambda: stage.sound_to(0.5), mistake)
    (path,) = stage.folders
    folder = SessionFolder(path)
    assert soundfile.info(folder.file(SessionFolder.SOUND)).duration == pytest.approx(0.5, abs=0.01)
    assert (folder.record().end, folder.unfinished) == ("", True)
    assert not any(child.running for child in stage.children.values())


def test_a_folder_that_cannot_be_made_ends_both_processes(stage: Stage) -> None:
    stage.sessions.write_text("no folder")
    with pytest.raises(SessionFolderError, match="cannot be written"):
        stage.perform(stage.status)
    assert not any(child.running for child in stage.children.values())


def test_the_recording_begins_after_its_folder_is_on_the_disk_however_slow_that_is(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.plan = replace(stage.plan, realtime=True)
    now_ns = performance.time.monotonic_ns()
    clock = {"ns": now_ns}
    monkeypatch.setattr(performance.time, "monotonic_ns", lambda: clock["ns"])

    def slow(record: SessionRecord) -> SessionFolder:
        clock["ns"] += 1_800_000_000
        return SessionFolder.create(stage.sessions, record)

    stage.steps = iter([stage.status, lambda: stage.sound_to(0.1), lambda: stage.stop.request("enough")])
    folder = stage.performance().run(slow)
    assert folder.record().t0_ns == clock["ns"] + performance.LEAD_NS


def test_what_is_missing_is_told_until_it_is_back_through_every_state(stage: Stage) -> None:
    lost = {"event": "lost", "message": "no picture"}
    stage.perform(
        stage.status,
        lambda: stage.children["sight"].tell(lost),
        lambda: stage.status(STATUS_READY | STATUS_DEVICE_LOST),
        lambda: stage.sound_to(0.1),
        lambda: stage.children["sight"].tell({"event": "back"}),
        lambda: stage.stop.request("enough"),
    )
    both = f"no picture; {performance.DEVICE_LOST}"
    assert [trouble for _, trouble in stage.heard][-5:] == ["no picture", both, "no picture", "", ""]


def test_a_sight_process_that_died_while_its_camera_was_lost_leaves_no_trouble_behind(stage: Stage) -> None:
    stage.perform(
        stage.status,
        lambda: stage.children["sight"].tell({"event": "lost", "message": "no picture"}),
        lambda: stage.sound_to(0.1),
        lambda: stage.children["sight"].die(),
        lambda: None,
        lambda: None,
        lambda: stage.stop.request("enough"),
    )
    assert stage.heard[-2][1] == ""


def test_a_camera_that_was_lost_before_the_beginning_is_still_lost_while_playing(stage: Stage) -> None:
    stage.perform(
        lambda: stage.children["sight"].tell({"event": "lost", "message": "no picture"}),
        stage.status,
        lambda: None,
        lambda: stage.sound_to(0.1),
        lambda: stage.stop.request("enough"),
    )
    last = dict(stage.heard)
    assert (last[State.COUNTING_IN], last[State.PLAYING], last[State.FINISHING]) == ("no picture", "no picture", "")


def test_a_picture_that_cannot_show_a_hand_is_told_until_it_can_or_a_new_process_looks(stage: Stage) -> None:
    dark = {"event": "picture", "message": "too dark"}
    stage.perform(
        stage.status,
        lambda: stage.children["sight"].tell(dark),
        lambda: stage.sound_to(0.1),
        lambda: stage.children["sight"].tell({"event": "picture", "message": ""}),
        lambda: stage.children["sight"].tell(dark),
        lambda: stage.children["sight"].die(),
        lambda: None,
        lambda: None,
        lambda: stage.stop.request("enough"),
    )
    troubles = [trouble for _, trouble in stage.heard]
    assert troubles.count("too dark") >= 2
    assert troubles[-2] == ""


@pytest.mark.parametrize("by_colour", [True, False])
def test_an_eye_that_must_be_shown_the_hand_has_it_asked_for_while_counting_in(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, by_colour: bool
) -> None:
    monkeypatch.setitem(READY, "sight", READY["sight"] | {"by_colour": by_colour})
    stage.plan = replace(stage.plan, record=replace(stage.plan.record, song_start_s=1.0))
    stage.perform(
        stage.status,
        lambda: stage.sound_to(0.5),
        lambda: stage.sound_to(1.5),
        lambda: stage.stop.request("stop was pressed"),
        lambda: None,
    )
    assert (SHOW_HAND in stage.words) is by_colour
    assert stage.words[-1] == ""


def test_a_level_that_is_changed_while_somebody_plays_is_told_at_the_next_tick(stage: Stage) -> None:
    heard: list[float] = []
    stage.levels.set("backing_db", -4.0)
    stage.perform(
        stage.status,
        lambda: heard.append(float(stage.wanted()["backing_db"])),
        lambda: stage.levels.change("master_db", -6.0),
        lambda: heard.append(float(stage.wanted()["master_db"])),
        lambda: stage.stop.request("enough"),
    )
    assert heard == [-4.0, -6.0]
    assert stage.wanted()["t0_ns"] == performance.VIRTUAL_T0_NS, "the rest of the cell was lost"


def test_the_room_is_recorded_and_told_of(stage: Stage) -> None:
    stage.hears()
    folder = stage.perform(
        stage.status, lambda: (stage.sound_to(0.5), stage.room_to(0.4)), lambda: stage.stop.request("enough")
    )
    record = folder.record()
    room, _ = soundfile.read(folder.file(SessionFolder.MICROPHONE), dtype="int16")
    assert record.microphone == "ALSA mic, 48000 Hz"
    assert len(room) == round(record.seconds * RATE_HZ)
    assert np.flatnonzero(room).tolist() == list(range(-(-round(0.4 * RATE_HZ) // MIC_FRAMES) * MIC_FRAMES))


def test_where_there_is_no_microphone_none_is_recorded_and_none_is_missed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> None:
        stage.children["microphone"].tell({"event": "ready", "microphone": "", "device": ""})
        stage.children["microphone"].die(0)
        stage.status()

    monkeypatch.setitem(READY, "microphone", {"event": "not yet"})
    stage.hears()
    folder = stage.perform(none, lambda: stage.sound_to(0.2), lambda: stage.stop.request("enough"))
    assert (folder.record().microphone, folder.record().gaps) == ("", ())
    assert not folder.file(SessionFolder.MICROPHONE).exists()
    assert stage.children["microphone"].starts == 1


def test_a_microphone_that_hung_its_process_is_gone_without_where_nobody_named_it(
    stage: Stage, capsys: pytest.CaptureFixture
) -> None:
    stage.hears()
    folder = stage.perform(
        lambda: stage.children["microphone"].die(-14), stage.status, lambda: stage.stop.request("enough")
    )
    assert folder.record().microphone == ""
    assert "killed by SIGALRM; the session goes on without it" in capsys.readouterr().err


def test_one_that_was_named_must_be_there_when_the_session_begins(stage: Stage) -> None:
    stage.hears("alsa:mic")
    with pytest.raises(ChildFailedError, match="microphone killed by SIGALRM before the session began"):
        stage.perform(lambda: stage.children["microphone"].die(-14))
    assert stage.folders == []


def test_a_microphone_that_dies_is_started_again_for_the_device_it_had_and_its_gap_is_noted(stage: Stage) -> None:
    stage.hears()
    latest = np.zeros((), HAND_SAMPLE)

    def second(at_s: float) -> None:
        latest["t_capture_ns"] = performance.VIRTUAL_T0_NS + round(at_s * 1e9)
        stage.lanes.latest.write(latest)
        stage.sound_to(at_s)

    folder = stage.perform(
        stage.status,
        lambda: second(0.5),
        lambda: setattr(stage.children["microphone"], "tells_at_start", []),
        lambda: stage.children["microphone"].die(-9),
        lambda: second(1.0),
        lambda: stage.children["microphone"].tell({"event": "back"}),
        lambda: second(1.5),
        lambda: stage.stop.request("enough"),
    )
    (gap,) = folder.record().gaps
    assert (gap.process, gap.start_s, gap.end_s, gap.reason) == ("microphone", 0.5, 1.0, "killed by SIGKILL")
    again = MicrophonePlan.from_json(stage.children["microphone"].plan())
    assert (again.microphone, again.again) == ("alsa:mic", True)


def test_a_microphone_that_is_pulled_out_is_trouble_until_it_is_back_and_a_gap(stage: Stage) -> None:
    stage.hears()
    folder = stage.perform(
        stage.status,
        lambda: stage.sound_to(0.1),
        lambda: stage.children["microphone"].tell({"event": "lost", "message": "it is gone; plug it in"}),
        lambda: None,
        lambda: stage.children["microphone"].tell({"event": "back"}),
        lambda: stage.stop.request("enough"),
    )
    assert [trouble for _, trouble in stage.heard][-3:] == ["it is gone; plug it in", "", ""]
    assert not folder.record().failed


def test_a_microphone_that_dies_again_and_again_ends_nothing(stage: Stage) -> None:
    stage.hears()

    def die_for_good() -> None:
        stage.children["microphone"].hopeless = True
        stage.children["microphone"].die(-6)

    folder = stage.perform(
        stage.status,
        lambda: stage.sound_to(0.3),
        die_for_good,
        lambda: None,
        lambda: stage.sound_to(0.6),
        lambda: stage.stop.request("enough"),
    )
    assert (folder.record().end, folder.record().failed) == ("enough", False)
    assert any("the session goes on without it" in trouble for _, trouble in stage.heard)
