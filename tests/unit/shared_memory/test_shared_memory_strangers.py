"""Named shared memory between processes that know nothing of each other but the name, and that are killed."""

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from firmware_py import shared_memory
from firmware_py._ring import Ring
from firmware_py.errors import SegmentBusyError, SegmentMissingError
from firmware_py.shared_memory import SharedSegment, clean_stale

CAPACITY = 16
SIZE = Ring.bytes_needed(CAPACITY)
Start = Callable[..., Any]
OWN = "segment = SharedSegment.create(name, SIZE)\nsay('made')\nsys.stdin.read()\nsegment.close()"


def test_a_living_owner_is_busy_even_for_a_stranger(name: str, start: Start) -> None:
    owner = start(OWN)
    assert owner.hear() == "made"
    with pytest.raises(SegmentBusyError, match="owned by a living process"):
        SharedSegment.create(name, 64)
    assert name not in clean_stale()
    assert SharedSegment.attach(name).size == SIZE
    owner.end()
    with pytest.raises(SegmentMissingError):
        SharedSegment.attach(name)


def test_a_killed_owners_segment_is_stale_and_replaced(name: str, start: Start) -> None:
    owner = start(OWN)
    assert owner.hear() == "made"
    attached = SharedSegment.attach(name)
    assert attached.owner_lives
    owner.kill()
    assert not attached.owner_lives
    assert attached.path.exists()
    with SharedSegment.create(name, 4096) as mine:
        assert mine.size == 4096
        assert bytes(mine.part(0, 64)) == bytes(64)
        assert attached.size == SIZE, "who was attached keeps the old memory"
        attached.close()
        assert mine.path.exists()


def test_clean_stale_removes_the_dead_and_keeps_the_living(name: str, start: Start) -> None:
    script = """
        kept = [SharedSegment.create(f"{name}-{i}", 64) for i in range(3)]
        say('made')
        sys.stdin.read()
    """
    dead = start(script)
    assert dead.hear() == "made"
    with SharedSegment.create(f"{name}-alive", 64):
        dead.kill()
        removed = [found for found in clean_stale() if found.startswith(name)]
        assert removed == [f"{name}-{i}" for i in range(3)]
        assert [path.name for path in shared_memory.SHM.glob(f"*{name}*")] == [f"hand-dance-{os.getuid()}-{name}-alive"]
        assert not [found for found in clean_stale() if found.startswith(name)]


def test_a_segment_that_took_the_stale_ones_place_meanwhile_is_not_swept(
    name: str, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = start(OWN)
    stale.hear()
    stale.kill()
    really = shared_memory._is_locked
    newcomer: list[SharedSegment] = []

    def slowly(descriptor: int, byte: int) -> bool:
        locked = really(descriptor, byte)
        monkeypatch.setattr(shared_memory, "_is_locked", really)
        (shared_memory.SHM / f"hand-dance-{os.getuid()}-{name}").unlink()
        newcomer.append(SharedSegment.create(name, 64))
        return locked

    monkeypatch.setattr(shared_memory, "_is_locked", slowly)
    assert name not in clean_stale()
    with newcomer[0] as segment:
        assert segment.path.exists()


def test_an_attacher_that_ends_does_not_remove_the_segment(name: str, start: Start) -> None:
    with SharedSegment.create(name, SIZE) as owner:
        for ending in ("sys.exit(0)", "os._exit(0)", "segment.close()", "pass"):
            start(f"segment = SharedSegment.attach(name)\nsay(segment.size)\n{ending}").end()
            assert owner.path.exists()
        killed = start("segment = SharedSegment.attach(name)\nsay('here')\nsys.stdin.read()")
        killed.hear()
        killed.kill()
        assert owner.path.exists()


def test_a_child_of_the_owner_does_not_remove_its_segment(name: str, start: Start) -> None:
    script = """
        segment = SharedSegment.create(name, SIZE)
        child = os.fork()
        if child == 0:
            segment.close()
            os._exit(0)
        os.waitpid(child, 0)
        say(segment.path.exists())
        segment.close()
    """
    assert start(script).end() == "True"


def test_of_many_creators_at_once_exactly_one_owns_the_name(name: str, start: Start) -> None:
    stale = start(OWN)
    stale.hear()
    stale.kill()
    script = """
        from firmware_py.errors import SegmentBusyError
        say('ready')
        sys.stdin.readline()
        for lap in range(30):
            try:
                segment = SharedSegment.create(name, SIZE)
            except SegmentBusyError:
                continue
            mark = segment.part(0, 8)
            mark[:] = os.getpid().to_bytes(8, 'little')
            for _ in range(20):  # nobody else may take it or write into it meanwhile
                there = SharedSegment.attach(name)
                if bytes(there.part(0, 8)) != bytes(mark): sys.exit('two owners')
                there.close()
                clean_stale()
            if lap % 7 == 6: os.kill(os.getpid(), signal.SIGKILL)  # leaves a stale one to fight over
            segment.close()
        say('done')
    """
    rivals = [start(script) for _ in range(4)]
    assert [rival.hear() for rival in rivals] == ["ready"] * 4
    for rival in rivals:
        rival.tell()
    for rival in rivals:
        _, wrong = rival.process.communicate(timeout=60)
        assert rival.process.returncode in (0, -signal.SIGKILL), wrong
    clean_stale()
    with SharedSegment.create(name, 64):
        pass


CONSUME = """
    segment = SharedSegment.attach(name)
    ring = Ring(segment.part(0, SIZE))
    ring.open_consumer()
    say('open')
    last, epoch = -1, ring.producer_epoch
    while last != 0xFFFF:
        one = ring.pop()
        if one is None:
            time.sleep(0)
            continue
        number = int.from_bytes(one[:8], 'little')
        if number <= last or one != one[:8] * 8: sys.exit(f'{number} after {last}')
        if ring.producer_epoch != epoch:
            epoch = ring.producer_epoch
            say('producer', epoch)
        last = number
"""

PRODUCE = """
    segment = SharedSegment.attach(name)
    ring = Ring(segment.part(0, SIZE))
    epoch = ring.open_producer()
    say('open', epoch)
    for number in range(epoch * 10**6, (epoch + 1) * 10**6):
        ring.push(number.to_bytes(8, 'little') * 8)
        ring.beat_producer()
        time.sleep(0)
"""


def test_a_producer_that_is_killed_and_returns_is_picked_up_by_the_same_consumer(name: str, start: Start) -> None:
    with SharedSegment.create(name, SIZE) as segment:
        watch = Ring(segment.part(0, SIZE), capacity=CAPACITY)
        consumer = start(CONSUME.replace("last != 0xFFFF", "last < 3_000_100"))
        assert consumer.hear() == "open"
        for epoch in (1, 2):
            producer = start(PRODUCE)
            assert producer.hear() == f"open {epoch}"
            assert consumer.hear() == f"producer {epoch}"
            producer.kill()
        producer = start(PRODUCE)
        assert producer.hear() == "open 3"
        assert consumer.hear() == "producer 3"
        consumer.end()
        assert (watch.producer_epoch, watch.consumer_epoch) == (3, 1)


def test_a_consumer_that_is_killed_and_returns_goes_on_where_it_was(name: str, start: Start) -> None:
    with SharedSegment.create(name, SIZE) as segment:
        ring = Ring(segment.part(0, SIZE), capacity=CAPACITY)
        ring.open_producer()
        script = """
            segment = SharedSegment.attach(name)
            ring = Ring(segment.part(0, SIZE))
            say('open', ring.open_consumer())
            until(lambda: len(ring) >= 2)
            say(ring.pop()[0])
            sys.stdin.read()
        """
        first = start(script)
        assert first.hear() == "open 1"
        for number in range(CAPACITY + 3):  # the ring runs full while nobody reads on
            ring.push(bytes([number]) * 64)
            if number == 2:
                assert first.hear() == "0"
                first.kill()
        assert ring.drops == 2
        second = start(script)
        assert second.hear() == "open 2"
        assert second.hear() == "1"
        second.end()
        assert (ring.producer_epoch, ring.consumer_epoch) == (1, 2)
        assert ring.push(bytes(64)), "the producer goes on without having done anything"
