"""The sight process while nobody plays: warm, with its camera open, looking for codes until the session's plan comes.

So a session begins with a camera whose exposure has settled and with networks that are loaded. Frames are looked at
twice a second and kept nowhere. Not here: the session (``process``), reading a code (``codes``).
"""

import os
import select
import threading
import time
from collections.abc import Callable
from typing import Final

from firmware_py.errors import CameraError
from firmware_py.sight.camera import Camera, Frame, Pace
from firmware_py.sight.codes import CodeReader
from firmware_py.sight.frames import LiveFrames

LOOK_S: Final = 0.05  # between looks whether the plan has come
EVERY_NS: Final = 450_000_000  # between looks for a code
AGAIN_S: Final = 3.0  # between attempts to open a camera that is not there
HAND_OVER_S: Final = 0.5


class Orders:
    """What comes on standard input, line by line; ``ended`` when no more can come."""

    def __init__(self, fd: int = 0) -> None:
        self._fd = fd
        self._rest = b""
        self.ended = False

    def line(self, within_s: float | None = None) -> str | None:
        """Return the next line, or what came before the end; None when none came within so many seconds.

        within_s: None waits for ever.
        """
        while not self.ended and b"\n" not in self._rest:
            if within_s is not None and not select.select([self._fd], [], [], within_s)[0]:
                return None
            chunk = os.read(self._fd, 65_536)
            self.ended = not chunk
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode(errors="replace") or None


class Waiting:
    """Looks for codes until a line comes.

    Parameters
    ----------
    orders
        Where the session's plan comes from.
    opened
        Opens the camera to look through; None: there is nothing to look at, as with a drawn hand.
    tell
        Takes the name and the fields of one event: ``looking`` (camera) when the camera is open, ``blind`` (message)
        when it is not there, ``code`` (text).
    sleep
        Takes seconds; raises Stopped once the process should end.
    """

    def __init__(
        self,
        orders: Orders,
        *,
        opened: Callable[[], Camera] | None,
        tell: Callable[..., None],
        sleep: Callable[[float], None],
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._orders = orders
        self._opened = opened
        self._tell = tell
        self._sleep = sleep
        self._clock = clock
        self._codes = CodeReader()
        self._told = ""

    def wait(self) -> tuple[str | None, Camera | None]:
        """Return the line that ended the waiting (None: no more can come), and the camera, open, if it is live."""
        while True:
            camera = self._open()
            if camera is None:
                line = self._line(AGAIN_S)
                if line is not None or self._orders.ended:
                    return line, None
                continue
            try:
                found = self._look(camera)
            except CameraError as error:
                self._blind(str(error))
                continue
            if found is not None:
                return found

    def _line(self, within_s: float) -> str | None:
        """Wait for a line so long; the wish to end is noticed meanwhile."""
        until_ns = self._clock() + round(within_s * 1e9)
        while self._clock() < until_ns and not self._orders.ended:
            if (line := self._orders.line(2 * LOOK_S)) is not None:
                return line
            self._sleep(0.0)
        return None

    def _open(self) -> Camera | None:
        if self._opened is None:
            return None
        try:
            camera = self._opened()
        except CameraError as error:
            self._blind(str(error))
            return None
        self._told = ""
        self._tell("looking", camera=camera.description)
        return camera

    def _look(self, camera: Camera) -> tuple[str | None, Camera | None] | None:
        """Look through the camera until a line comes, or its script is over (None then: nothing more to see)."""
        resting = threading.Event()
        resting.set()
        live = LiveFrames(camera, Pace(self._clock(), realtime=True, resting=resting), patience_s=LOOK_S)
        due_ns = 0
        try:
            for frame in live:
                self._sleep(0.0)
                line = self._orders.line(0.0)
                if line is not None or self._orders.ended:
                    resting.clear()
                    return line, camera if not camera.scripted and live.let_go(HAND_OVER_S) else None
                if frame is not None and frame.t_capture_ns >= due_ns:
                    due_ns = frame.t_capture_ns + EVERY_NS
                    self._read(frame)
        except CameraError:
            if not camera.scripted:
                raise
            self._opened = None
            self._blind(f"{camera.description} is over")
        finally:
            live.close()
        return None

    def _read(self, frame: Frame) -> None:
        text = self._codes.read(frame.i420, frame.t_capture_ns / 1e9)
        if text:
            self._tell("code", text=text)

    def _blind(self, message: str) -> None:
        if message != self._told:
            self._told = message
            self._tell("blind", message=message)
