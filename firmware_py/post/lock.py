"""A lock on a folder that ends with the process that holds it, however it dies.

No times and no process numbers: nobody has to guess whether the holder still lives, and a clock that jumps frees
nothing.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path


def locked(folder: Path) -> int | None:
    """Lock a folder, made if need be; return the descriptor that holds the lock, None where somebody else has it.

    Closing the descriptor, or the end of the process, frees it. Raises OSError where the folder cannot be made.
    """
    while True:
        # Not exist_ok: that looks a second time, and fails where the holder before us removes the folder in between.
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        try:
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The holder before us may have removed the folder: then this lock is on something no one else will find.
            if os.path.samestat(os.fstat(lock), folder.stat()):
                return lock
        except BlockingIOError:
            os.close(lock)
            return None
        except FileNotFoundError:
            pass
        os.close(lock)
