"""Rendering as fast as it goes: frame by frame as the hand samples come, never further than they reach.

It waits for samples and for room on the tape instead of inventing or dropping anything, so the same hand samples give
the same recording on every run. Not here: a clock, a device.
"""

import time
from collections.abc import Callable
from typing import Final

from firmware_py._synth import Engine
from firmware_py.lanes import STATUS_READY

CHUNK_FRAMES: Final = 8192
PAUSE_S: Final = 0.002
PATIENCE_S: Final = 0.5  # for samples that a fade at an unforeseen end still needs


def play_offline(engine: Engine, stopping: Callable[[], bool], pause: Callable[[float], None] = time.sleep) -> None:
    """Render until the engine's session has ended, or soon after ``stopping`` has become true."""
    engine.describe(flags=STATUS_READY)
    patience_s = PATIENCE_S
    asked_to_stop = False
    while not engine.ended and patience_s > 0:
        if stopping() and not asked_to_stop:
            asked_to_stop = True
            engine.end()
        if engine.advance(CHUNK_FRAMES) == 0:
            pause(PAUSE_S)
            if asked_to_stop:
                patience_s -= PAUSE_S
