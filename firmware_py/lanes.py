"""The shared memory of one running session: who writes what for whom, in which layout.

sight ─ hands ─► sound          64-byte hand samples, and beside them the latest one
sight ─ tape_hands ─► recorder  the same samples, so that a dead sound process loses none of them
sound ─ tape_audio ─► recorder  blocks of sound, so that a dead sound process leaves a true recording
session ─ control ─► both       when the session begins and ends, the levels, and what the count-in decided
sound ─ arrivals ─► session     how old hand samples are when they can first be heard, until D is decided
microphone ─ tape_mic ─► recorder  blocks of the room, frame by frame beside those of sound
microphone ─ mic ─► sound       the same blocks, for the mix
sound ─ status ─► everybody     counters; the realtime process reports in no other way
"""

from dataclasses import dataclass
from typing import ClassVar, Final, Self

import numpy as np

from firmware_py._ring import Cell, Ring
from firmware_py.errors import RingLayoutError
from firmware_py.hand_sample import HAND_SAMPLE
from firmware_py.shared_memory import SharedSegment

HANDS_CAPACITY: Final = 256
TAPE_HANDS_CAPACITY: Final = 1024
TAPE_AUDIO_CAPACITY: Final = 1024
MIC_FRAMES: Final = 128  # frames of one block of the microphone
TAPE_MIC_CAPACITY: Final = 2048
MIC_CAPACITY: Final = 128
BLOCK_FRAMES: Final = 256  # frames of one block on the tape: 1024 blocks hold 5.4 s at 48 kHz

CONTROL: Final = np.dtype(
    [
        ("t0_ns", "<u8"),  # the instant that sound.wav begins with; 0: not yet
        ("stop_ns", "<u8"),  # the instant that it ends with; 0: not known yet
        ("instrument_db", "<f4"),
        ("backing_db", "<f4"),
        ("metronome_db", "<f4"),
        ("master_db", "<f4"),
        ("guide_db", "<f4"),
        ("delay_us", "<u4"),  # D: a hand sample sounds at t_capture + D; 0: not decided yet
        ("area_far", "<f4"),  # the reach, shares of the frame; 0: as planned
        ("area_near", "<f4"),
        ("reserved", "V8"),
        ("room_delay_us", "<i4"),  # how much later than reckoned the loudspeaker was measured to be heard
        ("mic_db", "<f4"),
    ]
)

STATUS: Final = np.dtype(
    [
        ("t_ns", "<u8"),  # CLOCK_MONOTONIC of this report
        ("frames", "<u8"),  # frames rendered since t0
        ("xruns", "<u4"),
        ("late_samples", "<u4"),  # hand samples that came after the instant they should have sounded at
        ("bad_samples", "<u4"),  # hand samples refused: not finite, out of range, time running backwards
        ("tape_drops", "<u4"),  # blocks that the recorder was too slow for
        ("pitch", "<f4"),  # MIDI note number now sounding; NaN in silence
        ("level", "<f4"),  # loudness control now, 0…1
        ("peak", "<f4"),  # largest magnitude since t0, 1.0 = full scale
        ("render_share", "<f4"),  # time spent rendering / time rendered, smoothed
        ("period_frames", "<u4"),
        ("periods", "<u4"),
        ("rate_hz", "<u4"),
        ("flags", "<u4"),  # StatusFlag
        ("skew_ns", "<i8"),  # frame n is heard at t0 + n / rate + skew: the device's clock against ours
        ("reserved", "V56"),
    ]
)

ARRIVALS_KEPT: Final = 256
ARRIVALS: Final = np.dtype(
    [
        ("count", "<u8"),  # frames that came since the sound process began; the last ARRIVALS_KEPT of them are below
        ("reserved", "V56"),
        ("age_us", "<u4", (ARRIVALS_KEPT,)),  # from its capture to the first instant of sound that it could change
        ("interval_us", "<u4", (ARRIVALS_KEPT,)),  # from the capture of the frame before
    ]
)

TAPE_BLOCK: Final = np.dtype(
    [
        ("first_frame", "<i8"),  # of this block, counted from t0
        ("frames", "<u4"),  # valid frames, 0…BLOCK_FRAMES
        ("flags", "<u4"),
        ("reserved", "V48"),
        ("samples", "<i2", (BLOCK_FRAMES, 2)),  # left, right
    ]
)

MIC_BLOCK: Final = np.dtype(
    [
        ("first_frame", "<i8"),  # of sound.wav that it was in the room with
        ("frames", "<u4"),  # valid frames, 0…MIC_FRAMES
        ("flags", "<u4"),
        ("reserved", "V48"),
        ("samples", "<i2", (MIC_FRAMES,)),
    ]
)

STATUS_READY: Final = 1  # rendering; waits for t0 or plays
STATUS_REALTIME: Final = 2  # SCHED_FIFO granted
STATUS_LOCKED: Final = 4  # mlockall granted
STATUS_DEVICE_LOST: Final = 8
STATUS_ENDED: Final = 16  # the last block is on the tape


@dataclass(frozen=True)
class Lanes:
    """The segments of one session; ``create`` makes and owns them, ``attach`` opens somebody else's."""

    segment: SharedSegment
    hands: Ring
    latest: Cell
    tape_hands: Ring
    tape_audio: Ring
    tape_mic: Ring
    mic: Ring
    control: Cell
    status: Cell
    arrivals: Cell

    BYTES: ClassVar[int]  # of the whole segment

    @classmethod
    def create(cls, name: str) -> Self:
        """Make the lanes under ``/dev/shm/hand-dance-<uid>-<name>`` and own them.

        Raises SegmentBusyError when a living process owns that name, SegmentSpaceError when /dev/shm is full.
        """
        return cls._over(SharedSegment.create(name, cls.BYTES), new=True)

    @classmethod
    def attach(cls, name: str) -> Self:
        """Open the lanes that another process of this user owns.

        Raises SegmentMissingError (a FileNotFoundError), SegmentAccessError or RingLayoutError.
        """
        return cls._over(SharedSegment.attach(name), new=False)

    @classmethod
    def _over(cls, segment: SharedSegment, *, new: bool) -> Self:
        def ring(lane: str, capacity: int, record_bytes: int) -> Ring:
            return Ring(segment.part(*_PARTS[lane]), capacity=capacity if new else None, record_bytes=record_bytes)

        def cell(lane: str, record_bytes: int) -> Cell:
            return Cell(segment.part(*_PARTS[lane]), record_bytes=record_bytes, create=new)

        try:
            if segment.size != cls.BYTES:
                raise RingLayoutError(
                    f"{segment.path} has {segment.size} bytes, expected {cls.BYTES}: "
                    "it is from another release of hand-dance"
                )
            return cls(
                segment=segment,
                hands=ring("hands", HANDS_CAPACITY, HAND_SAMPLE.itemsize),
                latest=cell("latest", HAND_SAMPLE.itemsize),
                tape_hands=ring("tape_hands", TAPE_HANDS_CAPACITY, HAND_SAMPLE.itemsize),
                tape_audio=ring("tape_audio", TAPE_AUDIO_CAPACITY, TAPE_BLOCK.itemsize),
                tape_mic=ring("tape_mic", TAPE_MIC_CAPACITY, MIC_BLOCK.itemsize),
                mic=ring("mic", MIC_CAPACITY, MIC_BLOCK.itemsize),
                control=cell("control", CONTROL.itemsize),
                status=cell("status", STATUS.itemsize),
                arrivals=cell("arrivals", ARRIVALS.itemsize),
            )
        except BaseException:
            segment.close()
            raise

    def close(self) -> None:
        """Unmap; the owner also removes the name."""
        self.segment.close()


def _layout() -> tuple[dict[str, tuple[int, int]], int]:
    sizes = {
        "hands": Ring.bytes_needed(HANDS_CAPACITY, HAND_SAMPLE.itemsize),
        "latest": Cell.bytes_needed(HAND_SAMPLE.itemsize),
        "tape_hands": Ring.bytes_needed(TAPE_HANDS_CAPACITY, HAND_SAMPLE.itemsize),
        "tape_audio": Ring.bytes_needed(TAPE_AUDIO_CAPACITY, TAPE_BLOCK.itemsize),
        "tape_mic": Ring.bytes_needed(TAPE_MIC_CAPACITY, MIC_BLOCK.itemsize),
        "mic": Ring.bytes_needed(MIC_CAPACITY, MIC_BLOCK.itemsize),
        "control": Cell.bytes_needed(CONTROL.itemsize),
        "status": Cell.bytes_needed(STATUS.itemsize),
        "arrivals": Cell.bytes_needed(ARRIVALS.itemsize),
    }
    parts: dict[str, tuple[int, int]] = {}
    offset = 0
    for lane, size in sizes.items():
        parts[lane] = (offset, size)
        offset += -(-size // 4096) * 4096  # every lane on pages of its own
    return parts, offset


_PARTS, Lanes.BYTES = _layout()
