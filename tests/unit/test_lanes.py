"""The lanes of one session: every lane reaches the other side, and none runs into its neighbour."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from firmware_py.errors import RingLayoutError, SegmentBusyError, SegmentMissingError
from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.lanes import ARRIVALS, BLOCK_FRAMES, CONTROL, STATUS, TAPE_BLOCK, Lanes
from firmware_py.shared_memory import SHM, SharedSegment

ROOT = Path(__file__).parents[2]


@pytest.fixture
def name() -> Iterator[str]:
    chosen = f"test-{uuid.uuid4().hex[:12]}"
    yield chosen
    for left in SHM.glob(f"hand-dance-*-{chosen}*"):
        left.unlink()


def test_every_lane_carries_its_own_records_to_the_other_side(name: str) -> None:
    made, other = Lanes.create(name), Lanes.attach(name)
    random = np.random.default_rng(1)
    wanted = {
        lane: [random.bytes(getattr(made, lane).record_bytes) for _ in range(getattr(made, lane).capacity)]
        for lane in ("hands", "tape_hands", "tape_audio", "tape_mic", "mic")
    }
    latest, control, status, arrivals = (
        random.bytes(dtype.itemsize) for dtype in (HAND_SAMPLE, CONTROL, STATUS, ARRIVALS)
    )
    for lane, records in wanted.items():  # all of them full at once: an overlap would show
        assert all(getattr(made, lane).push(one) for one in records)
        assert not getattr(made, lane).push(records[0])
    for cell, one in (
        (made.latest, latest),
        (made.control, control),
        (made.status, status),
        (made.arrivals, arrivals),
    ):
        cell.write(one)
        cell.write(one)
    for lane, records in wanted.items():
        assert [getattr(other, lane).pop() for _ in records] == records
        assert getattr(other, lane).pop() is None
    assert (other.latest.read(), other.control.read()) == (latest, control)
    assert (other.status.read(), other.arrivals.read()) == (status, arrivals)
    other.close()
    made.close()


def test_record_sizes_are_those_of_the_records(name: str) -> None:
    lanes = Lanes.create(name)
    assert lanes.hands.record_bytes == lanes.tape_hands.record_bytes == lanes.latest.record_bytes == 64
    assert lanes.tape_audio.record_bytes == TAPE_BLOCK.itemsize == 64 + BLOCK_FRAMES * 4
    assert (lanes.control.record_bytes, lanes.status.record_bytes) == (CONTROL.itemsize, STATUS.itemsize)
    lanes.close()


def test_a_numpy_record_goes_in_and_comes_out_as_it_was(name: str) -> None:
    lanes = Lanes.create(name)
    block = np.zeros(1, TAPE_BLOCK)
    block["first_frame"], block["frames"] = -512, BLOCK_FRAMES
    block["samples"] = np.arange(2 * BLOCK_FRAMES, dtype="<i2").reshape(1, BLOCK_FRAMES, 2)
    lanes.tape_audio.push(block[0])
    out = np.zeros(4, TAPE_BLOCK)
    assert lanes.tape_audio.pop_into(out) == 1
    assert out[0] == block[0]
    lanes.close()


def test_lanes_are_owned_by_who_made_them(name: str) -> None:
    made = Lanes.create(name)
    with pytest.raises(SegmentBusyError):
        Lanes.create(name)
    Lanes.attach(name).close()
    Lanes.attach(name).close()
    made.close()
    with pytest.raises(SegmentMissingError):
        Lanes.attach(name)


def test_lanes_of_another_layout_are_refused(name: str) -> None:
    with SharedSegment.create(name, 4096), pytest.raises(RingLayoutError, match="another release"):
        Lanes.attach(name)
    with SharedSegment.create(name, Lanes.BYTES), pytest.raises(RingLayoutError, match="no ring in this buffer"):
        Lanes.attach(name)


def test_a_stranger_takes_over_a_dead_ones_lane(name: str) -> None:
    script = f"""
import sys, time
import numpy as np
from firmware_py.hand_sample import HAND_SAMPLE
from firmware_py.lanes import Lanes
lanes = Lanes.attach(sys.argv[1])
sample = np.zeros(1, HAND_SAMPLE)
sample["frame"] = lanes.hands.open_producer()
sample["flags"] = {int(Flag.PRESENT)}
lanes.hands.push(sample)
lanes.latest.write(sample)
print("pushed", flush=True)
sys.stdin.read()
"""
    lanes = Lanes.create(name)
    lanes.hands.open_consumer()
    for life in (1, 2, 3):
        with subprocess.Popen(
            [sys.executable, "-c", script, name], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as sight:
            assert sight.stdout is not None
            assert sight.stdout.readline() == "pushed\n"
            os.kill(sight.pid, signal.SIGKILL)
        out = np.zeros(4, HAND_SAMPLE)
        assert lanes.hands.pop_into(out) == 1
        assert (int(out[0]["frame"]), int(out[0]["flags"])) == (life, Flag.PRESENT)
        assert lanes.latest.read() == out[:1].tobytes()
    lanes.close()


def test_lanes_that_were_refused_leave_no_descriptor(name: str) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with SharedSegment.create(name, Lanes.BYTES):
        for _ in range(3):
            with pytest.raises(RingLayoutError):
                Lanes.attach(name)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
