"""What one record costs from Python: the ring beside the queues and pipes that a Python program would use instead.

Each peer is a one-way channel of 64-byte records, opened the way its own documentation opens it between two processes.
The other side is a process of its own that answers, or sends as fast as it can.
"""

import functools
import importlib
import itertools
import multiprocessing
import multiprocessing.connection
import multiprocessing.context
import multiprocessing.process
import multiprocessing.reduction
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from firmware_py._ring import Ring
from firmware_py.bench.duel import quartiles
from firmware_py.errors import BenchError
from firmware_py.shared_memory import SharedSegment

RECORD_BYTES: Final = 64
CAPACITY: Final = 256
_FILL: Final = 200  # records in a row, fewer than any of the channels holds
_START_S: Final = 30.0
_ECHO, _STREAM, _END = b"e", b"s", b"q"


class Channel(Protocol):
    """One way from one process to another; goes to the other process as an argument.

    ``producer`` gives what puts one record in, ``consumer`` what takes one out (the ring's gives None when there is
    none, all others wait), ``close`` lets go of it where it was made.
    """

    def producer(self) -> Callable[[bytes], Any]: ...
    def consumer(self) -> Callable[[], Any]: ...
    def close(self) -> None: ...


class RingChannel:
    """The ring, over a shared segment that both sides open by name."""

    def __init__(self) -> None:
        self._name = f"bench-{uuid.uuid4().hex[:12]}"
        self._segment: SharedSegment | None = SharedSegment.create(self._name, Ring.bytes_needed(CAPACITY))
        self._ring: Ring | None = Ring(self._segment.part(0, self._segment.size), capacity=CAPACITY)

    def __getstate__(self) -> str:
        return self._name

    def __setstate__(self, name: str) -> None:
        self._name = name
        self._segment = SharedSegment.attach(name)
        self._ring = Ring(self._segment.part(0, self._segment.size))

    def producer(self) -> Callable[[bytes], Any]:
        assert self._ring is not None  # noqa: S101 - for the type checker: closed channels are not used
        self._ring.open_producer()
        return self._ring.push

    def consumer(self) -> Callable[[], Any]:
        assert self._ring is not None  # noqa: S101 - as above
        self._ring.open_consumer()
        return self._ring.pop

    def close(self) -> None:
        self._ring = None
        if self._segment is not None:
            self._segment.close()


class QueueChannel:
    """multiprocessing.Queue."""

    def __init__(self) -> None:
        self._queue: Any = _SPAWN.Queue()

    def producer(self) -> Callable[[bytes], Any]:
        return self._queue.put  # type: ignore[no-any-return]

    def consumer(self) -> Callable[[], Any]:
        return self._queue.get  # type: ignore[no-any-return]

    def close(self) -> None:
        self._queue.close()
        self._queue.join_thread()


class ConnectionChannel:
    """multiprocessing.Pipe, one way."""

    def __init__(self) -> None:
        self._out, self._in = _SPAWN.Pipe(duplex=False)

    def producer(self) -> Callable[[bytes], Any]:
        return self._in.send_bytes

    def consumer(self) -> Callable[[], Any]:
        return self._out.recv_bytes

    def close(self) -> None:
        self._in.close()
        self._out.close()


class PipeChannel:
    """os.pipe: 64 bytes are fewer than PIPE_BUF, so a record is written and read whole."""

    def __init__(self) -> None:
        self._out, self._in = os.pipe()

    def __getstate__(self) -> tuple[Any, Any]:
        return multiprocessing.reduction.DupFd(self._out), multiprocessing.reduction.DupFd(self._in)

    def __setstate__(self, ends: tuple[Any, Any]) -> None:
        self._out, self._in = (end.detach() for end in ends)

    def producer(self) -> Callable[[bytes], Any]:
        return functools.partial(os.write, self._in)

    def consumer(self) -> Callable[[], Any]:
        return functools.partial(os.read, self._out, RECORD_BYTES)

    def close(self) -> None:
        os.close(self._in)
        os.close(self._out)


class FasterFifoChannel:
    """faster-fifo's Queue."""

    def __init__(self) -> None:
        importlib.import_module("faster_fifo_reduction")  # lets the queue go to another process
        self._queue: Any = importlib.import_module("faster_fifo").Queue(max_size_bytes=1 << 20)

    def producer(self) -> Callable[[bytes], Any]:
        return self._queue.put  # type: ignore[no-any-return]

    def consumer(self) -> Callable[[], Any]:
        return self._queue.get  # type: ignore[no-any-return]

    def close(self) -> None:
        self._queue.close()


class ZmqChannel:
    """pyzmq: PUSH to PULL over ipc."""

    def __init__(self) -> None:
        self._open()  # first: where zmq is absent, no folder is left behind
        self._folder = tempfile.TemporaryDirectory(prefix="hand-dance-bench-")
        self._address = f"ipc://{Path(self._folder.name) / 'socket'}"
        self._made_here = True

    def _open(self) -> None:
        self._zmq: Any = importlib.import_module("zmq")
        self._context: Any = self._zmq.Context()

    def __getstate__(self) -> str:
        return self._address

    def __setstate__(self, address: str) -> None:
        self._address = address
        self._made_here = False
        self._open()

    def _socket(self, kind: int) -> Any:
        socket = self._context.socket(kind)
        socket.set_hwm(0)
        socket.linger = 0
        return socket

    def producer(self) -> Callable[[bytes], Any]:
        socket = self._socket(self._zmq.PUSH)
        socket.connect(self._address)
        return socket.send  # type: ignore[no-any-return]

    def consumer(self) -> Callable[[], Any]:
        socket = self._socket(self._zmq.PULL)
        socket.bind(self._address)
        return socket.recv  # type: ignore[no-any-return]

    def close(self) -> None:
        self._context.destroy(linger=0)
        self._folder.cleanup()


@dataclass(frozen=True)
class PeerFigures:
    """One channel from Python, times in ns; None where it was not measured."""

    push_ns: float
    pop_ns: float
    rtt_ns: float
    items_per_s: float
    push_quartiles: tuple[float, float]
    pop_quartiles: tuple[float, float]


_SPAWN: Final = multiprocessing.get_context("spawn")
RING: Final = "hand-dance ring"
CHANNELS: Final[dict[str, Callable[[], Channel]]] = {
    RING: RingChannel,
    "multiprocessing.Queue": QueueChannel,
    "multiprocessing.Pipe": ConnectionChannel,
    "os.pipe": PipeChannel,
    "faster-fifo": FasterFifoChannel,
    "pyzmq": ZmqChannel,
}


def measure(seconds: float) -> tuple[dict[str, PeerFigures], dict[str, str]]:
    """Measure every channel, interleaved, for about so long in all.

    Returns
    -------
    figures
        By name of the channel; RING is the project's own.
    absent
        By name of those that are not installed: what to do about it.
    """
    figures: dict[str, PeerFigures] = {}
    absent: dict[str, str] = {}
    with ExitStack() as stack:
        alone: dict[str, tuple[Callable[[bytes], Any], Callable[[], Any]]] = {}
        for name, make in CHANNELS.items():
            try:
                channel = make()
            except ModuleNotFoundError as error:
                absent[name] = f"{error.name} is not installed: pip install 'hand-dance[bench]'"
                continue
            stack.callback(channel.close)
            pop = channel.consumer()  # first: it may be the one to be found by the other
            alone[name] = (channel.producer(), pop)
        costs = _alone(alone, seconds / 2)
    for name in costs:
        rtt_ns, items_per_s = _together(CHANNELS[name], seconds / 2 / len(costs))
        pushes, pops = costs[name]
        figures[name] = PeerFigures(
            push_ns=statistics.median(pushes),
            pop_ns=statistics.median(pops),
            rtt_ns=rtt_ns,
            items_per_s=items_per_s,
            push_quartiles=quartiles(pushes),
            pop_quartiles=quartiles(pops),
        )
    return figures, absent


def _alone(
    channels: dict[str, tuple[Callable[[bytes], Any], Callable[[], Any]]], seconds: float
) -> dict[str, tuple[list[float], list[float]]]:
    """Cost of a push and of a pop in one process: fill, drain, every channel in turn, for so long."""
    record = bytes(range(RECORD_BYTES))
    costs: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in channels}
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(costs[RING][0]) < 3:
        for name, (push, pop) in channels.items():
            start = time.perf_counter_ns()
            for _ in itertools.repeat(None, _FILL):
                push(record)
            full = time.perf_counter_ns()
            for _ in itertools.repeat(None, _FILL):
                pop()
            empty = time.perf_counter_ns()
            costs[name][0].append((full - start) / _FILL)
            costs[name][1].append((empty - full) / _FILL)
    return costs


def _together(make: Callable[[], Channel], seconds: float) -> tuple[float, float]:
    """Median round trip in ns, and records per second, between two pinned processes."""
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) < 2:
        raise BenchError("two processors are needed, one for each side")
    with ExitStack() as stack:
        there, back = make(), make()
        stack.callback(there.close)
        stack.callback(back.close)
        stack.enter_context(_other_side(there, back, processors[1]))
        stack.enter_context(_pinned(processors[0], set(processors)))
        push, pop = _certain(there.producer()), _waiting(back.consumer())
        return _trips(push, pop, seconds / 2), _stream(push, pop, seconds / 2)


def _trips(push: Callable[[bytes], Any], pop: Callable[[], bytes], seconds: float) -> float:
    record = _ECHO * RECORD_BYTES
    trips: list[int] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for _ in itertools.repeat(None, 50):
            start = time.perf_counter_ns()
            push(record)
            pop()
            trips.append(time.perf_counter_ns() - start)
    return statistics.median(trips)


def _stream(push: Callable[[bytes], Any], pop: Callable[[], bytes], seconds: float) -> float:
    count = 1000
    rates: list[float] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(rates) < 3:
        push((_STREAM + count.to_bytes(4, "little")).ljust(RECORD_BYTES))
        pop()  # the first tells that it has begun
        start = time.perf_counter_ns()
        for _ in itertools.repeat(None, count):
            pop()
        took_s = (time.perf_counter_ns() - start) / 1e9
        rates.append(count / took_s)
        if took_s < 0.02:
            count *= 2
    push(_END * RECORD_BYTES)
    return statistics.median(rates)


def _answer(there: Channel, back: Channel, ready: Any, processor: int) -> None:
    """The other side: echo, or stream as many as asked for, until told to end."""
    os.sched_setaffinity(0, {processor})
    pop, push = _waiting(there.consumer()), _certain(back.producer())
    ready.send_bytes(b"ready")
    while True:
        record = pop()
        match record[:1]:
            case b"e":
                push(record)
            case b"s":
                for _ in itertools.repeat(None, 1 + int.from_bytes(record[1:5], "little")):
                    push(record)
            case _:
                return


def _certain(push: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """A push that goes again while the ring is full (it alone answers False); all others wait by themselves."""
    if not isinstance(getattr(push, "__self__", None), Ring):
        return push

    def again(record: bytes) -> None:
        while not push(record):
            pass

    return again


def _waiting(pop: Callable[[], Any]) -> Callable[[], bytes]:
    """A pop that goes again while the ring is empty; all others wait by themselves."""
    if not isinstance(getattr(pop, "__self__", None), Ring):
        return pop

    def again() -> bytes:
        while (record := pop()) is None:
            pass
        return record  # type: ignore[no-any-return]

    return again


@contextmanager
def _other_side(there: Channel, back: Channel, processor: int) -> Iterator[None]:
    mine, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_answer, args=(there, back, theirs, processor), daemon=True)
    process.start()
    try:
        multiprocessing.connection.wait([mine, process.sentinel], timeout=_START_S)
        if not process.is_alive() or not mine.poll():
            raise BenchError(f"the other side of {type(there).__name__} did not begin within {_START_S:.0f} s")
        yield
        process.join(5)
    finally:
        process.kill()
        process.join()
        mine.close()
        theirs.close()


@contextmanager
def _pinned(processor: int, before: set[int]) -> Iterator[None]:
    os.sched_setaffinity(0, {processor})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
