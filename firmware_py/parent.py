"""Ties a supervised process to the one that started it, so that it never outlives it, not even stopped or spinning.

The kernel does it, so a process that asks nothing any more is ended too. Not here: noticing a child's death
(``session.child``), or that the owner of shared memory is gone (``shared_memory``).
"""

import ctypes
import os
import signal
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def die_with(parent_pid: int) -> None:
    """Have the kernel end this process when the thread that started it ends, however that comes about.

    parent_pid: who that must be; 0: nobody, and nothing is done. Raises SystemExit when it is dead already, OSError
    when the kernel refuses.
    """
    if not parent_pid:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0):
        raise OSError(ctypes.get_errno(), "the kernel refuses to tie this process to its parent")
    if os.getppid() != parent_pid:  # it died before it could be watched
        raise SystemExit(1)
