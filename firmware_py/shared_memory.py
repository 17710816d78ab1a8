"""Named shared memory under ``/dev/shm``, owned by one living process and readable by nobody but its user.

It is opened and mapped here and not by ``multiprocessing.shared_memory``, whose attachers unlink what they attach to
(cpython gh-82300). Not here: what lies in the memory (``_ring``, ``lanes``).

Who owns a segment is an open-file-description lock on its first byte: the kernel drops it when the owner dies, however it
dies, and no process number can be mistaken for another. A segment that nobody has locked is stale.
"""

import errno
import fcntl
import mmap
import os
import re
import stat
import struct
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from firmware_py.errors import SegmentAccessError, SegmentBusyError, UsageError

SHM: Final = Path("/dev/shm")
MODE: Final = 0o600
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_FLOCK: Final = "hhqqi4x"  # struct flock with 64-bit offsets: type, whence, start, length, pid
_OWNER_BYTE: Final = 0


class SharedSegment:
    """One named piece of shared memory; made by ``create`` or ``attach``, never directly."""

    def __init__(self, path: Path, descriptor: int, memory: mmap.mmap, *, owner: bool) -> None:
        self._path = path
        self._descriptor = descriptor
        self._memory = memory
        self._owner = owner
        self._creator_pid = os.getpid()

    @classmethod
    def create(cls, name: str, size: int) -> Self:
        """Make a segment of zeros and own it; a stale one of that name is replaced.

        Parameters
        ----------
        name
            1–64 of a–z, 0–9, dot, underscore and hyphen, beginning with a letter or digit.
        size
            Bytes, at least 1. All of it is reserved now, so that a full ``/dev/shm`` is an error here and no SIGBUS later.

        Raises
        ------
        SegmentBusyError
            A living process owns a segment of that name.
        SegmentAccessError
            Something of that name is there that is not this user's own segment.
        UsageError
            The name or the size is not allowed.
        OSError
            ``/dev/shm`` is full (ENOSPC) or missing.
        """
        path = _path(name)
        if size < 1:
            raise UsageError(f"a shared segment of {size} bytes: at least 1 is needed")
        # Under a name of its own until it is locked and whole, so that no other process can ever find it without an owner.
        unfinished = path.with_name(f"{path.name}.{os.getpid()}-{os.urandom(4).hex()}~")
        descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, MODE)
        try:
            os.fchmod(descriptor, MODE)  # whatever the umask made of it
            if not _lock(descriptor):
                raise SegmentBusyError(f"{unfinished} was locked by another process while it was being made")
            os.posix_fallocate(descriptor, 0, size)
            memory = mmap.mmap(descriptor, size)
            _claim(unfinished, path)
        except BaseException:
            os.unlink(unfinished)
            os.close(descriptor)
            raise
        return cls(path, descriptor, memory, owner=True)

    @classmethod
    def attach(cls, name: str) -> Self:
        """Open the segment that another process owns; closing it leaves it there.

        Raises
        ------
        FileNotFoundError
            There is no segment of that name.
        SegmentAccessError
            It belongs to another user, others may open it, or it is not a plain file.
        UsageError
            The name is not allowed.
        """
        path = _path(name)
        descriptor = _open_own(path)
        try:
            memory = mmap.mmap(descriptor, os.fstat(descriptor).st_size)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(path, descriptor, memory, owner=False)

    @property
    def path(self) -> Path:
        """The file under ``/dev/shm``."""
        return self._path

    @property
    def size(self) -> int:
        """Bytes, as given to ``create``."""
        return len(self._memory)

    def part(self, offset: int, size: int) -> memoryview:
        """A writable view of so many bytes from there; it keeps the memory mapped as long as it lives.

        Raises
        ------
        UsageError
            It does not lie inside the segment.
        """
        if offset < 0 or size < 0 or offset + size > len(self._memory):
            raise UsageError(f"bytes {offset}…{offset + size} of {self._path}: it has {len(self._memory)} bytes")
        return memoryview(self._memory)[offset : offset + size]

    def close(self) -> None:
        """Let go; the owner also removes the name. Safe to call again.

        Views that are still in use stay valid: the memory itself is unmapped when the last of them is gone.
        """
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor < 0:
            return
        if self._owner and os.getpid() == self._creator_pid and _is_at(descriptor, self._path):
            self._path.unlink(missing_ok=True)
        os.close(descriptor)
        try:
            self._memory.close()
        except BufferError:
            return  # a view is still in use; it owns the memory now

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def clean_stale() -> list[str]:
    """Remove all segments of this user whose owner is dead; returns their names, sorted."""
    removed = []
    prefix = _prefix()
    for path in sorted(SHM.glob(f"{prefix}*")):
        if _remove_stale(path):
            removed.append(path.name.removeprefix(prefix))
    return removed


def _prefix() -> str:
    return f"hand-dance-{os.getuid()}-"


def _path(name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"a shared segment named {name!r}: allowed are 1 to 64 of a-z, 0-9, dot, underscore and hyphen, "
            "beginning with a letter or digit"
        )
    return SHM / f"{_prefix()}{name}"


def _claim(unfinished: Path, path: Path) -> None:
    """Give the finished segment its name, unless a living process owns that name."""
    while True:
        try:
            os.link(unfinished, path)  # fails where a rename would replace
        except FileExistsError:
            if not _remove_stale(path) and path.exists():
                raise SegmentBusyError(
                    errno.EAGAIN, f"{path} is owned by a living process: end that session first"
                ) from None
        else:
            os.unlink(unfinished)
            return


def _remove_stale(path: Path) -> bool:
    """Remove one segment if its owner is dead; false when it is owned or gone already.

    Whoever holds the lock on the file that the name points to may remove the name; all others leave it alone.
    """
    try:
        descriptor = _open_own(path)
    except FileNotFoundError:
        return False
    try:
        if not _lock(descriptor) or not _is_at(descriptor, path):
            return False
        os.unlink(path)
        return True
    finally:
        os.close(descriptor)


def _open_own(path: Path) -> int:
    """Open a segment of this user; refuses what another user could have put there or could read."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except PermissionError:
        raise SegmentAccessError(errno.EACCES, f"{path} belongs to another user") from None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
            raise SegmentAccessError(errno.EACCES, f"{path} is not a plain file: remove it") from None
        raise
    status = os.fstat(descriptor)
    found = None
    if not stat.S_ISREG(status.st_mode):
        found = "is not a plain file"
    elif status.st_uid != os.getuid():
        found = f"belongs to user {status.st_uid}, not to {os.getuid()}"
    elif stat.S_IMODE(status.st_mode) != MODE:
        found = f"has mode {stat.S_IMODE(status.st_mode):04o}, expected {MODE:04o}"
    if found:
        os.close(descriptor)
        raise SegmentAccessError(errno.EACCES, f"{path} {found}: remove it")
    return descriptor


def _is_at(descriptor: int, path: Path) -> bool:
    """Does the name still point to this very file?"""
    try:
        there = os.stat(path, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(there, os.fstat(descriptor))


def _lock(descriptor: int) -> bool:
    """Try to become the owner; false when a living process is."""
    request = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, _OWNER_BYTE, 1, 0)
    try:
        fcntl.fcntl(descriptor, _F_OFD_SETLK, request)
    except (BlockingIOError, PermissionError):
        return False
    return True


_F_OFD_SETLK: Final = 37  # Linux, all architectures; the fcntl module of Python 3.11 does not name it
