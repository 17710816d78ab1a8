"""A WAV file that is valid at every instant while it grows: 16-bit, RF64 past 4 GiB.

The header never says more than what is already on the disk, and is rewritten in one piece after every sync. A file
that is there already is never touched. Not here: where the sound comes from (``recorder``).
"""

import ctypes
import errno
import os
import struct
from pathlib import Path
from typing import Final

SAMPLE_BYTES: Final = 2
HEADER_BYTES: Final = 80  # RIFF, a chunk that is JUNK until RF64 needs its room, fmt, data
_MOST_IN_RIFF: Final = 0xFFFF_FFFF - HEADER_BYTES
_KEEP_SIZE: Final = 1  # FALLOC_FL_KEEP_SIZE of fallocate(2): blocks are set aside, the file's length stays
_NO_RESERVING: Final = (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)  # file systems that cannot do it
_libc: Final = ctypes.CDLL(None, use_errno=True)
_libc.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)


def wav_header(frames: int, rate_hz: int, channels: int = 2) -> bytes:
    """Return the header of a file with so many frames. Source of RF64: EBU Tech 3306."""
    frame_bytes = channels * SAMPLE_BYTES
    size = frames * frame_bytes
    if size <= _MOST_IN_RIFF:
        head = struct.pack("<4sI4s4sI28x", b"RIFF", HEADER_BYTES - 8 + size, b"WAVE", b"JUNK", 28)
        data_size = size
    else:
        head = struct.pack("<4sI4s4sI", b"RF64", 0xFFFF_FFFF, b"WAVE", b"ds64", 28)
        head += struct.pack("<QQQI", HEADER_BYTES - 8 + size, size, frames, 0)
        data_size = 0xFFFF_FFFF
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate_hz, rate_hz * frame_bytes, frame_bytes, 16)
    return head + form + struct.pack("<4sI", b"data", data_size)


class WavFile:
    """A new WAV file, written by frame number.

    Every method but ``close`` may raise the OSError of a full or failing disk; the file stays valid then, with all
    frames of the last ``sync``.
    """

    def __init__(self, path: Path, rate_hz: int, channels: int = 2) -> None:
        """Make the file. Raises FileExistsError where there is one, OSError where none can be made."""
        self.rate_hz, self.channels = rate_hz, channels
        self.frame_bytes = channels * SAMPLE_BYTES
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
        fresh = memoryview(samples)[known * self.frame_bytes :]
        if fresh:
            _write_all(self._fd, fresh, HEADER_BYTES + (first_frame + known) * self.frame_bytes)
            self.frames = first_frame + known + len(fresh) // self.frame_bytes
        return len(fresh) // self.frame_bytes

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
        offset, size = HEADER_BYTES + first * self.frame_bytes, more * self.frame_bytes
        if _libc.fallocate(self._fd, _KEEP_SIZE, offset, size) != 0:
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
        os.ftruncate(self._fd, HEADER_BYTES + frames * self.frame_bytes)
        self.frames = frames
        self.sync()

    def close(self) -> None:
        """Finish: leave nothing in the file that the header does not tell of; may be called twice."""
        if self._fd < 0:
            return
        fd, self._fd = self._fd, -1
        try:
            os.ftruncate(fd, HEADER_BYTES + self._told * self.frame_bytes)
            os.fsync(fd)
        finally:
            os.close(fd)

    def _tell(self) -> None:
        _write_all(self._fd, memoryview(wav_header(self.frames, self.rate_hz, self.channels)), 0)
        self._told = self.frames


def complete_wav(path: Path, frames: int) -> bool:
    """Make a file that its writer left, of this module's layout, exactly so many frames long; missing ones are silence.

    What the header did not tell of yet counts as missing. Returns whether it was such a file; another is left alone.
    Raises OSError where it cannot be read or written.
    """
    with path.open("rb+") as file:
        head = file.read(HEADER_BYTES)
        if len(head) < HEADER_BYTES or head[:4] not in (b"RIFF", b"RF64") or head[8:12] != b"WAVE":
            return False
        channels, rate_hz = struct.unpack_from("<HI", head, HEADER_BYTES - 22)
        told = struct.unpack_from("<I", head, HEADER_BYTES - 4)[0]
        if head[:4] == b"RF64":
            told = struct.unpack_from("<Q", head, 28)[0]
        if channels == 0 or wav_header(told // (channels * SAMPLE_BYTES), rate_hz, channels) != head:
            return False
        size = frames * channels * SAMPLE_BYTES
        file.truncate(HEADER_BYTES + min(told, size))
        file.truncate(HEADER_BYTES + size)
        os.fdatasync(file.fileno())
        _write_all(file.fileno(), memoryview(wav_header(frames, rate_hz, channels)), 0)
        os.fsync(file.fileno())
    return True


def _write_all(fd: int, content: memoryview, offset: int) -> None:
    while content:
        written = os.pwrite(fd, content, offset)
        content, offset = content[written:], offset + written
