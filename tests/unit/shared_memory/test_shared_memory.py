"""Named shared memory as one process sees it, and what it refuses."""

import gc
import os
import stat
import subprocess
import sys
import textwrap
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

ROOT = Path(__file__).parents[3]
CAPACITY = 16
SIZE = Ring.bytes_needed(CAPACITY)
NOBODY = 65534


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
