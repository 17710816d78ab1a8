"""One V4L2 device, call by call: who it is, its modes, its controls, its buffers.

Errors are OSError as the kernel gave them. Not here: which mode or setting is the right one (``v4l2_modes``,
``v4l2_light``), frames (``v4l2``).
"""

import ctypes
import errno
import fcntl
import mmap
import os
import select
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from firmware_py.sight import v4l2_abi as abi
from firmware_py.sight.v4l2_modes import CameraMode

_LIMITED: Final = ((640, 480), (320, 240), (1280, 720), (800, 600))  # sizes tried where a device tells only limits
_USUAL_HZ: Final = 30.0  # of a device that does not tell its rates


class Kernel(Protocol):
    """The system calls that a device is worked with."""

    def open(self, path: Path) -> int:
        """Open for reading and writing, without blocking."""
        ...

    def close(self, fd: int) -> None:
        """Close."""
        ...

    def ioctl(self, fd: int, request: int, argument: ctypes.Structure | ctypes.c_int) -> None:
        """Make one request, which reads and fills its argument."""
        ...

    def map(self, fd: int, length: int, offset: int) -> NDArray[np.uint8]:
        """Map a buffer, uint8, shape (length,)."""
        ...

    def readable(self, fd: int, within_s: float) -> bool:
        """Wait until a buffer is filled, or the device is gone; False when neither came within that time."""
        ...


class Linux:
    """The real one."""

    def open(self, path: Path) -> int:
        """Open for reading and writing, without blocking."""
        return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def close(self, fd: int) -> None:
        """Close."""
        os.close(fd)

    def ioctl(self, fd: int, request: int, argument: ctypes.Structure | ctypes.c_int) -> None:
        """Make one request, again after a signal."""
        while True:
            try:
                fcntl.ioctl(fd, request, argument)
            except InterruptedError:
                continue
            return

    def map(self, fd: int, length: int, offset: int) -> NDArray[np.uint8]:
        """Map a buffer; it is unmapped when the array is no longer used."""
        return np.frombuffer(mmap.mmap(fd, length, mmap.MAP_SHARED, mmap.PROT_READ, offset=offset), np.uint8)

    def readable(self, fd: int, within_s: float) -> bool:
        """Wait with poll, which has no limit on descriptors."""
        poll = select.poll()
        poll.register(fd, select.POLLIN | select.POLLERR)
        return bool(poll.poll(within_s * 1000))


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a device is, whatever its number: its name, the place it is plugged in at, and its driver."""

    card: str
    bus: str
    driver: str


@dataclass(frozen=True, slots=True)
class Filled:
    """A buffer that the camera filled; it is the camera's again after ``Device.give_back``.

    content: uint8, shape (n,), of the mapped memory. torn: the driver says that something is missing. t_ns: its
    time stamp; clock_is_monotonic: whether that is of CLOCK_MONOTONIC; at_start: whether it is of the start of the
    exposure rather than the end of the frame. sequence: frames counted by the driver, lost ones too.
    """

    index: int
    content: NDArray[np.uint8]
    torn: bool
    t_ns: int
    clock_is_monotonic: bool
    at_start: bool
    sequence: int


class Device:
    """An open device; ``close`` gives it back."""

    def __init__(self, path: Path, kernel: Kernel | None = None) -> None:
        self._kernel = kernel or Linux()
        self._fd = self._kernel.open(path)
        self._buffers: list[NDArray[np.uint8]] = []
        self._streaming = False

    def close(self) -> None:
        """Stop the stream and close; may be called twice, and when the device is gone."""
        if self._fd < 0:
            return
        fd, self._fd = self._fd, -1
        try:
            if self._streaming:
                self._kernel.ioctl(fd, abi.STREAMOFF, ctypes.c_int(abi.CAPTURE))
        except OSError:
            pass  # it was pulled out: there is no stream any more
        finally:
            self._buffers.clear()
            self._kernel.close(fd)

    def identity(self) -> tuple[Identity, bool]:
        """Return who it is, and whether it gives pictures (not a codec, not the metadata beside a camera)."""
        told = abi.Capability()
        self._call(abi.QUERYCAP, told)
        can = told.device_caps if told.capabilities & abi.CAP_DEVICE_CAPS else told.capabilities
        wanted = abi.CAP_VIDEO_CAPTURE | abi.CAP_STREAMING
        card, bus, driver = (bytes(text).decode(errors="replace") for text in (told.card, told.bus_info, told.driver))
        return Identity(card, bus, driver), can & wanted == wanted and not can & abi.CAP_VIDEO_M2M

    def modes(self) -> list[CameraMode]:
        """Return every mode the device tells; of sizes and rates told as limits, the usual ones within them."""
        return [
            CameraMode(abi.fourcc_text(pixels), size, rate_hz)
            for pixels in self._layouts()
            for size in self._sizes(pixels)
            for rate_hz in self._rates(pixels, size)
        ]

    def set_mode(self, mode: CameraMode) -> tuple[CameraMode, int]:
        """Ask for a mode; returns the one that was granted, and the bytes from one row to the next."""
        asked = abi.Format(type=abi.CAPTURE)
        pix = asked.fmt.pix
        pix.width, pix.height = mode.size
        pix.pixelformat, pix.field = abi.fourcc(mode.fourcc.ljust(4)), abi.FIELD_ANY
        self._call(abi.S_FMT, asked)
        interval = abi.StreamParm(type=abi.CAPTURE)
        interval.parm.capture.numerator, interval.parm.capture.denominator = 1000, round(1000 * mode.rate_hz)
        try:
            self._call(abi.S_PARM, interval)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTTY):  # it has one rate only
                raise
        told = interval.parm.capture
        rate_hz = told.denominator / told.numerator if told.numerator and told.denominator else mode.rate_hz
        granted = CameraMode(abi.fourcc_text(pix.pixelformat), (int(pix.width), int(pix.height)), rate_hz)
        return granted, int(pix.bytesperline)

    def start(self, buffers: int) -> None:
        """Map about so many buffers, hand them to the camera, and let it run."""
        asked = abi.RequestBuffers(count=buffers, type=abi.CAPTURE, memory=abi.MMAP)
        self._call(abi.REQBUFS, asked)
        for index in range(asked.count):
            buffer = abi.Buffer(index=index, type=abi.CAPTURE, memory=abi.MMAP)
            self._call(abi.QUERYBUF, buffer)
            self._buffers.append(self._kernel.map(self._fd, int(buffer.length), int(buffer.offset & 0xFFFF_FFFF)))
        for index in range(asked.count):
            self.give_back(index)
        self._call(abi.STREAMON, ctypes.c_int(abi.CAPTURE))
        self._streaming = True

    def wait(self, within_s: float) -> bool:
        """Wait until a buffer is filled, or the device is gone; False when neither came within so many seconds."""
        return self._kernel.readable(self._fd, within_s)

    def filled(self) -> Filled | None:
        """Return the oldest filled buffer; None when there is none yet."""
        buffer = abi.Buffer(type=abi.CAPTURE, memory=abi.MMAP)
        try:
            self._call(abi.DQBUF, buffer)
        except BlockingIOError:
            return None
        return Filled(
            index=int(buffer.index),
            content=self._buffers[buffer.index][: buffer.bytesused],
            torn=bool(buffer.flags & abi.BUF_ERROR),
            t_ns=int(buffer.seconds) * 1_000_000_000 + int(buffer.microseconds) * 1000,
            clock_is_monotonic=buffer.flags & abi.BUF_TIMESTAMP_MASK == abi.BUF_TIMESTAMP_MONOTONIC,
            at_start=buffer.flags & abi.BUF_SOURCE_MASK == abi.BUF_SOURCE_START_OF_EXPOSURE,
            sequence=int(buffer.sequence),
        )

    def give_back(self, index: int) -> None:
        """Let the camera fill this buffer again."""
        self._call(abi.QBUF, abi.Buffer(index=index, type=abi.CAPTURE, memory=abi.MMAP))

    def range_of(self, control: int) -> tuple[int, int] | None:
        """Return the least and the greatest value of a control, None where the camera has no such."""
        told = abi.QueryCtrl(id=control)
        try:
            self._call(abi.QUERYCTRL, told)
        except OSError:
            return None
        if told.flags & (abi.CTRL_DISABLED | abi.CTRL_READ_ONLY):
            return None
        return int(told.minimum), int(told.maximum)

    def has_choice(self, control: int, choice: int) -> bool:
        """Whether a menu control offers this choice; cameras leave some out."""
        menu = abi.QueryMenu(id=control, index=choice)
        try:
            self._call(abi.QUERYMENU, menu)
        except OSError:
            return False
        return True

    def value(self, control: int) -> int | None:
        """Return what a control is set to, None where that cannot be read."""
        told = abi.Control(id=control)
        try:
            self._call(abi.G_CTRL, told)
        except OSError:
            return None
        return int(told.value)

    def set(self, control: int, value: int) -> bool:
        """Set a control; returns whether the camera took it."""
        try:
            self._call(abi.S_CTRL, abi.Control(id=control, value=value))
        except OSError:
            return False
        return True

    def _call(self, request: int, argument: ctypes.Structure | ctypes.c_int) -> None:
        self._kernel.ioctl(self._fd, request, argument)

    def _listed(self, ask: Callable[[int], None]) -> Iterator[int]:
        """Ask for one index after the other until the device has no more."""
        for index in range(256):
            try:
                ask(index)
            except OSError:
                return
            yield index

    def _layouts(self) -> list[int]:
        told = abi.FmtDesc(type=abi.CAPTURE)

        def ask(index: int) -> None:
            told.index = index
            self._call(abi.ENUM_FMT, told)

        return [int(told.pixelformat) for _ in self._listed(ask)]

    def _sizes(self, pixels: int) -> list[tuple[int, int]]:
        told = abi.FrmSizeEnum(pixel_format=pixels)

        def ask(index: int) -> None:
            told.index = index
            self._call(abi.ENUM_FRAMESIZES, told)

        sizes = []
        for _ in self._listed(ask):
            least_w, most_w, step_w, least_h, most_h, step_h = (int(limit) for limit in told.sizes)
            if told.type == abi.DISCRETE:
                sizes.append((least_w, most_w))  # width and height lie in the first two places
                continue
            for width, height in _LIMITED:
                fits = least_w <= width <= most_w and least_h <= height <= most_h
                if fits and not ((width - least_w) % max(1, step_w) or (height - least_h) % max(1, step_h)):
                    sizes.append((width, height))
            break
        return sizes

    def _rates(self, pixels: int, size: tuple[int, int]) -> list[float]:
        told = abi.FrmIvalEnum(pixel_format=pixels, width=size[0], height=size[1])

        def ask(index: int) -> None:
            told.index = index
            self._call(abi.ENUM_FRAMEINTERVALS, told)

        rates = []
        for _ in self._listed(ask):
            numerator, denominator = int(told.fractions[0]), int(told.fractions[1])
            if numerator and denominator:
                rates.append(denominator / numerator)
            if told.type != abi.DISCRETE:  # the least time between frames comes first: the highest rate
                if rates:
                    rates += [hz for hz in (30.0, 60.0) if hz < rates[0]]
                break
        return rates or [_USUAL_HZ]
