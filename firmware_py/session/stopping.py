"""The wish to end a session, from a signal, a button or another thread, as something a loop can wait on."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class StopRequest:
    """Nobody asked yet, or the first reason given; ``fileno`` becomes readable at the first request."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self.reason = ""
        self.fault = False  # something is wrong, nobody wished it

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._reader

    def request(self, reason: str, *, fault: bool = False) -> None:
        """Ask for the end; later reasons are not kept. May be called from a signal handler or any thread."""
        if not self.reason:
            self.fault = fault
            self.reason = reason
            os.write(self._writer, b"!")

    def close(self) -> None:
        """Give the descriptors back."""
        os.close(self._reader)
        os.close(self._writer)


@contextmanager
def stop_on_signals(stop: StopRequest) -> Iterator[None]:
    """Turn SIGINT and SIGTERM into requests while the block runs (main thread only)."""

    def asked(number: int, _frame: FrameType | None) -> None:
        stop.request(f"stopped by {signal.Signals(number).name}")

    before = {number: signal.signal(number, asked) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
