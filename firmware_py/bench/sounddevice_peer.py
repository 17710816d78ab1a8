"""What a plain program with sounddevice does: a tone that a byte on standard input turns on and off. For ``delay``."""

import math
import os
import sys
import threading
from typing import Any

import numpy as np


def main(device: str, rate_hz: int, period_frames: int) -> None:
    """Play until standard input ends; says when it has begun."""
    import sounddevice

    wanted = [False]
    now = [0.0, 0.0]  # phase, level

    def play(out: Any, frames: int, _time: Any, _status: Any) -> None:
        phase = now[0] + 2 * math.pi * 660 / rate_hz * np.arange(frames)
        level = np.linspace(now[1], float(wanted[0]), frames)
        out[:] = (6000 * level * np.sin(phase)).astype(np.int16)[:, None]
        now[:] = [float(phase[-1]) % (2 * math.pi), float(level[-1])]

    def listen() -> None:
        while told := os.read(0, 1):
            wanted[0] = told == b"1"

    listener = threading.Thread(target=listen)
    with sounddevice.OutputStream(
        rate_hz, blocksize=period_frames, device=device, channels=2, dtype="int16", latency="low", callback=play
    ):
        listener.start()
        print("ready", flush=True)
        listener.join()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
