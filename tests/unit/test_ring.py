"""Ring and Cell as Python sees them; the orders between processors are tested in tests/c."""

import ctypes
import gc
import mmap
import struct
import time
from collections import deque

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from firmware_py._ring import Cell, Ring
from firmware_py.errors import RingLayoutError
from firmware_py.hand_sample import HAND_SAMPLE


def new_ring(capacity: int = 4, record_bytes: int = 64) -> tuple[mmap.mmap, Ring]:
    memory = mmap.mmap(-1, Ring.bytes_needed(capacity, record_bytes))
    return memory, Ring(memory, capacity=capacity, record_bytes=record_bytes)


def new_cell(record_bytes: int = 64) -> tuple[mmap.mmap, Cell]:
    memory = mmap.mmap(-1, Cell.bytes_needed(record_bytes))
    return memory, Cell(memory, record_bytes=record_bytes, create=True)


def record(n: int, record_bytes: int = 64) -> bytes:
    return struct.pack("<q", n) * (record_bytes // 8)


def test_ring_full_counts_a_drop_and_keeps_the_oldest() -> None:
    _, ring = new_ring(4)
    assert [ring.push(record(n)) for n in range(6)] == [True, True, True, True, False, False]
    assert ring.drops == 2
    assert [ring.pop() for _ in range(5)] == [record(0), record(1), record(2), record(3), None]


def test_ring_of_one_slot_works() -> None:
    _, ring = new_ring(1, 8)
    for n in range(5):
        assert ring.push(record(n, 8))
        assert not ring.push(record(99, 8))
        assert ring.pop() == record(n, 8)
        assert ring.pop() is None


def test_len_is_the_fill_and_an_empty_ring_is_true() -> None:
    _, ring = new_ring(4)
    assert len(ring) == 0
    assert ring
    ring.push(record(1))
    ring.push(record(2))
    assert len(ring) == 2


@pytest.mark.parametrize("record_bytes", [8, 24, 64, 1088])
def test_records_of_any_multiple_of_8_come_back_whole(record_bytes: int) -> None:
    _, ring = new_ring(8, record_bytes)
    for n in range(20):
        assert ring.push(record(n, record_bytes))
        assert ring.pop() == record(n, record_bytes)


def test_push_takes_any_contiguous_buffer_of_the_right_size() -> None:
    _, ring = new_ring(8)
    samples = np.zeros(1, HAND_SAMPLE)
    samples["frame"] = 7
    offered = (samples, samples[0], samples.tobytes(), bytearray(samples.tobytes()), memoryview(samples))
    for one in offered:
        assert ring.push(one)
    assert [ring.pop() for _ in offered] == [samples.tobytes()] * len(offered)


@pytest.mark.parametrize("wrong", [b"", bytes(63), bytes(65), bytearray(128), np.zeros(2, HAND_SAMPLE)])
def test_a_record_of_another_size_is_refused_with_both_sizes(wrong: bytes) -> None:
    _, ring = new_ring()
    with pytest.raises(RingLayoutError, match=r"a record of \d+ bytes .* records have 64 bytes"):
        ring.push(wrong)
    assert len(ring) == 0
    assert ring.drops == 0


def test_what_is_no_contiguous_buffer_is_refused() -> None:
    _, ring = new_ring()
    with pytest.raises(TypeError):
        ring.push("text")  # type: ignore[arg-type]
    with pytest.raises((BufferError, ValueError)):
        ring.push(np.zeros(128, np.uint8)[::2])


def test_pop_into_fills_whole_records_only_and_leaves_the_rest_alone() -> None:
    _, ring = new_ring(8)
    for n in range(5):
        ring.push(record(n))
    out = np.full(3 * 64 + 10, 0xEE, np.uint8)
    assert ring.pop_into(out) == 3
    assert out[: 3 * 64].tobytes() == record(0) + record(1) + record(2)
    assert (out[3 * 64 :] == 0xEE).all()
    samples = np.zeros(16, HAND_SAMPLE)
    assert ring.pop_into(samples) == 2
    assert samples[:2].tobytes() == record(3) + record(4)
    assert ring.pop_into(samples) == 0


def test_pop_into_a_buffer_that_is_too_small_or_read_only_loses_nothing() -> None:
    _, ring = new_ring()
    ring.push(record(1))
    with pytest.raises(RingLayoutError, match="63 bytes cannot hold one record of 64"):
        ring.pop_into(bytearray(63))
    with pytest.raises(BufferError):
        ring.pop_into(bytes(64))
    assert ring.pop() == record(1)


def test_discard_drops_what_is_there_and_no_more() -> None:
    _, ring = new_ring()
    ring.push(record(1))
    ring.push(record(2))
    assert ring.discard() == 2
    assert ring.pop() is None
    ring.push(record(3))
    assert ring.pop() == record(3)
    assert ring.drops == 0


def test_attaching_sees_the_same_ring() -> None:
    memory, ring = new_ring(16, 24)
    other = Ring(memory, record_bytes=24)
    assert (other.capacity, other.record_bytes) == (16, 24)
    ring.push(record(1, 24))
    assert other.pop() == record(1, 24)
    assert len(ring) == 0


def test_epochs_count_up_and_what_is_in_the_ring_stays() -> None:
    memory, ring = new_ring()
    assert (ring.producer_epoch, ring.consumer_epoch) == (0, 0)
    assert (ring.open_producer(), ring.open_consumer()) == (1, 1)
    ring.push(record(1))
    returned = Ring(memory)
    assert returned.open_producer() == 2
    returned.push(record(2))
    assert (ring.producer_epoch, ring.consumer_epoch) == (2, 1)
    assert [ring.pop(), ring.pop()] == [record(1), record(2)]


def test_heartbeats_are_the_monotonic_clock_of_their_side() -> None:
    _, ring = new_ring()
    assert (ring.producer_heartbeat_ns, ring.consumer_heartbeat_ns) == (0, 0)
    before = time.monotonic_ns()
    ring.beat_producer()
    assert before <= ring.producer_heartbeat_ns <= time.monotonic_ns()
    assert ring.consumer_heartbeat_ns == 0
    ring.beat_consumer()
    assert ring.consumer_heartbeat_ns >= ring.producer_heartbeat_ns


def test_formatting_anew_empties_the_ring() -> None:
    memory, ring = new_ring()
    ring.open_producer()
    ring.push(record(1))
    again = Ring(memory, capacity=4)
    assert (len(again), again.producer_epoch, again.drops) == (0, 0, 0)


@pytest.mark.parametrize(
    ("capacity", "record_bytes", "says"),
    [
        (0, 64, "0 records: allowed is a power of two"),
        (3, 64, "3 records: allowed is a power of two"),
        (-4, 64, "-4 records"),
        (1 << 25, 64, "33554432 records"),
        (4, 0, "0 bytes: allowed is a multiple of 8"),
        (4, 12, "12 bytes: allowed is a multiple of 8"),
        (4, -8, "-8 bytes"),
        (4, 1 << 21, "2097152 bytes"),
    ],
)
def test_sizes_that_cannot_be_are_refused_by_name(capacity: int, record_bytes: int, says: str) -> None:
    with pytest.raises(RingLayoutError, match=says):
        Ring.bytes_needed(capacity, record_bytes)
    with pytest.raises(ValueError, match=says):
        Ring(mmap.mmap(-1, 4096), capacity=capacity, record_bytes=record_bytes)


def test_a_buffer_of_zeros_is_no_ring_and_no_cell() -> None:
    with pytest.raises(RingLayoutError, match=r"no ring in this buffer: it begins with .*, expected b'hnd-ring'"):
        Ring(mmap.mmap(-1, 4096))
    with pytest.raises(RingLayoutError, match=r"no cell in this buffer: it begins with .*, expected b'hnd-cell'"):
        Cell(mmap.mmap(-1, 4096), record_bytes=64)


def test_a_cell_is_no_ring_and_a_ring_no_cell() -> None:
    memory, _ = new_ring()
    with pytest.raises(RingLayoutError, match="begins with b'hnd-ring', expected b'hnd-cell'"):
        Cell(memory, record_bytes=64)


def test_another_version_is_refused_with_both_versions() -> None:
    memory, _ = new_ring()
    memory[8:12] = struct.pack("<I", 9)
    with pytest.raises(RingLayoutError, match=r"version 9 .* expected version 1"):
        Ring(memory)
    memory, _ = new_cell()
    memory[8:12] = struct.pack("<I", 9)
    with pytest.raises(RingLayoutError, match="version 9, expected 1"):
        Cell(memory, record_bytes=64)


def test_another_record_size_is_refused_with_both_sizes() -> None:
    memory, _ = new_ring(4, 128)
    with pytest.raises(RingLayoutError, match="128-byte records, expected 64-byte records"):
        Ring(memory)
    memory, _ = new_cell(128)
    with pytest.raises(RingLayoutError, match="128-byte records, expected 64-byte records"):
        Cell(memory, record_bytes=64)


def test_a_capacity_that_was_overwritten_is_refused() -> None:
    memory, _ = new_ring()
    memory[16:20] = struct.pack("<I", 5)
    with pytest.raises(RingLayoutError, match="5 slots: allowed is a power of two"):
        Ring(memory)


def test_a_capacity_beyond_the_buffer_is_refused() -> None:
    memory, _ = new_ring()
    memory[16:20] = struct.pack("<I", 1 << 20)
    with pytest.raises(RingLayoutError, match=r"has \d+ bytes: \d+ are needed"):
        Ring(memory)


def test_indices_that_contradict_each_other_are_refused() -> None:
    memory, _ = new_ring()
    memory[256:264] = struct.pack("<Q", 1)
    with pytest.raises(RingLayoutError, match="indices contradict"):
        Ring(memory)


@pytest.mark.parametrize("size", [0, 63, 383, 384 + 255])
def test_a_buffer_that_is_too_small_is_refused_with_both_sizes(size: int) -> None:
    view = memoryview(mmap.mmap(-1, 4096))[:size]
    with pytest.raises(RingLayoutError, match=f"has {size} bytes: 640 are needed"):
        Ring(view, capacity=4)
    if size < 384:
        with pytest.raises(RingLayoutError, match=f"has {size} bytes: 384 are needed"):
            Ring(view)


def test_a_buffer_that_is_not_aligned_is_refused() -> None:
    view = memoryview(mmap.mmap(-1, 8192))[16:]
    with pytest.raises(RingLayoutError, match="16 bytes past a multiple of 64"):
        Ring(view, capacity=4)
    with pytest.raises(RingLayoutError, match="16 bytes past a multiple of 64"):
        Cell(view, record_bytes=64, create=True)


def test_a_read_only_buffer_is_refused() -> None:
    with pytest.raises(BufferError):
        Ring(bytes(4096), capacity=4)


def test_the_buffer_is_given_back_when_the_ring_is_gone_or_was_refused() -> None:
    memory, ring = new_ring()
    with pytest.raises(BufferError):
        memory.close()
    with pytest.raises(RingLayoutError):
        Ring(memory, record_bytes=8)
    del ring
    gc.collect()
    memory.close()


def test_cell_gives_zeros_then_always_the_latest() -> None:
    memory, cell = new_cell()
    reader = Cell(memory, record_bytes=64)
    assert (reader.read(), reader.writes, reader.record_bytes) == (bytes(64), 0, 64)
    for n in range(1, 6):
        cell.write(record(n))
        assert reader.read() == reader.read() == record(n)
        assert reader.writes == n


def test_cell_takes_any_contiguous_buffer_of_the_right_size_and_no_other() -> None:
    _, cell = new_cell()
    samples = np.zeros(1, HAND_SAMPLE)
    samples["frame"] = 3
    cell.write(samples[0])
    assert cell.read() == samples.tobytes()
    with pytest.raises(RingLayoutError, match="a record of 8 bytes offered to a cell whose records have 64"):
        cell.write(bytes(8))
    assert cell.writes == 1


def test_cell_keeps_the_last_whole_record_when_its_writer_died_half_way() -> None:
    memory, cell = new_cell()
    cell.write(record(1))
    cell.write(record(2))
    place = 128 + 64  # the third record goes where the first was
    memory[place : place + 24] = record(3, 24)
    assert cell.read() == record(2)
    cell.write(record(4))  # the writer that returns
    assert cell.read() == record(4)


def test_the_layout_in_memory_is_the_documented_one() -> None:
    memory, ring = new_ring(4)
    ring.push(record(7))
    base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    assert base % 64 == 0
    assert memory[:8] == b"hnd-ring"
    assert struct.unpack_from("<IIII", memory, 8) == (1, 64, 4, 384)
    assert struct.unpack_from("<Q", memory, 128) == (1,)  # tail
    assert struct.unpack_from("<Q", memory, 256) == (0,)  # head
    assert memory[384:448] == record(7)


class RingModel(RuleBasedStateMachine):
    """Whatever is done to a ring, it behaves as a bounded deque that counts what it refuses."""

    @initialize(capacity=st.sampled_from([1, 2, 4, 16]), record_bytes=st.sampled_from([8, 64, 72]))
    def make(self, capacity: int, record_bytes: int) -> None:
        self.memory, self.producer = new_ring(capacity, record_bytes)
        self.consumer = Ring(self.memory, record_bytes=record_bytes)
        self.capacity, self.size = capacity, record_bytes
        self.model: deque[bytes] = deque()
        self.pushed = self.drops = self.producers = self.consumers = 0

    @rule(count=st.integers(1, 20))
    def push(self, count: int) -> None:
        for _ in range(count):
            self.pushed += 1
            one = record(self.pushed, self.size)
            room = len(self.model) < self.capacity
            assert self.producer.push(one) is room
            if room:
                self.model.append(one)
            else:
                self.drops += 1

    @rule(count=st.integers(1, 20))
    def pop(self, count: int) -> None:
        for _ in range(count):
            assert self.consumer.pop() == (self.model.popleft() if self.model else None)

    @rule(room=st.integers(1, 20))
    def pop_into(self, room: int) -> None:
        out = bytearray(room * self.size)
        count = self.consumer.pop_into(out)
        assert count == min(room, len(self.model))
        assert out[: count * self.size] == b"".join(self.model.popleft() for _ in range(count))

    @rule()
    def discard(self) -> None:
        assert self.consumer.discard() == len(self.model)
        self.model.clear()

    @rule()
    def producer_dies_and_returns(self) -> None:
        self.producer = Ring(self.memory, record_bytes=self.size)
        self.producers += 1
        assert self.producer.open_producer() == self.producers

    @rule()
    def consumer_dies_and_returns(self) -> None:
        self.consumer = Ring(self.memory, record_bytes=self.size)
        self.consumers += 1
        assert self.consumer.open_consumer() == self.consumers

    @invariant()
    def counts_agree(self) -> None:
        for side in (self.producer, self.consumer):
            assert len(side) == len(self.model)
            assert side.drops == self.drops


TestRingModel = RingModel.TestCase
TestRingModel.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
