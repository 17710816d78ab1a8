"""Named shared memory under ``/dev/shm``, owned by one living process and open to nobody but its user.

It is opened and mapped here and not by ``multiprocessing.shared_memory``, whose attachers unlink what they attach to
(cpython gh-82300). Not here: what lies in the memory (``_ring``, ``lanes``).

Who owns a segment is a lock on its first byte that belongs to the open file: the kernel drops it when the owner dies,
however it dies, and no process number can be mistaken for another. A segment without that lock is stale. A second lock,
held for an instant, lets only one process at a time judge a segment stale and sweep it away.
"""

import fcntl
import mmap
import os
import re
import stat
import struct
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from firmware_py.errors import (
    SegmentAccessError,
    SegmentBusyError,
    SegmentMissingError,
    SegmentSpaceError,
    UsageError,
)

SHM: Final = Path("/dev/shm")  # noqa: S108 - names there are checked for owner, mode and kind before use
MODE: Final = 0o600
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_OWNER_BYTE: Final = 0
_SWEEPER_BYTE: Final = 1
_SWEEP_PATIENCE_S: Final = 1.0
_CLAIM_PATIENCE_S: Final = 3.0

# Linux numbers of the locks that belong to an open file, and its struct flock: the fcntl module of 3.11 lacks them.
_F_OFD_GETLK: Final = 36
_F_OFD_SETLK: Final = 37
_FLOCK: Final = struct.Struct("hhqqi4x")  # type, whence, start, length, pid


class SharedSegment:
    """One named piece of shared memory; made by ``create`` or ``attach``, never directly.

    A context manager: leaving the block closes it. The owner must not fork without exec while it holds a segment: the
    child would share the lock and keep the segment owned after the owner's death.
    """

    def __init__(self, path: Path, descriptor: int, memory: mmap.mmap, *, owner: bool) -> None:
        self._path = path
        self._descriptor = descriptor
        self._memory = memory
        self._size = len(memory)
        self._owner_pid = os.getpid() if owner else None

    @classmethod
    def create(cls, name: str, size: int) -> Self:
        """Make a segment of zeros and own it; a stale one of that name is replaced.

        Parameters
        ----------
        name
            1–64 of a–z, 0–9, dot, underscore and hyphen, beginning with a letter or digit.
        size
            Bytes, at least 1. All of it is reserved now: a full ``/dev/shm`` is an error here and no SIGBUS later.

        Raises
        ------
        SegmentBusyError
            A living process owns a segment of that name.
        SegmentAccessError
            Something of that name is there that is not this user's own segment.
        SegmentSpaceError
            ``/dev/shm`` is missing or has not so many bytes left.
        UsageError
            The name or the size is not allowed.
        """
        path = _path(name)
        if size < 1:
            raise UsageError(f"a shared segment of {size} bytes: at least 1 is needed")
        descriptor = -1
        try:
            # Without a name until it is locked and whole: nobody can find it half made, and nothing is left of it when
            # this process is killed here.
            descriptor = os.open(SHM, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, MODE)
            os.fchmod(descriptor, MODE)  # whatever the umask made of it
            os.posix_fallocate(descriptor, 0, size)
            memory = mmap.mmap(descriptor, size)
            _try_lock(descriptor, _OWNER_BYTE)
            _claim(descriptor, path)
        except (SegmentBusyError, SegmentAccessError):
            os.close(descriptor)
            raise
        except (OSError, OverflowError) as error:
            if descriptor >= 0:
                os.close(descriptor)
            raise SegmentSpaceError(
                f"no shared memory of {size} bytes at {path} ({error}): free some or mount it larger"
            ) from error
        return cls(path, descriptor, memory, owner=True)

    @classmethod
    def attach(cls, name: str) -> Self:
        """Open the segment that another process made; closing it leaves it there.

        Raises
        ------
        SegmentMissingError
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
        except (OSError, ValueError) as error:
            os.close(descriptor)
            raise SegmentAccessError(f"{path} cannot be mapped ({error}): remove it") from error
        return cls(path, descriptor, memory, owner=False)

    @property
    def path(self) -> Path:
        """The file under ``/dev/shm``."""
        return self._path

    @property
    def size(self) -> int:
        """Bytes, as given to ``create``."""
        return self._size

    @property
    def owner_lives(self) -> bool:
        """Does the process that made it still live and hold it? For attached ones to end with their owner."""
        if self._descriptor < 0:
            return False
        return self._owner_pid is not None or _is_locked(self._descriptor, _OWNER_BYTE)

    def part(self, offset: int, size: int) -> memoryview:
        """A writable view of ``size`` bytes from ``offset``; the memory stays mapped as long as the view lives.

        Raises
        ------
        UsageError
            It does not lie inside the segment.
        """
        if offset < 0 or size < 0 or offset + size > self.size:
            raise UsageError(f"bytes {offset} to {offset + size} of {self._path}: it has {self.size} bytes")
        return memoryview(self._memory)[offset : offset + size]

    def close(self) -> None:
        """Let go; the owner also removes the name. May be called again.

        Views that are still in use stay valid: the memory is unmapped when the last of them is gone.
        """
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor < 0:
            return
        try:
            if self._owner_pid == os.getpid() and _is_at(descriptor, self._path):
                self._path.unlink(missing_ok=True)
        finally:
            os.close(descriptor)
        try:
            self._memory.close()
        except BufferError:
            return  # a view is in use and keeps the memory

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def clean_stale() -> list[str]:
    """Remove all segments of this user whose owner is dead; returns their names, sorted."""
    prefix = _prefix()
    removed = []
    for path in sorted(SHM.glob(f"{prefix}*")):
        try:
            if _sweep(path):
                removed.append(path.name.removeprefix(prefix))
        except SegmentAccessError:
            continue  # not one of ours, whatever its name says
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


def _claim(descriptor: int, path: Path) -> None:
    """Give the finished segment its name, unless a living process owns that name."""
    deadline = time.monotonic() + _CLAIM_PATIENCE_S
    while True:
        try:
            # linkat and not rename: it fails where a rename would replace. CPython follows the link in /proc only when
            # it is given a directory, which an absolute path then ignores.
            os.link(f"/proc/self/fd/{descriptor}", path, src_dir_fd=descriptor, follow_symlinks=True)
        except FileExistsError:
            if not _sweep(path) and (_is_owned(path) or time.monotonic() > deadline):
                raise SegmentBusyError(f"{path} is owned by a living process: end that one first") from None
        else:
            return


def _sweep(path: Path) -> bool:
    """Remove one segment if its owner is dead; false when its owner lives or it is gone already."""
    try:
        descriptor = _open_own(path)
    except SegmentMissingError:
        return False
    try:
        deadline = time.monotonic() + _SWEEP_PATIENCE_S
        while not _try_lock(descriptor, _SWEEPER_BYTE):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.001)
        # Only one process at a time comes here with this file, and a dead owner's lock never comes back: if the name
        # still leads to this file and nobody owns it, it stays so until the name is gone.
        if _is_locked(descriptor, _OWNER_BYTE) or not _is_at(descriptor, path):
            return False
        path.unlink()
        return True
    finally:
        os.close(descriptor)


def _is_owned(path: Path) -> bool:
    try:
        descriptor = _open_own(path)
    except SegmentMissingError:
        return False
    try:
        return _is_locked(descriptor, _OWNER_BYTE)
    finally:
        os.close(descriptor)


def _open_own(path: Path) -> int:
    """Open a segment of this user; refuses what another user could have put there or could read."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise SegmentMissingError(f"{path} is not there: its owner has not made it or has ended") from None
    except OSError as error:
        raise SegmentAccessError(f"{path} is not this user's own plain file ({error.strerror}): remove it") from error
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
        raise SegmentAccessError(f"{path} {found}: remove it")
    return descriptor


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether the name still leads to this very file."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _try_lock(descriptor: int, byte: int) -> bool:
    try:
        fcntl.fcntl(descriptor, _F_OFD_SETLK, _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0))
    except (BlockingIOError, PermissionError):
        return False
    return True


def _is_locked(descriptor: int, byte: int) -> bool:
    """Whether another open file has that byte locked."""
    answer = fcntl.fcntl(descriptor, _F_OFD_GETLK, _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0))
    return bool(_FLOCK.unpack(answer)[0] != fcntl.F_UNLCK)
