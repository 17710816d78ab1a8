"""Pictures for people written down: as a clip that browsers and players open, as one picture, or as a folder of them.

Not here: what is drawn on them (``overlay``).
"""

import contextlib
import math
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import IO, Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware_py.errors import CameraError, UsageError
from firmware_py.sight import video_file  # noqa: F401 - quietens FFmpeg before OpenCV first asks it

CLIPS: Final = frozenset({".mp4", ".m4v", ".mov"})
STILLS: Final = frozenset({".png", ".jpg", ".jpeg", ".webp"})
LONGEST: Final = 1280  # pixels of the longer side of what is written
SHORTEST: Final = 640  # and so many at least, so that words can be read
_CODECS: Final = ("avc1", "vp09", "mp4v")  # what OpenCV may have an encoder for: the one most players open first
_PATIENCE_S: Final = 60.0

Picture = NDArray[np.uint8]


class Film(Protocol):
    """Takes pictures one after the other."""

    def add(self, picture: Picture, t_s: float, name: str) -> None:
        """Take a picture (uint8, (h, w, 3), blue first), its time from the start in seconds, and its file's name."""
        ...

    def close(self) -> None:
        """Finish what is written. Raises CameraError when it could not be."""
        ...


def film_to(target: Path, rate_hz: float, *, one: bool) -> Film:
    """Return what writes pictures to ``target``: a clip, one picture, or a folder (that is there, or named with /).

    rate_hz: pictures a second. one: whether only one picture will come. Raises UsageError for a name that says none
    of these.
    """
    suffix = target.suffix.lower()
    if target.is_dir() or not suffix:
        return Folder(target)
    if suffix in CLIPS:
        return Clip(target, rate_hz)
    if suffix in STILLS:
        if not one:
            raise UsageError(
                f"{target} is one picture, but there are several to show; name a clip such as OUT.mp4, or a folder"
            )
        return Still(target)
    raise UsageError(f"{target} cannot be written; name a clip (.mp4), a picture (.png, .jpg) or a folder")


def on_paper(picture: Picture) -> Picture:
    """Return ``picture`` in the size that it is shown at: its longer side between ``SHORTEST`` and ``LONGEST``."""
    height, width = picture.shape[:2]
    longer = max(height, width)
    share = min(max(longer, SHORTEST), LONGEST) / longer
    if share == 1.0:
        return picture
    size = (max(2, round(width * share)), max(2, round(height * share)))
    how = cv2.INTER_AREA if share < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, size, interpolation=how), dtype=np.uint8)


class Still:
    """One picture in one file."""

    def __init__(self, path: Path) -> None:
        _check_folder(path)
        self._path = path

    def add(self, picture: Picture, t_s: float, name: str) -> None:  # noqa: ARG002 - as every film
        """Write the picture."""
        _write(self._path, picture)

    def close(self) -> None:
        """It is written already."""


class Folder:
    """One PNG for each picture, named as its source, or by number where that has no name."""

    def __init__(self, path: Path) -> None:
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CameraError(f"the folder {path} cannot be made ({error.strerror}); name another one") from error
        self._path = path
        self._count = 0

    def add(self, picture: Picture, t_s: float, name: str) -> None:  # noqa: ARG002 - as every film
        """Write the picture."""
        _write(self._path / f"{Path(name).stem if name else f'{self._count:05d}'}.png", picture)
        self._count += 1

    def close(self) -> None:
        """All is written already."""


class Clip:
    """An MP4 file at a steady rate. The first picture gives the size; others are fitted into it.

    FFmpeg's command writes H.264, which everything plays; without it, OpenCV writes what it has an encoder for.
    Where pictures are missing in time, the last one stands still. The file is there when it is whole.
    """

    def __init__(self, path: Path, rate_hz: float) -> None:
        _check_folder(path)
        self._path = path
        handle, scratch = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        self._scratch = Path(scratch)
        self._rate_hz = rate_hz
        self._writer: _Writer | None = None
        self._size = (0, 0)
        self._written = 0

    def add(self, picture: Picture, t_s: float, name: str) -> None:  # noqa: ARG002 - as every film
        """Write the picture at its time."""
        if self._writer is None:
            self._size = (picture.shape[1] // 2 * 2, picture.shape[0] // 2 * 2)
            self._writer = _writer(self._scratch, self._rate_hz, self._size)
        fitting = _fitted(picture, self._size)
        times = 1 + max(0, math.floor(t_s * self._rate_hz - self._written))
        for _ in range(times):
            self._writer.write(fitting)
        self._written += times

    def close(self) -> None:
        """End the file and give it its name; without any picture there is none."""
        try:
            if self._writer is not None:
                self._writer.close()
                self._scratch.chmod(0o644)
                os.replace(self._scratch, self._path)
        except OSError as error:
            raise CameraError(f"the clip {self._path} could not be written ({error}); make room") from error
        finally:
            with contextlib.suppress(OSError):
                self._scratch.unlink()


class _Writer(Protocol):
    def write(self, picture: Picture) -> None: ...
    def close(self) -> None: ...


class _ByCommand:
    """FFmpeg's command, fed through a pipe."""

    def __init__(self, path: Path, rate_hz: float, size: tuple[int, int]) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the writer
        self._process = subprocess.Popen(
            [
                *("ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "bgr24"),
                *("-s", f"{size[0]}x{size[1]}", "-r", f"{rate_hz:.6g}", "-i", "-"),
                # yuv420p: what every browser decodes; the colours' matrix is said, as players guess it by the size
                *("-vf", "scale=out_color_matrix=bt709:out_range=tv", "-colorspace", "bt709"),
                *("-color_primaries", "bt709", "-color_trc", "bt709"),
                # the index in front, so that it plays while it loads
                *("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p"),
                *("-movflags", "+faststart", str(path)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._said,
        )

    def write(self, picture: Picture) -> None:
        pipe: IO[bytes] | None = self._process.stdin
        if pipe is not None:
            try:
                pipe.write(np.ascontiguousarray(picture).data)
            except BrokenPipeError as error:
                raise CameraError(f"FFmpeg ended early: {self._complaint()}") from error

    def close(self) -> None:
        if self._process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            code = self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        complaint = self._complaint()
        self._said.close()
        if code:
            raise CameraError(f"FFmpeg could not finish the clip: {complaint}")

    def _complaint(self) -> str:
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it did not say why"


class _ByOpenCV:
    def __init__(self, writer: cv2.VideoWriter) -> None:
        self._writer = writer

    def write(self, picture: Picture) -> None:
        self._writer.write(picture)

    def close(self) -> None:
        self._writer.release()


def _writer(path: Path, rate_hz: float, size: tuple[int, int]) -> _Writer:
    if _command_can():
        return _ByCommand(path, rate_hz, size)
    before = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        for codec in _CODECS:
            writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), rate_hz, size)
            if writer.isOpened():
                return _ByOpenCV(writer)
    finally:
        cv2.utils.logging.setLogLevel(before)
    raise CameraError(f"{path} cannot be written: OpenCV has no encoder for MP4; install ffmpeg")


def _command_can() -> bool:
    """Whether FFmpeg's command is here and was built with an encoder for H.264."""
    if not shutil.which("ffmpeg"):
        return False
    told = subprocess.run(["ffmpeg", "-v", "error", "-encoders"], capture_output=True, text=True, check=False)
    return " libx264 " in told.stdout


def _fitted(picture: Picture, size: tuple[int, int]) -> Picture:
    """Return ``picture`` in the middle of a dark one of ``size``, as large as it fits."""
    width, height = size
    if picture.shape[1] // 2 * 2 == width and picture.shape[0] // 2 * 2 == height:
        return picture[:height, :width]
    share = min(width / picture.shape[1], height / picture.shape[0])
    w, h = max(1, min(width, round(picture.shape[1] * share))), max(1, min(height, round(picture.shape[0] * share)))
    whole = np.full((height, width, 3), 20, np.uint8)
    x, y = (width - w) // 2, (height - h) // 2
    whole[y : y + h, x : x + w] = cv2.resize(picture, (w, h), interpolation=cv2.INTER_AREA)
    return whole


def _check_folder(path: Path) -> None:
    if not path.parent.is_dir():
        raise CameraError(f"there is no folder {path.parent} to write {path.name} to; make it, or name another one")
    if not os.access(path.parent, os.W_OK):
        raise CameraError(f"{path} cannot be written: its folder is not yours to write to; name another one")


def _write(path: Path, picture: Picture) -> None:
    done, content = cv2.imencode(path.suffix, picture)
    if not done:
        raise CameraError(f"{path} cannot be written as {path.suffix}; name it .png")
    try:
        path.write_bytes(content.tobytes())
    except OSError as error:
        raise CameraError(f"{path} cannot be written ({error.strerror}); make room or name another place") from error
