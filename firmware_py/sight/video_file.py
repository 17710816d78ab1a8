"""A clip as a camera: its frames at their own times, in real time or as fast as they are asked.

Rotation written in the file is respected, the sound track is ignored. Not here: pictures (``pictures``).
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware_py.errors import CameraError
from firmware_py.sight.camera import Frame, Pace
from firmware_py.sight.scaling import LONGEST, fitted, i420_of

# FFmpeg and OpenCV would each print their own view of a broken file; the one sentence is the caller's. FFmpeg asks for
# its level once, when the process first opens a clip.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

FALLBACK_HZ: Final = 30.0  # for files that do not say


class VideoFile:
    """A clip that FFmpeg can read.

    Parameters
    ----------
    path
        The file.
    longest
        Pixels of the longer side that frames are scaled down to.

    Raises
    ------
    CameraError
        The file is missing, unreadable, or not a video.
    """

    scripted = True

    def __init__(self, path: Path, *, longest: int = LONGEST) -> None:
        _check_readable(path)
        self._path = path
        self._capture = _open(path)
        opened, first = self._capture.read()
        if not opened:
            self._capture.release()
            raise CameraError(
                f"{path} is not a video that can be read here; give a clip such as an MP4, MOV or WebM file"
            )
        self._first = first
        self._picture: NDArray[np.uint8] | None = None
        self._longest = longest
        told = float(self._capture.get(cv2.CAP_PROP_FPS))
        self._rate_hz = told if 1.0 <= told <= 1000.0 else FALLBACK_HZ
        self._size = (int(first.shape[1]), int(first.shape[0]))

    @property
    def description(self) -> str:
        """One line for people."""
        return f"{self._path.name} {self._size[0]}×{self._size[1]} at {self._rate_hz:.4g} frames a second"

    @property
    def rate_hz(self) -> float:
        """Frames a second; the mean where the file has no steady rate."""
        return self._rate_hz

    @property
    def picture(self) -> NDArray[np.uint8] | None:
        """The last frame as it was decoded, uint8, shape (height, width, 3), blue first; None before the first."""
        return self._picture

    def frames(self, pace: Pace) -> Iterator[Frame]:
        """Yield the frames once, from the first; a place that cannot be decoded ends the clip."""
        number, last_s = 0, -1.0 / self._rate_hz
        while True:
            # a file without time stamps, or with ones that stand still, goes on at its mean rate
            told_s = float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1e3
            script_s = told_s if told_s > last_s and (told_s > 0 or number == 0) else last_s + 1.0 / self._rate_hz
            t_ns = pace.instant(script_s)
            if not pace.leaves_out(t_ns):
                decoded = self._first if number == 0 else self._capture.retrieve()[1]
                if decoded is None:
                    return
                picture = self._picture = np.asarray(decoded, dtype=np.uint8)
                size = (int(picture.shape[1]), int(picture.shape[0]))
                i420 = i420_of(picture, fitted(size, self._longest))
                pace.wait_until(t_ns)
                yield Frame(i420, number, t_ns, size)
            number, last_s = number + 1, script_s
            if not self._capture.grab():
                return

    def close(self) -> None:
        """Give the file back."""
        self._capture.release()


def _check_readable(path: Path) -> None:
    try:
        with path.open("rb") as clip:
            clip.read(1)
    except FileNotFoundError:
        raise CameraError(f"there is no clip {path}; check the name") from None
    except OSError as error:
        raise CameraError(f"the clip {path} cannot be read ({error.strerror}); check its mode and owner") from error


def _open(path: Path) -> cv2.VideoCapture:
    before = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        return cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    finally:
        cv2.utils.logging.setLogLevel(before)
