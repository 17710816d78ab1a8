"""Frames of a live camera through a thread of their own, so that a camera that stalls stops nothing else."""

import queue
import threading
from collections.abc import Iterator
from typing import Final

from firmware_py.errors import CameraError, CameraLostError
from firmware_py.sight.camera import Camera, Frame, Pace

WAITING: Final = 2  # frames that may wait; the oldest gives way


class LiveFrames:
    """The newest frames of ``camera``, taken by a thread.

    Iterating gives a frame, or None whenever none came for ``patience_s`` seconds; it raises the CameraError that
    ended the camera.
    """

    def __init__(self, camera: Camera, pace: Pace, *, patience_s: float) -> None:
        self._camera = camera
        self._pace = pace
        self._patience_s = patience_s
        self._queue: queue.Queue[Frame | CameraError] = queue.Queue(WAITING)
        self._closed = threading.Event()
        self._keep = False
        self._thread = threading.Thread(target=self._take, name="camera", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[Frame | None]:
        """Yield frames and silences."""
        while True:
            try:
                found = self._queue.get(timeout=self._patience_s)
            except queue.Empty:
                yield None
                continue
            if isinstance(found, CameraError):
                raise found
            yield found

    def close(self) -> None:
        """Let the thread end after the frame it is waiting for."""
        self._closed.set()

    def let_go(self, limit_s: float) -> bool:
        """End the thread after its next frame and leave the camera open for others; False where that took too long.

        The camera is closed then.
        """
        self._keep = True
        self._closed.set()
        if self.wait_until_ended(limit_s):
            return True
        self._keep = False
        self._camera.close()
        return False

    def wait_until_ended(self, limit_s: float) -> bool:
        """Wait until the camera has ended and is given back; returns whether that came within ``limit_s`` seconds."""
        self._thread.join(limit_s)
        return not self._thread.is_alive()

    def _take(self) -> None:
        try:
            for frame in self._camera.frames(self._pace):
                if self._closed.is_set():
                    return
                self._put(frame)
            self._put(CameraError(f"{self._camera.description} ended"))
        except CameraError as error:
            self._put(error)
        except Exception as error:  # noqa: BLE001 - drivers raise anything; without this the silence would never end
            self._put(CameraLostError(f"{self._camera.description} failed ({type(error).__name__}: {error})"))
        finally:
            if not self._keep:
                self._camera.close()

    def _put(self, found: Frame | CameraError) -> None:
        while True:
            try:
                self._queue.put_nowait(found)
            except queue.Full:
                try:
                    self._queue.get_nowait()
                except queue.Empty:  # the reader was faster
                    continue
            else:
                return
