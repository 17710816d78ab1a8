"""The microphone process, over real lanes and with a device that the test plays: what it tells, and what it tapes."""

import os
from contextlib import closing

import numpy as np
import pytest

from firmware_py.errors import AudioDeviceError, UsageError
from firmware_py.lanes import CONTROL, MIC_BLOCK, STATUS, Lanes
from firmware_py.sound import microphone
from firmware_py.sound.microphone import MicrophonePlan, MicrophoneProcess, check_microphone

RATE_HZ = 48_000
SECOND_NS = 1_000_000_000
PIECE = 480  # frames that come at once
DELAY = 96  # frames that the device holds back


class Room:
    """A device, its room and the clock: a read takes 10 ms. A frame's sample is the millisecond it was heard in."""

    def __init__(self):
        self.now_ns = 1000 * SECOND_NS
        self.frames = 0
        self.opened, self.closed = [], 0
        self.missing = set()  # names that nothing answers to
        self.fails = None  # raised by the next read
        self.loses = False  # frames, at the next read
        self.hurry = 1.0
        self.at_each = lambda: None
        self.began_ns = self.now_ns

    def open(self, device, _rate_hz):
        self.opened.append(device)
        if device in self.missing:
            raise AudioDeviceError(f"microphone {device!r} cannot record; ALSA knows: this, that")
        self.frames, self.began_ns = 0, self.now_ns - DELAY * SECOND_NS // RATE_HZ
        return self

    def read(self, _within_s):
        self.now_ns += round(PIECE * SECOND_NS / RATE_HZ / self.hurry)
        self.at_each()
        if self.fails:
            failed, self.fails = self.fails, None
            raise failed
        if self.loses:
            self.loses = False
            self.now_ns += SECOND_NS // 2
            self.frames, self.began_ns = 0, self.now_ns - DELAY * SECOND_NS // RATE_HZ
            return None
        heard = (np.arange(self.frames, self.frames + PIECE) * 1000 // RATE_HZ + self.began_ns // 1_000_000) % 30_000
        self.frames += PIECE
        return heard.astype(np.int16)

    def next_frame_ns(self):
        return self.began_ns + self.frames * SECOND_NS // RATE_HZ

    def close(self):
        self.closed += 1


class Stage:
    def __init__(self, lanes, monkeypatch, spec="alsa:mic", **plan):
        self.lanes, self.room, self.told = lanes, Room(), []
        monkeypatch.setattr(microphone, "tell", lambda event, **fields: self.told.append((event, fields)))
        monkeypatch.setattr(microphone, "_cards", lambda: ["plughw:1", "plughw:2"])
        lanes.tape_mic.open_consumer()
        lanes.mic.open_consumer()
        self.process = MicrophoneProcess(
            MicrophonePlan("there is one", spec, **plan),
            opened=self.room.open,
            now_ns=lambda: self.room.now_ns,
            sleep=lambda seconds: setattr(self.room, "now_ns", self.room.now_ns + round(seconds * 1e9)),
        )
        self.taped = []

    def begin_at(self, seconds, **control):
        wanted = np.zeros((), CONTROL)
        self.t0_ns = wanted["t0_ns"] = 1000 * SECOND_NS + round(seconds * 1e9)
        for name, value in control.items():
            wanted[name] = value
        self.lanes.control.write(wanted.tobytes())

    def sound_tells(self, skew_ns=0):
        status = np.zeros((), STATUS)
        status["t_ns"], status["frames"], status["skew_ns"] = self.room.now_ns, 1, skew_ns
        self.lanes.status.write(status.tobytes())

    def run(self, seconds, at_each=lambda _: None):
        """Let the process hear for so long; at_each is told the second before each read."""
        end_ns = self.room.now_ns + round(seconds * 1e9)

        def each():
            at_each((self.room.now_ns - 1000 * SECOND_NS) / 1e9)
            self.take()
            if self.room.now_ns > end_ns:
                self.process.stop()

        self.room.at_each = each
        self.process.run()
        self.take()

    def take(self):
        out = np.zeros(64, MIC_BLOCK)
        while count := self.lanes.tape_mic.pop_into(out):
            self.taped += list(out[:count].copy())
        self.lanes.mic.discard()

    def recorded(self):
        """First frame of each run without a hole, and the samples of all, by their frame."""
        sound = {}
        for block in self.taped:
            for n in range(int(block["frames"])):
                sound[int(block["first_frame"]) + n] = int(block["samples"][n])
        return sound

    def heard_ms(self, frame):
        return (self.t0_ns + frame * SECOND_NS // RATE_HZ) // 1_000_000 % 30_000


@pytest.fixture
def stage(monkeypatch):
    with closing(Lanes.create(f"test-microphone-{os.getpid()}")) as lanes:
        monkeypatch.setattr(Lanes, "attach", lambda _name: lanes)
        yield lambda *spec, **plan: Stage(lanes, monkeypatch, *spec, **plan)


def test_each_frame_is_what_was_in_the_room_at_that_frame_of_the_recording(stage):
    there = stage()
    there.begin_at(1.5)
    there.run(4.0, lambda _: there.sound_tells())
    sound = there.recorded()
    assert min(sound) == 0
    assert sorted(sound) == list(range(len(sound)))
    assert len(sound) > 2.3 * RATE_HZ
    assert max(abs(sound[n] - there.heard_ms(n)) for n in range(0, len(sound), 1000)) <= 1
    assert there.told[0] == ("ready", {"microphone": "ALSA mic, 48000 Hz", "device": "mic"})


def test_a_loudspeaker_that_is_heard_late_is_waited_for(stage):
    there = stage()
    there.begin_at(1.5, room_delay_us=20_000)
    there.run(4.0, lambda _: there.sound_tells(skew_ns=-5_000_000))
    sound = there.recorded()
    assert sound[48_000] == pytest.approx(there.heard_ms(48_000) + 15, abs=1)


def test_with_a_dead_sound_process_its_own_clock_is_enough(stage):
    there = stage()
    there.begin_at(1.5)
    there.run(4.0)
    sound = there.recorded()
    assert min(sound) == 0
    assert sound[48_000] == pytest.approx(there.heard_ms(48_000), abs=1)


def test_a_microphone_that_is_pulled_out_is_told_looked_for_and_heard_again_in_its_place(stage):
    there = stage()
    there.begin_at(1.0)

    def pull(second):
        there.sound_tells()
        if second > 2.0 and len(there.room.opened) == 1:
            there.room.missing.add("mic")
            there.room.fails = AudioDeviceError("the microphone is gone (No such device)")

    there.process._sleep = lambda seconds: (
        setattr(there.room, "now_ns", there.room.now_ns + round(seconds * 1e9)),
        there.room.missing.discard("mic") if there.room.now_ns > 1004 * SECOND_NS else None,
    )
    there.run(8.0, pull)
    assert [event for event, _ in there.told] == ["ready", "lost", "back"]
    assert "is gone (No such device); it is being looked for" in there.told[1][1]["message"]
    sound = there.recorded()
    assert max(abs(sound[n] - there.heard_ms(n)) for n in sound) <= 1
    missing = sorted(set(range(max(sound))) - sound.keys())
    assert missing == list(range(missing[0], missing[-1] + 1))
    assert 0.95 * RATE_HZ < missing[0] < 1.05 * RATE_HZ
    assert 2.9 * RATE_HZ < missing[-1] < 3.2 * RATE_HZ


def test_frames_that_were_lost_leave_silence_at_their_place_and_nothing_is_shifted(stage):
    there = stage()
    there.begin_at(1.0)

    lost = [True]

    def lose(second):
        there.sound_tells()
        if second > 2.0 and lost:
            there.room.loses = lost.pop()

    there.run(6.0, lose)
    sound = there.recorded()
    assert max(abs(sound[n] - there.heard_ms(n)) for n in sound) <= 1
    missing = set(range(max(sound))) - sound.keys()
    assert 0.4 * RATE_HZ < len(missing) < 0.6 * RATE_HZ


def test_one_that_was_named_and_is_not_there_is_one_sentence_with_what_there_is(stage):
    there = stage()
    there.room.missing = {"mic"}
    with pytest.raises(AudioDeviceError, match="'mic' cannot record; ALSA knows: this, that"):
        there.run(1.0)
    assert there.told == []


def test_auto_without_any_is_silent_and_done(stage):
    there = stage("auto")
    there.room.missing = {"default", "plughw:1", "plughw:2"}
    there.run(1.0)
    assert there.room.opened == ["default", "plughw:1", "plughw:2"]
    assert there.told == [("ready", {"microphone": "", "device": ""})]


def test_auto_takes_the_first_that_can_be_heard(stage):
    there = stage("auto")
    there.room.missing = {"default"}
    there.run(1.0)
    assert there.told == [("ready", {"microphone": "ALSA plughw:1, 48000 Hz", "device": "plughw:1"})]


def test_a_device_that_gives_silence_as_fast_as_it_is_asked_is_no_microphone(stage):
    there = stage()
    there.room.hurry = 50.0
    with pytest.raises(AudioDeviceError, match="keeps no time"):
        there.run(5.0)
    assert there.room.closed == 1


def test_one_that_is_started_again_looks_for_its_device_until_it_is_there(stage):
    there = stage(again=True)
    there.begin_at(0.0)
    there.room.missing = {"mic"}
    there.process._sleep = lambda _: (
        setattr(there.room, "now_ns", there.room.now_ns + SECOND_NS),
        len(there.room.opened) > 3 and there.room.missing.clear(),
    )
    there.run(6.0, lambda _: there.sound_tells())
    assert [event for event, _ in there.told] == ["lost", "back"]
    sound = there.recorded()
    assert min(sound) > 2.9 * RATE_HZ
    assert max(abs(sound[n] - there.heard_ms(n)) for n in sound) <= 1


@pytest.mark.parametrize("spec", ["auto", "off", "alsa:hw:1,0"])
def test_known_microphones_are_taken(spec):
    assert check_microphone(spec) == spec


@pytest.mark.parametrize("spec", ["", "alsa:", "alsa", "on", "hw:1"])
def test_an_unknown_microphone_is_refused_with_what_is_allowed(spec):
    with pytest.raises(UsageError, match="allowed are auto, off and alsa:DEVICE"):
        check_microphone(spec)


def test_a_plan_comes_through_json_and_another_text_is_none():
    plan = MicrophonePlan("lanes", "alsa:mic", 44_100, again=True)
    assert MicrophonePlan.from_json(plan.to_json()) == plan
    for text in ("", "[]", '{"lanes": 1, "colour": 2}'):
        with pytest.raises(UsageError, match="no plan of a microphone"):
            MicrophonePlan.from_json(text)
