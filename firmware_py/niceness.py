"""Who waits for whom on a busy machine: the finder for frames, frames for the recording, other programs for them all.

By niceness, which bounds what others lose; a realtime frame loop could wait for ever for a finder that is preempted
while it holds the interpreter's lock. Not here: the sound's own priority.
"""

import os
import threading
from contextlib import suppress
from typing import Final

RECORDER_NICE: Final = -11  # what the unit allows; elsewhere it is refused, and all work as any program does
FRAMES_NICE: Final = -10
FINDER_BEHIND: Final = 5


def before_frames() -> None:
    """Let this thread go before the frames where that is allowed: it asks for little, and what it misses is lost."""
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, RECORDER_NICE)


def before_others() -> None:
    """Let this thread, and those that it starts from now on, go before common programs where that is allowed."""
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, FRAMES_NICE)


def behind_frames() -> None:
    """Let this thread wait for the one that started it, whose niceness it has."""
    me = threading.get_native_id()
    os.setpriority(os.PRIO_PROCESS, me, os.getpriority(os.PRIO_PROCESS, me) + FINDER_BEHIND)
