"""A kernel with webcams in it, for the tests: answers V4L2's requests as drivers do, from tables that were captured."""

# ruff: noqa: ARG002 - every request is answered from the same three: descriptor, webcam, structure

import ctypes
import errno
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from firmware_py.sight import v4l2_abi as abi

Rates = dict[tuple[int, int], tuple[float, ...]]


def failure(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@dataclass
class Webcam:
    """One webcam. modes: four-character code → size → rates. controls: id → [least, most, now]; menus: id → choices.

    frames: what it gives, one buffer after the other, the last for ever; None is a pause. stamp: flags of its
    buffers' times.
    """

    card: str = "HD Pro Webcam C920"
    driver: str = "uvcvideo"
    bus: str = "usb-0000:00:14.0-1"
    capabilities: int = abi.CAP_VIDEO_CAPTURE | abi.CAP_STREAMING
    modes: dict[str, Rates] = field(default_factory=lambda: {"YUYV": {(640, 480): (30.0,)}})
    limits: dict[str, tuple[int, int, int, int, int, int]] = field(default_factory=dict)
    controls: dict[int, list[int]] = field(default_factory=dict)
    menus: dict[int, tuple[int, ...]] = field(default_factory=dict)
    frames: list[bytes | None] | None = None
    stamp: int = abi.BUF_TIMESTAMP_MONOTONIC | abi.BUF_SOURCE_START_OF_EXPOSURE
    age_ns: int = 20_000_000
    torn: bool = False
    padding: int = 0
    busy: bool = False
    forbidden: bool = False
    gone: bool = False
    rated: bool = True


class FakeKernel:
    """Webcams by the name of their node. ``now_ns`` is the time; every wait that ends in nothing moves it."""

    def __init__(self, **webcams: Webcam) -> None:
        self.webcams = webcams
        self.now_ns = 100_000_000_000
        self.open_fds: dict[int, str] = {}
        self._next_fd = 1000
        self._queued: dict[int, list[int]] = {}
        self._format: dict[int, tuple[str, int, int]] = {}
        self._rate: dict[int, float] = {}
        self._sequence: dict[int, int] = {}
        self.memory: dict[int, list[np.ndarray]] = {}
        self.streaming: set[int] = set()

    def clock(self) -> int:
        return self.now_ns

    def open(self, path: Path) -> int:
        name = path.resolve().name
        webcam = self.webcams.get(name)
        if webcam is None or webcam.gone:
            raise failure(errno.ENOENT)
        if webcam.forbidden:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        self._next_fd += 1
        self.open_fds[self._next_fd] = name
        self._sequence[self._next_fd] = 0
        return self._next_fd

    def close(self, fd: int) -> None:
        del self.open_fds[fd]
        self.streaming.discard(fd)

    def map(self, fd: int, length: int, offset: int) -> np.ndarray:
        return self.memory[fd][offset // 4096]

    def readable(self, fd: int, within_s: float) -> bool:
        webcam = self._webcam(fd)
        if webcam.gone:
            return True
        frames = webcam.frames
        if frames is not None and frames and frames[0] is None:
            if len(frames) > 1:
                frames.pop(0)
            self.now_ns += round(within_s * 1e9)
            return False
        return True

    def ioctl(self, fd: int, request: int, argument: ctypes.Structure | ctypes.c_int) -> None:
        webcam = self._webcam(fd)
        if webcam.gone:
            raise failure(errno.ENODEV)
        names = {
            getattr(abi, name): name for name in dir(abi) if name.isupper() and isinstance(getattr(abi, name), int)
        }
        getattr(self, f"_{names[request].lower()}")(fd, webcam, argument)

    def _webcam(self, fd: int) -> Webcam:
        return self.webcams[self.open_fds[fd]]

    def _querycap(self, fd: int, webcam: Webcam, told: abi.Capability) -> None:
        told.card, told.driver, told.bus_info = webcam.card.encode(), webcam.driver.encode(), webcam.bus.encode()
        told.capabilities, told.device_caps = abi.CAP_DEVICE_CAPS | 0xFF, webcam.capabilities

    def _enum_fmt(self, fd: int, webcam: Webcam, told: abi.FmtDesc) -> None:
        told.pixelformat = abi.fourcc(self._at([*webcam.modes, *webcam.limits], told.index).ljust(4))

    def _enum_framesizes(self, fd: int, webcam: Webcam, told: abi.FrmSizeEnum) -> None:
        layout = abi.fourcc_text(told.pixel_format)
        if layout in webcam.limits:
            self._at([0], told.index)
            told.type, told.sizes = 3, webcam.limits[layout]
            return
        width, height = self._at(list(webcam.modes[layout]), told.index)
        told.type, told.sizes[0], told.sizes[1] = abi.DISCRETE, width, height

    def _enum_frameintervals(self, fd: int, webcam: Webcam, told: abi.FrmIvalEnum) -> None:
        rates = webcam.modes.get(abi.fourcc_text(told.pixel_format), {}).get((told.width, told.height), ())
        hz = self._at(list(rates), told.index)
        told.type, told.fractions[0], told.fractions[1] = abi.DISCRETE, 1000, round(1000 * hz)

    def _s_fmt(self, fd: int, webcam: Webcam, asked: abi.Format) -> None:
        if webcam.busy:
            raise failure(errno.EBUSY)
        pix = asked.fmt.pix
        layout = abi.fourcc_text(pix.pixelformat)
        pix.bytesperline = (2 if layout == "YUYV" else 1) * pix.width + webcam.padding
        pix.sizeimage = pix.bytesperline * pix.height * (8 if layout == "MJPG" else 2)
        self._format[fd] = (layout, pix.width, pix.height)
        self._length = pix.sizeimage

    def _s_parm(self, fd: int, webcam: Webcam, asked: abi.StreamParm) -> None:
        if not webcam.rated:
            raise failure(errno.ENOTTY)
        self._rate[fd] = asked.parm.capture.denominator / asked.parm.capture.numerator

    def _reqbufs(self, fd: int, webcam: Webcam, asked: abi.RequestBuffers) -> None:
        self.memory[fd] = [np.zeros(self._length, np.uint8) for _ in range(asked.count)]
        self._queued[fd] = []

    def _querybuf(self, fd: int, webcam: Webcam, buffer: abi.Buffer) -> None:
        buffer.length, buffer.offset = self._length, 4096 * buffer.index

    def _qbuf(self, fd: int, webcam: Webcam, buffer: abi.Buffer) -> None:
        assert buffer.index not in self._queued[fd], "it is the camera's already"
        self._queued[fd].append(buffer.index)

    def _dqbuf(self, fd: int, webcam: Webcam, buffer: abi.Buffer) -> None:
        assert fd in self.streaming
        buffer.index = self._queued[fd].pop(0)
        memory = self.memory[fd][buffer.index]
        content: bytes | None
        if webcam.frames is None:
            layout, width, height = self._format[fd]
            content = (
                bytes([90, 128]) * (width * height) if layout == "YUYV" else bytes([90]) * (width * height * 3 // 2)
            )
        else:
            if webcam.frames[0] is None:
                self._queued[fd].insert(0, buffer.index)
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            content = webcam.frames.pop(0) if len(webcam.frames) > 1 else webcam.frames[0]
        assert content is not None
        memory[: len(content)] = np.frombuffer(content, np.uint8)
        buffer.bytesused = len(content)
        taken_ns = self.now_ns - webcam.age_ns
        buffer.seconds, buffer.microseconds = taken_ns // 10**9, taken_ns % 10**9 // 1000
        buffer.flags = webcam.stamp | (abi.BUF_ERROR if webcam.torn else 0)
        buffer.sequence = self._sequence[fd]
        self._sequence[fd] += 1
        self.now_ns += round(1e9 / self._rate.get(fd, 30.0))

    def _streamon(self, fd: int, webcam: Webcam, _: ctypes.c_int) -> None:
        self.streaming.add(fd)

    def _streamoff(self, fd: int, webcam: Webcam, _: ctypes.c_int) -> None:
        self.streaming.discard(fd)

    def _queryctrl(self, fd: int, webcam: Webcam, told: abi.QueryCtrl) -> None:
        if told.id not in webcam.controls:
            raise failure(errno.EINVAL)
        told.minimum, told.maximum = webcam.controls[told.id][:2]

    def _querymenu(self, fd: int, webcam: Webcam, told: abi.QueryMenu) -> None:
        if told.index not in webcam.menus.get(told.id, ()):
            raise failure(errno.EINVAL)

    def _g_ctrl(self, fd: int, webcam: Webcam, told: abi.Control) -> None:
        if told.id not in webcam.controls:
            raise failure(errno.EINVAL)
        told.value = webcam.controls[told.id][2]

    def _s_ctrl(self, fd: int, webcam: Webcam, asked: abi.Control) -> None:
        least, most, _ = webcam.controls[asked.id]
        if not least <= asked.value <= most:
            raise failure(errno.ERANGE)
        webcam.controls[asked.id][2] = asked.value

    @staticmethod
    def _at(things: list, index: int):  # type: ignore[no-untyped-def, type-arg]
        if index >= len(things):
            raise failure(errno.EINVAL)
        return things[index]
