"""Tells systemd that the service is ready, alive, and in which state; does nothing where no systemd listens.

The protocol of sd_notify(3) is one datagram and stable for ever, so a box does not depend on a library to get past
its own start. Not here: deciding whether everything is alive (the supervisor does, before it calls ``alive``).
"""

import logging
import os
import socket
import time
from collections.abc import Callable, Mapping
from typing import Final

log: Final = logging.getLogger(__name__)


class Notifier:
    """The line to systemd.

    Parameters
    ----------
    environment
        Where NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID stand; the process's own by default.
    clock
        Monotonic seconds.
    """

    def __init__(
        self, environment: Mapping[str, str] = os.environ, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._address = environment.get("NOTIFY_SOCKET", "")
        self._socket: socket.socket | None = None
        self._last_alive = -float("inf")
        self.watchdog_s = _watchdog_s(environment)
        if not self._address:
            log.debug("no systemd listens (NOTIFY_SOCKET is not set); state is told to the log only")

    def ready(self, status: str = "ready") -> None:
        """Say that the start is over."""
        self._tell(f"READY=1\nSTATUS={_line(status)}")

    def status(self, status: str) -> None:
        """Say what is going on, for ``systemctl status``."""
        self._tell(f"STATUS={_line(status)}")

    def alive(self) -> None:
        """Say that all is alive. Call it as often as you like: systemd hears it four times per WatchdogSec."""
        now = self._clock()
        if self.watchdog_s is not None and now - self._last_alive >= self.watchdog_s / 4:
            self._last_alive = now
            self._tell("WATCHDOG=1")

    def silent_for(self, seconds: float) -> None:
        """Say that no sign of life may come for so many seconds; 0: that they come as usual again.

        For work that cannot call ``alive`` meanwhile; a start that takes so long is waited for as well.
        """
        lines = []
        if self.watchdog_s is not None:
            lines.append(f"WATCHDOG_USEC={round(max(seconds, self.watchdog_s) * 1e6)}\nWATCHDOG=1")
        if seconds:
            lines.append(f"EXTEND_TIMEOUT_USEC={round(seconds * 1e6)}")
        if lines:
            self._tell("\n".join(lines))

    def stopping(self) -> None:
        """Say that the end has begun."""
        self._tell("STOPPING=1")

    def close(self) -> None:
        """Close the line."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _tell(self, message: str) -> None:
        if not self._address:
            return
        # A name that begins with @ is in the abstract namespace.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            if self._socket is None:
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
                self._socket.setblocking(False)
            self._socket.sendto(message.encode(), address)
        except OSError as error:
            log.debug("systemd did not hear %r (%s)", message, error)


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    """The time in which systemd wants a sign of life from this very process; None: it wants none."""
    pid = environment.get("WATCHDOG_PID", "")
    micros = environment.get("WATCHDOG_USEC", "")
    if not micros.isdecimal() or int(micros) == 0 or (pid and pid != str(os.getpid())):
        return None
    return int(micros) / 1e6


def _line(text: str) -> str:
    return " ".join(text.split())
