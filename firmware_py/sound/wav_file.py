"""A WAV file that is valid at every instant while it grows: 16-bit stereo, RF64 past 4 GiB.

The header never says more than what is already on the disk, and is rewritten in one piece after every sync. A file
that is there already is never touched. Not here: where the sound comes from (``recorder``).
"""

import ctypes
import errno
import os
import struct
from pathlib import Path
from typing import Final

FRAME_BYTES: Final = 4
HEADER_BYTES: Final = 80  # RIFF, a chunk that is JUNK until RF64 needs its room, fmt, data
_MOST_IN_RIFF: Final = 0xFFFF_FFFF - HEADER_BYTES
_KEEP_SIZE: Final = 1  # FALLOC_FL_KEEP_SIZE of fallocate(2): blocks are set aside, the file's length stays
_NO_RESERVING: Final = (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)  # file systems that cannot do it
_libc: Final = ctypes.CDLL(None, use_errno=True)
_libc.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)


def wav_header(frames: int, rate_hz: int) -> bytes:
    """Return the header of a file with so many frames. Source of RF64: EBU Tech 3306."""
    size = frames * FRAME_BYTES
    if size <= _MOST_IN_RIFF:
        head = struct.pack("<4sI4s4sI28x", b"RIFF", HEADER_BYTES - 8 + size, b"WAVE", b"JUNK", 28)
        data_size = size
    else:
        head = struct.pack("<4sI4s4sI", b"RF64", 0xFFFF_FFFF, b"WAVE", b"ds64", 28)
        head += struct.pack("<QQQI", HEADER_BYTES - 8 + size, size, frames, 0)
        data_size = 0xFFFF_FFFF
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 2, rate_hz, rate_hz * FRAME_BYTES, FRAME_BYTES, 16)
    return head + form + struct.pack("<4sI", b"data", data_size)


class WavFile:
    """A new WAV file, written by frame number.

    Every method but ``close`` may raise the OSError of a full or failing disk; the file stays valid then, with all
    frames of the last ``sync``.
    """

    def __init__(self, path: Path, rate_hz: int) -> None:
        """Make the file. Raises FileExistsError where there is one, OSError where none can be made."""
        self.rate_hz = rate_hz
        self.frames = 0  # written, gaps of silence included
        self._told = -1  # frames that the header says
        self._reserved = 0  # end of the frames that the disk has set room aside for
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            self._tell()
        except OSError:
            os.close(self._fd)
            path.unlink(missing_ok=True)
            raise

    def write_at(self, first_frame: int, samples: bytes) -> int:
        """Write frames from ``first_frame`` on; what is there already stays, what was skipped is silence.

        Returns the number of frames taken.
        """
        known = max(0, self.frames - first_frame)
        fresh = memoryview(samples)[known * FRAME_BYTES :]
        if fresh:
            _write_all(self._fd, fresh, HEADER_BYTES + (first_frame + known) * FRAME_BYTES)
            self.frames = first_frame + known + len(fresh) // FRAME_BYTES
        return len(fresh) // FRAME_BYTES

    @property
    def reserved_frames(self) -> int:
        """Frames still to be written that the disk has set room aside for."""
        return max(0, self._reserved - self.frames)

    def reserve(self, frames: int) -> None:
        """Have the disk set room aside for the next so many frames, so that nobody else can take it.

        The file stays as long as it is. A file system that cannot do this is left to fill up as it likes.
        """
        first = max(self.frames, self._reserved)
        more = self.frames + frames - first
        if more <= 0:
            return
        if _libc.fallocate(self._fd, _KEEP_SIZE, HEADER_BYTES + first * FRAME_BYTES, more * FRAME_BYTES) != 0:
            number = ctypes.get_errno()
            if number in _NO_RESERVING:
                return
            raise OSError(number, os.strerror(number))
        self._reserved = first + more

    def sync(self) -> None:
        """Put everything on the disk, then have the header say so."""
        if self.frames != self._told:
            os.fdatasync(self._fd)
            self._tell()

    def cut_or_pad(self, frames: int) -> None:
        """Make the file exactly so many frames long; what is missing is silence."""
        self.frames = min(self.frames, frames)
        self._tell()
        os.ftruncate(self._fd, HEADER_BYTES + frames * FRAME_BYTES)
        self.frames = frames
        self.sync()

    def close(self) -> None:
        """Finish: leave nothing in the file that the header does not tell of; may be called twice."""
        if self._fd < 0:
            return
        fd, self._fd = self._fd, -1
        try:
            os.ftruncate(fd, HEADER_BYTES + self._told * FRAME_BYTES)
            os.fsync(fd)
        finally:
            os.close(fd)

    def _tell(self) -> None:
        _write_all(self._fd, memoryview(wav_header(self.frames, self.rate_hz)), 0)
        self._told = self.frames


def _write_all(fd: int, content: memoryview, offset: int) -> None:
    while content:
        written = os.pwrite(fd, content, offset)
        content, offset = content[written:], offset + written
