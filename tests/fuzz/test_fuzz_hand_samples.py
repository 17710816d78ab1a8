"""Whatever 64 bytes lie in the ring, the engine plays on: in bounds, in time, its counters right, and back in tune.

The engine is the real one, with rings and cells in ordinary memory; sight is whoever writes there.
"""

import math
import struct
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import strategies as st

from firmware_py._ring import Cell, Ring
from firmware_py._synth import Engine, PitchMap, control_curve
from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.lanes import BLOCK_FRAMES, CONTROL, STATUS, TAPE_BLOCK
from firmware_py.music.mapping import Mapping
from firmware_py.sound.patches import patch_files, patch_named

T0_NS, DELAY_NS, SECOND_NS = 1_000_000_000_000, 60_000_000, 1_000_000_000
FRAME_NS = 16_666_667
PLAYED = Mapping(low=48.0, high=84.0, glide_s=0.01, quantise=0.0, height_to_loudness=0.0)
PATCHES = [patch_named(name) for name in sorted(patch_files())]
SINE = patch_named("sine")

_NUMBERS = st.floats(width=32) | st.sampled_from(
    (math.nan, math.inf, -math.inf, 0.0, -0.0, -1.0, 1.0, 1e-30, 1e30, 1.0000002, 1.5, 4.0, -4.0, 5e-324)
)
_SHARES = st.floats(2**-20, 1, width=32)
_HANDS = st.tuples(*[_SHARES] * 5) | st.tuples(*[_SHARES | _NUMBERS] * 5)
_FLAGS = st.integers(0, 0xFFFF) | st.sampled_from((0, 1, 3, 0x10))
_TIMES = st.one_of(
    st.just(0), st.integers(-2_000, 2_000), st.integers(-20_000_000, 20_000_000), st.integers(-(1 << 40), 1 << 40)
)  # µs beside the true one


def _sample(t_ns: int, frame: int = 0, pitch: float | None = 60.0) -> np.void:
    made = np.zeros((), HAND_SAMPLE)
    made["t_capture_ns"], made["frame"] = t_ns, frame
    if pitch is not None:
        made["flags"] = Flag.PRESENT
        made["hands"][0] = (PLAYED.area_of(pitch), 0.5, 0.0, 0.5, 1.0)
    return made


def _true(record: bytes) -> bool:
    """Whether the values of a record can be; its time is another matter. Written apart from the engine's own check."""
    t_ns, _, _, flags, _, *numbers = struct.unpack("<QQIHH10f", record)
    if not 0 < t_ns < 1 << 63:
        return False
    for bit, (area, _, y, openness, _) in ((1, numbers[:5]), (2, numbers[5:])):
        if flags & bit and not (0 < area <= 1 and -4 <= y <= 4 and -4 <= openness <= 4):
            return False
    return True


@st.composite
def _records(draw) -> bytes:
    """Any bytes; or a sample with some fields that nobody means."""
    if draw(st.integers(0, 3)) == 0:
        return draw(st.binary(min_size=64, max_size=64))
    flags = draw(_FLAGS)
    return struct.pack("<QQIHH", 0, 0, draw(st.integers(0, 1 << 31)), flags, 0) + struct.pack(
        "<10f", *draw(_HANDS), *draw(_HANDS)
    )


_STEPS = st.one_of(
    st.tuples(st.just("play"), st.integers(1, 40)),  # true samples, each with its camera frame of sound
    st.tuples(st.just("push"), st.tuples(_records(), _TIMES)),
    st.tuples(st.just("flood"), st.tuples(_records(), st.integers(1, 400))),
    st.tuples(st.just("silence"), st.integers(1, 60)),  # camera frames without a sample
    st.tuples(
        st.just("clock"), st.sampled_from((-300_000, -15_000, 500, 19_000, 90_000, 1_500_000, 2_500_000))
    ),  # µs that the device stands still, or runs ahead
    st.tuples(st.just("levels"), st.tuples(*[_NUMBERS] * 5)),
    st.tuples(st.just("blocks"), st.sampled_from((1, 16, 64, 128, 333, 1024))),
)


def _aligned(size: int) -> np.ndarray:
    raw = np.zeros(size + 64, np.uint8)
    return raw[-raw.ctypes.data % 64 :][:size]


@dataclass
class Desk:
    """An engine between a camera and a device that are played by the test."""

    patch: object
    rate_hz: int
    live: bool
    now_ns: int = T0_NS - 20_000_000
    captured_ns: int = T0_NS - 80_000_000
    block: int = 128
    pushed: int = 0
    untrue: int = 0
    wanted: np.ndarray = field(default_factory=lambda: np.zeros((), CONTROL))

    def __post_init__(self) -> None:
        self.hands = Ring(_aligned(Ring.bytes_needed(256)), capacity=256)
        size = TAPE_BLOCK.itemsize
        self.tape = Ring(_aligned(Ring.bytes_needed(64, size)), capacity=64, record_bytes=size)
        self.control = Cell(_aligned(Cell.bytes_needed(CONTROL.itemsize)), record_bytes=CONTROL.itemsize, create=True)
        self.status = Cell(_aligned(Cell.bytes_needed(STATUS.itemsize)), record_bytes=STATUS.itemsize, create=True)
        self.engine = Engine(
            rate_hz=self.rate_hz, delay_ns=DELAY_NS, pitch_map=PitchMap(PLAYED), patch=self.patch, hands=self.hands,
            control=self.control, status=self.status, tape=self.tape, live=self.live,
        )  # fmt: skip
        self.wanted["t0_ns"] = T0_NS
        self.control.write(self.wanted.tobytes())
        self.taped = -1

    def push(self, record: bytes) -> None:
        if self.hands.push(record):
            self.pushed += 1
            self.untrue += not _true(record)

    def render(self, frames: int) -> np.ndarray:
        out = np.full((frames, 2), 32_767, np.int16)
        self.engine.render(out, self.now_ns)
        assert np.abs(out.astype(np.int32)).max(initial=0) < 32_600
        self.now_ns += frames * SECOND_NS // self.rate_hz
        told = np.frombuffer(self.status.read(), STATUS)[0]
        assert math.isnan(told["pitch"]) or PLAYED.low - 0.01 <= told["pitch"] <= PLAYED.high + 0.01
        assert 0 <= told["level"] <= 1
        assert 0 <= told["peak"] < 1
        assert self.untrue - len(self.hands) <= told["bad_samples"] <= self.pushed
        assert told["late_samples"] <= self.pushed
        while (record := self.tape.pop()) is not None:
            taped = np.frombuffer(record, TAPE_BLOCK)[0]
            assert taped["first_frame"] > self.taped
            assert taped["frames"] <= BLOCK_FRAMES
            self.taped = int(taped["first_frame"])
        return out

    def camera_frame(self) -> None:
        """The sound of one camera frame, in blocks; the next one is seen then."""
        for _ in range(max(1, round(self.rate_hz / 60 / self.block))):
            self.render(self.block)
        self.captured_ns = self.now_ns - DELAY_NS + FRAME_NS

    def do(self, step: str, what: object) -> None:
        match step:
            case "play":
                for n in range(what):
                    self.push(_sample(self.captured_ns, n).tobytes())
                    self.camera_frame()
            case "push":
                record, beside_us = what
                t_ns = int.from_bytes(record[:8], "little") or self.captured_ns + beside_us * 1000
                self.push((t_ns % (1 << 64)).to_bytes(8, "little") + record[8:])
                self.camera_frame()
            case "flood":
                record, count = what
                for n in range(count):
                    self.push((self.captured_ns + n * 1000).to_bytes(8, "little") + record[8:])
            case "silence":
                for _ in range(what):
                    self.camera_frame()
            case "clock":
                self.now_ns = max(self.now_ns + what * 1000, T0_NS - 20_000_000)
            case "levels":
                for name, value in zip(("instrument", "backing", "metronome", "guide", "master"), what, strict=True):
                    self.wanted[f"{name}_db"] = value
                self.control.write(self.wanted.tobytes())
            case "blocks":
                self.block = what

    def comes_back(self) -> None:
        """True samples for as long as a lie about the time can last: then the hand sounds, in tune and in time."""
        for name in ("instrument", "backing", "metronome", "guide", "master"):
            self.wanted[f"{name}_db"] = 0.0
        self.control.write(self.wanted.tobytes())
        self.block = 128
        before = self.engine.position
        for n in range(60 * (3 if self.live else 13)):
            self.push(_sample(self.captured_ns, n, 69.0).tobytes())
            self.camera_frame()
        told = np.frombuffer(self.status.read(), STATUS)[0]
        assert told["pitch"] == pytest.approx(69.0, abs=0.01)
        assert self.engine.position > before
        since_t0 = (self.now_ns - T0_NS) / SECOND_NS
        assert self.engine.position / self.rate_hz == pytest.approx(since_t0, abs=0.05)
        if self.patch.ring_ms == 0:
            sound = np.concatenate([self.render(128) for _ in range(4)])
            assert np.abs(sound.astype(np.int32)).max() > 300


_CASES = st.tuples(
    st.sampled_from(PATCHES),
    st.sampled_from((22_050, 44_100, 48_000, 96_000)),
    st.booleans(),
    st.lists(_STEPS, max_size=12),
)


def _played(case: tuple) -> None:
    patch, rate_hz, live, steps = case
    desk = Desk(patch, rate_hz, live)
    for step, what in steps:
        desk.do(step, what)
    desk.comes_back()


def test_any_records_in_the_ring_leave_the_engine_in_bounds_and_it_comes_back(fuzz):
    fuzz(_CASES, _played)


def _rendered(records: list[bytes], frames: int) -> tuple[bytes, int]:
    samples = np.frombuffer(b"".join(records), np.uint8)
    engine = Engine(rate_hz=48_000, delay_ns=DELAY_NS, pitch_map=PitchMap(PLAYED), patch=SINE, samples=samples)
    engine.play(t0_ns=T0_NS, frames=frames)
    sound = np.zeros((frames, 2), np.int16)
    assert engine.advance(frames, sound) == frames
    return sound.tobytes(), engine.bad_samples


def _as_without_them(cases: list[tuple[bytes, int]]) -> None:
    """Samples that cannot be true, and times that stand or run back, are counted; the rest sounds as without them."""
    timed, kept = [], []
    newest = T0_NS - DELAY_NS
    for record, back_ms in cases:
        t_ns = newest - back_ms * 1_000_000 if back_ms >= 0 else newest + 8_000_000
        timed.append(t_ns.to_bytes(8, "little") + record[8:])
        if _true(timed[-1]) and (not kept or t_ns > newest):
            kept.append(timed[-1])
            newest = t_ns
    for n in range(4):
        kept.append(_sample(newest + (n + 20) * FRAME_NS).tobytes())
        timed.append(kept[-1])
    frames = max(0, newest - T0_NS + DELAY_NS) * 48 // 1_000_000 + 480
    sound, _ = _rendered(timed, frames)
    assert (sound, 0) == _rendered(kept, frames)
    curve = np.zeros((len(timed) * 8 + 200, 3), np.float32)
    bad = control_curve(
        np.frombuffer(b"".join(timed), np.uint8), PitchMap(PLAYED), curve,
        t0_ns=T0_NS, delay_ns=DELAY_NS, curve_rate_hz=125.0, rate_hz=48_000,
    )  # fmt: skip
    assert bad == len(timed) - len(kept)
    assert np.isfinite(curve[:, 2]).all()
    assert np.isfinite(curve[~np.isnan(curve[:, 0])]).all()


def test_samples_that_cannot_be_true_sound_as_if_they_had_never_been(fuzz):
    fuzz(
        st.lists(st.tuples(_records(), st.integers(-1, 50) | st.just(-1)), max_size=40), _as_without_them, at_least=200
    )
