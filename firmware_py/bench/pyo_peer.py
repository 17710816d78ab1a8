"""What a plain program with pyo does: a tone that a byte on standard input turns on and off. For ``delay``."""

import importlib
import os
import sys
import threading


def main(device: str, rate_hz: int, period_frames: int) -> None:
    """Play until standard input ends; says when it has begun."""
    os.environ["PYO_GUI_WX"] = "0"  # pyo greets on standard output without it
    pyo = importlib.import_module("pyo")
    names, numbers = pyo.pa_get_output_devices()
    server = pyo.Server(sr=rate_hz, nchnls=2, buffersize=period_frames, duplex=0)
    server.setOutputDevice(numbers[names.index(device)])
    server.boot().start()
    level = pyo.SigTo(0, time=period_frames / rate_hz)
    tone = pyo.Sine(660, mul=level * 0.18).out([0, 1])

    def listen() -> None:
        while told := os.read(0, 1):
            level.value = float(told == b"1")

    listener = threading.Thread(target=listen)
    listener.start()
    print("ready", flush=True)
    listener.join()
    del tone
    server.stop()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
