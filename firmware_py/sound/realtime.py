"""What the operating system can grant a realtime process: SCHED_FIFO and locked memory.

A sound device may bring threads of its own, which carry every block to its server (ALSA's plugins for PulseAudio and
PipeWire do): left at the common priority, they would let the device run dry behind a realtime thread that is on time.

Each is asked for once, before the first sound; what is refused is said in one line, and the music plays on without it.
"""

import contextlib
import ctypes
import gc
import os
import resource
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from firmware_py.lanes import STATUS_LOCKED, STATUS_REALTIME

RUNAWAY_US: Final = 1_000_000  # of processor time without a single wait: no music needs that, so end it
PRIORITY: Final = 70  # above most of the machine, below the kernel's own interrupt threads
_MCL_CURRENT, _MCL_FUTURE = 1, 2
_FIFO: Final = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK


def foreign_threads() -> frozenset[int]:
    """Return the ids of this process's threads that libraries have started, not Python."""
    ours = {thread.native_id for thread in threading.enumerate()}
    return frozenset(int(task.name) for task in Path("/proc/self/task").iterdir()) - ours


def lift(threads: Iterable[int]) -> None:
    """Let these threads of a library run as the process's main thread does, where that is realtime."""
    if os.sched_getscheduler(os.getpid()) & ~os.SCHED_RESET_ON_FORK != os.SCHED_FIFO:
        return
    for thread in threads:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended; or nothing more is granted
            os.sched_setscheduler(thread, _FIFO, os.sched_param(PRIORITY))


def go_realtime(helpers: Iterable[int] = ()) -> int:
    """Ask for SCHED_FIFO and locked memory, put the garbage collector to rest; return the StatusFlag bits granted.

    helpers: ids of the threads that the sound device brought; what is granted is theirs as well.
    """
    granted = 0
    refused = []
    gc.collect()
    gc.freeze()
    gc.disable()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mlockall(_MCL_CURRENT | _MCL_FUTURE) == 0:
        granted |= STATUS_LOCKED
    else:
        refused.append(f"locked memory ({os.strerror(ctypes.get_errno())})")
    # A fault that spins at this priority would freeze a small machine: the kernel ends it, the supervisor starts anew.
    resource.setrlimit(resource.RLIMIT_RTTIME, (RUNAWAY_US, RUNAWAY_US))
    try:
        os.sched_setscheduler(0, _FIFO, os.sched_param(PRIORITY))
        granted |= STATUS_REALTIME
        lift(helpers)
    except OSError as error:
        refused.append(f"real-time priority ({error.strerror})")
    if refused:
        print(
            f"sound: without {' and '.join(refused)}; it may click under load: set rtprio and memlock for this user in"
            " /etc/security/limits.d, or start it by its systemd unit",
            file=sys.stderr,
        )
    return granted
