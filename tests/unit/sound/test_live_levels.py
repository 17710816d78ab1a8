"""Levels that are changed while the engine plays, and the microphone in its mix."""

import numpy as np
import pytest

from firmware_py._ring import Ring
from firmware_py.lanes import MIC_BLOCK, MIC_FRAMES

from .conftest import T0_NS
from .test_engine import RATE_HZ, SECOND_NS, Desk, aligned, largest_step

LEVELS = ("instrument_db", "backing_db", "metronome_db", "guide_db", "master_db", "mic_db")
COLUMNS = {"backing_db": 0, "master_db": 0, "metronome_db": 2, "guide_db": 3}
TONE = np.rint(8000 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE_HZ) / RATE_HZ)).astype(np.int16)


class Room:
    """A desk with a microphone whose blocks come one by one, as soon as they are full."""

    def __init__(self, delay_frames, missing=(), **more):
        size = MIC_BLOCK.itemsize
        self.ring = Ring(aligned(Ring.bytes_needed(128, size)), capacity=128, record_bytes=size)
        self.desk = Desk(live=True, mic=self.ring, mic_way_frames=delay_frames, **more)
        self.missing = missing
        self.block = 0

    def push(self, first_frame, frames, samples):
        made = np.zeros((), MIC_BLOCK)
        made["first_frame"], made["frames"], made["samples"] = first_frame, frames, samples
        assert self.ring.push(made.tobytes())

    def live(self, seconds):
        """Go on for so long, on an exact clock."""
        made = []
        for _ in range(round(seconds * RATE_HZ) // MIC_FRAMES):
            at_ns = T0_NS + self.block * MIC_FRAMES * SECOND_NS // RATE_HZ
            made.append(self.desk.live(MIC_FRAMES / RATE_HZ, at_ns=at_ns))
            first = self.block * MIC_FRAMES
            if self.block not in self.missing:
                self.push(first, MIC_FRAMES, TONE[first : first + MIC_FRAMES])
            self.block += 1
        return np.concatenate(made)


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_that_is_changed_in_mid_session_is_heard_within_100_ms_and_without_a_click(hand_samples, level):
    backing = np.zeros((len(TONE), 4), np.int16)
    backing[:, COLUMNS.get(level, 0)] = TONE
    room = Room(0 if level != "mic_db" else 2 * MIC_FRAMES, backing=backing)
    silent = dict.fromkeys(LEVELS, -90.0) | {"backing_db": 0.0 if level == "master_db" else -90.0, "master_db": 0.0}
    room.desk.want(t0_ns=T0_NS, **silent | {level: 0.0})
    if level == "instrument_db":
        room.desk.push(hand_samples([69.0] * 90))
    before = room.live(0.7)
    room.desk.want(**{level: -20.0})
    after = room.live(0.4)
    was, now = (np.sqrt(np.mean(part[:, 0].astype(float) ** 2)) for part in (before[-9600:], after[4800:9600]))
    assert was > 1000
    assert 20 * np.log10(now / was) == pytest.approx(-20.0, abs=0.5)
    assert largest_step(np.concatenate([before, after])[4800:]) <= 1.05 * largest_step(before[4800:])


def test_the_microphone_is_heard_a_constant_while_after_it_was_in_the_room():
    room = Room(2400)
    room.desk.want(t0_ns=T0_NS, mic_db=0.0)
    sound = room.live(1.0).astype(float)
    assert not np.any(sound[:2400])
    assert np.array_equal(sound[:, 0], sound[:, 1])
    assert np.abs(sound[2900:40_000, 0] - TONE[500:37_600]).max() < 50  # the limiter bends it a little


def test_a_device_with_a_longer_buffer_is_given_the_microphone_later_and_without_a_click():
    room = Room(2000)
    room.desk.want(t0_ns=T0_NS, mic_db=0.0)
    room.desk.engine.describe(period_frames=128, periods=3)
    before = room.live(0.5)
    room.desk.engine.describe(period_frames=128, periods=12)
    sound = np.concatenate([before, room.live(0.5)]).astype(float)
    turn, now = len(before), 2000 + 12 * 128
    assert np.abs(sound[2900:turn, 0] - TONE[2900 - 2384 : turn - 2384]).max() < 50
    assert np.abs(sound[turn + 100 : 40_000, 0] - TONE[turn + 100 - now : 40_000 - now]).max() < 50
    assert largest_step(sound[turn - 200 : turn + 200]) < 1.6 * largest_step(sound[10_000:20_000])


def test_a_microphone_that_is_not_wanted_in_the_mix_is_not_heard():
    room = Room(2400)
    room.desk.want(t0_ns=T0_NS, mic_db=-90.0)
    assert not np.any(room.live(0.5))


def test_blocks_that_did_not_come_are_silence_without_a_click():
    room = Room(4800, missing=range(100, 110))
    room.desk.want(t0_ns=T0_NS, mic_db=0.0)
    sound = room.live(1.0)
    silent = 4800 + 100 * MIC_FRAMES
    assert not np.any(sound[silent : silent + 10 * MIC_FRAMES])
    assert np.abs(sound[silent + 11 * MIC_FRAMES :]).max() > 7000
    assert largest_step(sound) < 0.02


def test_a_microphones_spoiled_block_is_passed_over():
    room = Room(480)
    room.desk.want(t0_ns=T0_NS, mic_db=0.0)
    room.live(0.1)
    for first, frames in ((-5, 128), (1 << 62, 128), (4800, 4_000_000_000)):
        room.push(first, frames, 30_000)
    assert 7000 < np.abs(room.live(0.5)).max() < 9000
