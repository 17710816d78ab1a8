"""The wish to end a session, from a signal, a button or another thread, as something a loop can wait on."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequest:
    """Nobody asked yet, or the first reason given; ``fileno`` becomes readable at the first request."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        # A signal handler may come while this very thread holds the lock, so it must be one that can be held twice.
        self._lock = threading.RLock()
        self._closed = False
        self.reason = ""

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._reader

    def request(self, reason: str) -> None:
        """Ask for the end; later reasons are not kept. May be called from a signal handler or any thread, at any time.

        After ``close`` nothing is written: the descriptor's number may be some other file's by then.
        """
        with self._lock:
            if not self.reason and not self._closed:
                self.reason = reason
                os.write(self._writer, b"!")

    def close(self) -> None:
        """Give the descriptors back; may be called twice."""
        with self._lock:
            if not self._closed:
                self._closed = True
                os.close(self._reader)
                os.close(self._writer)


@contextmanager
def stop_on_signals(*stops: StopRequest) -> Iterator[None]:
    """Turn SIGINT, SIGTERM and SIGHUP into requests while the block runs (main thread only).

    SIGHUP is a terminal that was closed; whoever had it ignored before (nohup) goes on ignoring it.
    """

    def asked(number: int, _frame: FrameType | None) -> None:
        for stop in stops:
            stop.request(f"stopped by {signal.Signals(number).name}")

    before = {}
    for number in _SIGNALS:
        if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
            continue
        before[number] = signal.signal(number, asked)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
