"""Pictures as a camera: one file, or a folder in the order of the names, so many pictures a second.

Not here: clips (``video_file``).
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware_py.errors import CameraError
from firmware_py.sight.camera import Frame, Pace
from firmware_py.sight.scaling import LONGEST, fitted, i420_of

# What a folder is looked through for. OpenCV reads those of the first two lines; the others are what telephones and
# raw developers write, and are named as unreadable rather than passed over in silence.
SUFFIXES: Final = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".ppm", ".pgm", ".pbm"),
        *(".gif", ".avif", ".jp2"),
        *(".heic", ".heif", ".jxl"),
    }
)
RATE_HZ: Final = 2.0
JPEG_START: Final = b"\xff\xd8"
JPEG_END: Final = b"\xff\xd9"


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


class Pictures:
    """A folder of pictures, or one picture.

    Parameters
    ----------
    path
        A folder, read in the order of its names, or one picture.
    rate_hz
        Pictures a second.
    longest
        Pixels of the longer side that pictures are scaled down to.
    say
        Takes one sentence for each picture that had to be left out.

    Raises
    ------
    CameraError
        Nothing there, not readable, or a folder without pictures.
    """

    scripted = True

    def __init__(
        self,
        path: Path,
        *,
        rate_hz: float = RATE_HZ,
        longest: int = LONGEST,
        say: Callable[[str], None] = _say,
    ) -> None:
        self._path = path
        self._files = _listed(path)
        self._rate_hz = rate_hz
        self._longest = longest
        self._say = say
        self._left_out = 0
        self._picture: NDArray[np.uint8] | None = None
        if len(self._files) == 1 and decoded(self._files[0]) is None:
            raise CameraError(f"{self._files[0]} is not a picture that can be read; give a JPEG or PNG file")

    @property
    def description(self) -> str:
        """One line for people."""
        return (
            f"{len(self._files)} picture{'s' * (len(self._files) != 1)} of {self._path} at {self._rate_hz:g} a second"
        )

    @property
    def rate_hz(self) -> float:
        """Pictures a second."""
        return self._rate_hz

    @property
    def count(self) -> int:
        """How many files there are."""
        return len(self._files)

    @property
    def left_out(self) -> int:
        """How many of them could not be read so far."""
        return self._left_out

    @property
    def picture(self) -> NDArray[np.uint8] | None:
        """The last one as it was read, uint8, shape (height, width, 3), blue first; None before the first."""
        return self._picture

    def frames(self, pace: Pace) -> Iterator[Frame]:
        """Yield the pictures by name; one that cannot be read is said and left out, its number stays free."""
        for number, file in enumerate(self._files):
            t_ns = pace.instant(number / self._rate_hz)
            if pace.leaves_out(t_ns):
                continue
            picture = decoded(file)
            if picture is None:
                self._left_out += 1
                self._say(f"{file} is not a picture that can be read; it is left out")
                continue
            self._picture = picture
            size = (int(picture.shape[1]), int(picture.shape[0]))
            i420 = i420_of(picture, fitted(size, self._longest))
            pace.wait_until(t_ns)
            yield Frame(i420, number, t_ns, size, file.name)

    def close(self) -> None:
        """Nothing is held open."""


def decoded(file: Path) -> NDArray[np.uint8] | None:
    """Read one picture as uint8, shape (height, width, 3), blue first, turned as its Exif says; None if unreadable.

    Of a JPEG that was cut short, the part that is there is kept and the rest is grey.
    """
    try:
        content = file.read_bytes()
    except OSError:
        return None
    picture = _decode(content)
    if picture is None and content.startswith(JPEG_START):
        picture = _decode(content + JPEG_END)
    return picture


def _decode(content: bytes) -> NDArray[np.uint8] | None:
    if not content:
        return None
    try:
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:  # a header that promises an absurd size
        return None
    return None if picture is None else np.asarray(picture, dtype=np.uint8)


def _listed(path: Path) -> tuple[Path, ...]:
    try:
        if not path.is_dir():
            path.stat()
            return (path,)
        files = tuple(sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file()))
    except FileNotFoundError:
        raise CameraError(f"there is no picture or folder {path}; check the name") from None
    except OSError as error:
        raise CameraError(f"{path} cannot be read ({error.strerror}); check its mode and owner") from error
    if not files:
        raise CameraError(f"the folder {path} holds no pictures; put JPEG or PNG files there, or name another folder")
    return files
