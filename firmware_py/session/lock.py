"""One session at a time: a lock that the kernel drops with its holder, and that names it to whoever comes second."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from firmware_py.errors import AlreadyRunningError, SessionFolderError


@contextmanager
def only_one(state: Path) -> Iterator[None]:
    """Hold ``<state>/hand-dance.lock`` while the block runs.

    Raises AlreadyRunningError, with the holder's pid, where another process holds it; SessionFolderError where the
    state folder cannot be written.
    """
    path = state / "hand-dance.lock"
    try:
        state.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise SessionFolderError(
            f"the state folder {state} cannot be written ({error.strerror}); "
            "make room or mount it writable, or name another place with --state"
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(handle, 20, 0).decode(errors="replace").strip() or "unknown"
            raise AlreadyRunningError(
                f"a session is being played already by process {holder}; stop it first, or play with another --state"
            ) from error
        try:
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            raise SessionFolderError(f"{path} cannot be written ({error.strerror}); make room or mount it") from error
        yield
    finally:
        os.close(handle)
