"""Named shared memory, mostly between processes that know nothing of each other but the name."""

import gc
import os
import signal
import stat
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware_py import shared_memory
from firmware_py._ring import Ring
from firmware_py.errors import (
    HandDanceError,
    SegmentAccessError,
    SegmentBusyError,
    SegmentMissingError,
    SegmentSpaceError,
    UsageError,
)
from firmware_py.shared_memory import SharedSegment, clean_stale

ROOT = Path(__file__).parents[2]
CAPACITY = 16
SIZE = Ring.bytes_needed(CAPACITY)
NOBODY = 65534

PRELUDE = f"""
import os, signal, sys, time
from firmware_py._ring import Ring
from firmware_py.shared_memory import SharedSegment, clean_stale
name = sys.argv[1]
def say(*words): print(*words, flush=True)
def until(something, seconds=20.0):
    end = time.monotonic() + seconds
    while not something():
        if time.monotonic() > end: sys.exit("waited in vain")
        time.sleep(0.001)
CAPACITY, SIZE = {CAPACITY}, {SIZE}
"""

Start = Callable[..., "Stranger"]


class Stranger:
    """A process of its own that shares no handle with this one: all it gets is a name."""

    def __init__(self, name: str, script: str, **options: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PRELUDE + textwrap.dedent(script), name],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def tell(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)

    def end(self) -> str:
        """Close its input, wait for its end, and return all it still said."""
        said, wrong = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, wrong
        return said.strip()


@pytest.fixture
def name() -> Iterator[str]:
    chosen = f"test-{uuid.uuid4().hex[:12]}"
    yield chosen
    for left in shared_memory.SHM.glob(f"hand-dance-*-{chosen}*"):
        left.unlink()


@pytest.fixture
def start(name: str) -> Iterator[Start]:
    strangers: list[Stranger] = []

    def begin(script: str, **options: int) -> Stranger:
        strangers.append(Stranger(name, script, **options))
        return strangers[-1]

    yield begin
    for stranger in strangers:
        if stranger.process.poll() is None:
            stranger.kill()
        for pipe in (stranger.process.stdin, stranger.process.stdout, stranger.process.stderr):
            if pipe is not None and not pipe.closed:
                pipe.close()


OWN = "segment = SharedSegment.create(name, SIZE)\nsay('made')\nsys.stdin.read()\nsegment.close()"


def test_a_segment_is_zeros_of_mode_0600_under_its_users_name(name: str) -> None:
    before = os.umask(0o777)
    try:
        segment = SharedSegment.create(name, 5000)
    finally:
        os.umask(before)
    with segment:
        assert segment.path == Path(f"/dev/shm/hand-dance-{os.getuid()}-{name}")
        status = segment.path.lstat()
        assert stat.S_IMODE(status.st_mode) == 0o600
        assert status.st_uid == os.getuid()
        assert segment.size == status.st_size == 5000
        assert bytes(segment.part(0, 5000)) == bytes(5000)
        assert status.st_blocks * 512 >= 5000, "reserved, not only promised"


def test_what_one_writes_the_other_reads(name: str) -> None:
    with SharedSegment.create(name, 8192) as owner, SharedSegment.attach(name) as other:
        owner.part(4096, 4)[:] = b"hand"
        assert bytes(other.part(4096, 4)) == b"hand"
        assert other.size == 8192
        assert owner.owner_lives
        assert other.owner_lives


def test_only_the_owner_removes_the_name(name: str) -> None:
    with SharedSegment.create(name, 64) as owner:
        SharedSegment.attach(name).close()
        assert owner.path.exists()
    assert not owner.path.exists()
    owner.close()  # again is harmless


def test_close_leaves_views_in_use_valid(name: str) -> None:
    def mapped() -> int:
        gc.collect()
        return Path("/proc/self/maps").read_text().count("/dev/shm/")

    before = mapped()
    segment = SharedSegment.create(name, SIZE)
    ring = Ring(segment.part(0, SIZE), capacity=CAPACITY)
    segment.close()
    assert not segment.path.exists()
    assert ring.push(bytes(64))
    assert ring.pop() == bytes(64)
    assert mapped() == before + 1
    del ring, segment
    assert mapped() == before


def test_a_closed_segment_leaves_no_descriptor(name: str) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with SharedSegment.create(name, 64), SharedSegment.attach(name), pytest.raises(SegmentBusyError):
            SharedSegment.create(name, 64)
        with pytest.raises(SegmentMissingError):
            SharedSegment.attach(name)
        gc.collect()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_part_beyond_the_segment_is_refused(name: str) -> None:
    with SharedSegment.create(name, 4096) as segment:
        for offset, size in ((0, 4097), (4096, 1), (-1, 8), (0, -1)):
            with pytest.raises(UsageError, match="it has 4096 bytes"):
                segment.part(offset, size)


@pytest.mark.parametrize(
    "bad", ["", "../etc/passwd", "a/b", "Ä", "UPPER", ".hidden", "-x", "a" * 65, "a b", "a\n", "a\0b"]
)
def test_a_name_that_could_lead_elsewhere_is_refused(bad: str) -> None:
    with pytest.raises(UsageError, match="allowed are 1 to 64 of a-z"):
        SharedSegment.create(bad, 64)
    with pytest.raises(UsageError, match="allowed are 1 to 64 of a-z"):
        SharedSegment.attach(bad)


@pytest.mark.parametrize("size", [0, -1])
def test_a_segment_of_nothing_is_refused(name: str, size: int) -> None:
    with pytest.raises(UsageError, match="at least 1"):
        SharedSegment.create(name, size)


@pytest.mark.parametrize("size", [1 << 45, 1 << 70])
def test_more_than_there_is_is_an_error_at_once_and_leaves_nothing(name: str, size: int) -> None:
    with pytest.raises(SegmentSpaceError, match=f"no shared memory of {size} bytes at .*{name}"):
        SharedSegment.create(name, size)
    assert not list(shared_memory.SHM.glob(f"*{name}*"))


def test_a_missing_segment_is_said_to_be_missing(name: str) -> None:
    with pytest.raises(FileNotFoundError, match="is not there: its owner") as caught:
        SharedSegment.attach(name)
    assert isinstance(caught.value, HandDanceError)


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o602, 0o400])
def test_a_segment_that_others_may_open_is_refused(name: str, mode: int) -> None:
    with SharedSegment.create(name, 64) as segment:
        segment.path.chmod(mode)
        with pytest.raises(SegmentAccessError, match=name):
            SharedSegment.attach(name)


@pytest.mark.parametrize("kind", ["symlink", "directory", "fifo", "empty"])
def test_what_is_no_plain_file_is_refused_and_left_alone(name: str, kind: str, tmp_path: Path) -> None:
    path = Path(f"/dev/shm/hand-dance-{os.getuid()}-{name}")
    target = tmp_path / "target"
    target.write_bytes(bytes(64))
    target.chmod(0o600)
    match kind:
        case "symlink":
            path.symlink_to(target)
        case "directory":
            path.mkdir()
        case "fifo":
            os.mkfifo(path, 0o600)
        case "empty":
            path.touch(0o600)
    try:
        with pytest.raises(SegmentAccessError, match=name):
            SharedSegment.attach(name)
        if kind != "empty":  # an empty plain file is just stale
            with pytest.raises(SegmentAccessError, match=name):
                SharedSegment.create(name, 64)
            clean_stale()
            assert path.lstat()
        assert target.read_bytes() == bytes(64)
    finally:
        path.rmdir() if kind == "directory" else path.unlink(missing_ok=True)


def test_another_user_cannot_attach(name: str) -> None:
    if os.getuid() != 0:
        # Without root there is no second user to be: the file itself must keep everybody else out.
        with SharedSegment.create(name, 64) as segment:
            assert segment.path.stat().st_mode & 0o077 == 0
        return
    script = """
        import os, sys
        from firmware_py import shared_memory
        from firmware_py.errors import SegmentAccessError
        os.setgid({nobody}); os.setuid({nobody})
        shared_memory.os.getuid = lambda: 0  # look where root's segments are
        try:
            shared_memory.SharedSegment.attach(sys.argv[1])
        except SegmentAccessError as error:
            print(error)
    """
    with SharedSegment.create(name, 64):
        command = [sys.executable, "-c", textwrap.dedent(script).format(nobody=NOBODY), name]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=True)
    assert "not this user's own plain file (Permission denied)" in done.stdout


def test_a_segment_planted_by_another_user_is_refused(name: str) -> None:
    if os.getuid() != 0:
        with SharedSegment.create(name, 64) as segment, pytest.MonkeyPatch.context() as patch:
            real = os.fstat
            patch.setattr(os, "fstat", lambda fd: os.stat_result((*real(fd)[:4], NOBODY, *real(fd)[5:])))
            with pytest.raises(SegmentAccessError, match=f"belongs to user {NOBODY}"):
                SharedSegment.attach(segment.path.name.split("-", 3)[3])
        return
    path = Path(f"/dev/shm/hand-dance-0-{name}")
    path.write_bytes(bytes(64))
    path.chmod(0o600)
    os.chown(path, NOBODY, NOBODY)
    for refused in (lambda: SharedSegment.attach(name), lambda: SharedSegment.create(name, 64)):
        with pytest.raises(SegmentAccessError, match=f"belongs to user {NOBODY}, not to 0"):
            refused()
    clean_stale()
    assert path.exists()


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
