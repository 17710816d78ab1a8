"""The part of the kernel's Video4Linux interface that is used here: structures, numbers and request codes.

From <linux/videodev2.h> as on every 64-bit Linux; the names are the kernel's without their prefix. Not here: what is
done with them (``v4l2_device``).
"""

import ctypes
from typing import Final

_U8, _U32, _S32 = ctypes.c_uint8, ctypes.c_uint32, ctypes.c_int32

CAPTURE: Final = 1  # BUF_TYPE_VIDEO_CAPTURE
MMAP: Final = 1  # MEMORY_MMAP
FIELD_ANY: Final = 0
DISCRETE: Final = 1  # of frame sizes and intervals; 2 is continuous, 3 stepwise, both told as limits

CAP_VIDEO_CAPTURE: Final = 0x0000_0001
CAP_VIDEO_M2M: Final = 0x0000_8000
CAP_STREAMING: Final = 0x0400_0000
CAP_DEVICE_CAPS: Final = 0x8000_0000

BUF_ERROR: Final = 0x0000_0040
BUF_TIMESTAMP_MASK: Final = 0x0000_E000
BUF_TIMESTAMP_MONOTONIC: Final = 0x0000_2000
BUF_SOURCE_MASK: Final = 0x0007_0000
BUF_SOURCE_START_OF_EXPOSURE: Final = 0x0001_0000

CID_AUTO_WHITE_BALANCE: Final = 0x0098_090C
CID_AUTOGAIN: Final = 0x0098_0912
CID_GAIN: Final = 0x0098_0913
CID_POWER_LINE_FREQUENCY: Final = 0x0098_0918  # 0 off, 1 50 Hz, 2 60 Hz, 3 found out by itself
CID_WHITE_BALANCE_TEMPERATURE: Final = 0x0098_091A
CID_EXPOSURE_AUTO: Final = 0x009A_0901  # 0 automatic, 1 manual, 2 shutter priority, 3 aperture priority
CID_EXPOSURE_ABSOLUTE: Final = 0x009A_0902  # in units of 100 µs
CID_EXPOSURE_AUTO_PRIORITY: Final = 0x009A_0903  # 0: the rate is kept in the dark
CID_FOCUS_AUTO: Final = 0x009A_090C
CTRL_DISABLED: Final = 0x0001
CTRL_READ_ONLY: Final = 0x0004
CTRL_TYPE_MENU: Final = 3


class Capability(ctypes.Structure):
    """Who a device is."""

    _fields_ = (
        ("driver", ctypes.c_char * 16),
        ("card", ctypes.c_char * 32),
        ("bus_info", ctypes.c_char * 32),
        ("version", _U32),
        ("capabilities", _U32),
        ("device_caps", _U32),
        ("reserved", _U32 * 3),
    )


class FmtDesc(ctypes.Structure):
    """One layout that a device offers."""

    _fields_ = (
        ("index", _U32),
        ("type", _U32),
        ("flags", _U32),
        ("description", ctypes.c_char * 32),
        ("pixelformat", _U32),
        ("mbus_code", _U32),
        ("reserved", _U32 * 3),
    )


class FrmSizeEnum(ctypes.Structure):
    """One size of a layout: width, height; or limits: least and most width and their step, then of the height."""

    _fields_ = (("index", _U32), ("pixel_format", _U32), ("type", _U32), ("sizes", _U32 * 6), ("reserved", _U32 * 2))


class FrmIvalEnum(ctypes.Structure):
    """One time between frames of a size, numerator and denominator in seconds; or least, most and step of them."""

    _fields_ = (
        ("index", _U32),
        ("pixel_format", _U32),
        ("width", _U32),
        ("height", _U32),
        ("type", _U32),
        ("fractions", _U32 * 6),
        ("reserved", _U32 * 2),
    )


class PixFormat(ctypes.Structure):
    """Layout and size of a picture."""

    _fields_ = (
        ("width", _U32),
        ("height", _U32),
        ("pixelformat", _U32),
        ("field", _U32),
        ("bytesperline", _U32),
        ("sizeimage", _U32),
        ("colorspace", _U32),
        ("priv", _U32),
        ("flags", _U32),
        ("ycbcr_enc", _U32),
        ("quantization", _U32),
        ("xfer_func", _U32),
    )


class _FormatUnion(ctypes.Union):
    _fields_ = (("pix", PixFormat), ("raw", _U8 * 200), ("align", ctypes.c_uint64))


class Format(ctypes.Structure):
    """A PixFormat in its envelope."""

    _fields_ = (("type", _U32), ("fmt", _FormatUnion))


class _CaptureParm(ctypes.Structure):
    _fields_ = (
        ("capability", _U32),
        ("capturemode", _U32),
        ("numerator", _U32),
        ("denominator", _U32),
        ("extendedmode", _U32),
        ("readbuffers", _U32),
        ("reserved", _U32 * 4),
    )


class _ParmUnion(ctypes.Union):
    _fields_ = (("capture", _CaptureParm), ("raw", _U8 * 200))


class StreamParm(ctypes.Structure):
    """The time between frames."""

    _fields_ = (("type", _U32), ("parm", _ParmUnion))


class RequestBuffers(ctypes.Structure):
    """How many buffers there are to be."""

    _fields_ = (
        ("count", _U32),
        ("type", _U32),
        ("memory", _U32),
        ("capabilities", _U32),
        ("flags", _U8),
        ("reserved", _U8 * 3),
    )


class Buffer(ctypes.Structure):
    """One buffer on its way: what is in it, when it was filled, and where it is mapped."""

    _fields_ = (
        ("index", _U32),
        ("type", _U32),
        ("bytesused", _U32),
        ("flags", _U32),
        ("field", _U32),
        ("seconds", ctypes.c_int64),
        ("microseconds", ctypes.c_int64),
        ("timecode", _U32 * 4),
        ("sequence", _U32),
        ("memory", _U32),
        ("offset", ctypes.c_uint64),
        ("length", _U32),
        ("reserved2", _U32),
        ("request_fd", _S32),
    )


class QueryCtrl(ctypes.Structure):
    """One control and its range."""

    _fields_ = (
        ("id", _U32),
        ("type", _U32),
        ("name", ctypes.c_char * 32),
        ("minimum", _S32),
        ("maximum", _S32),
        ("step", _S32),
        ("default_value", _S32),
        ("flags", _U32),
        ("reserved", _U32 * 2),
    )


class QueryMenu(ctypes.Structure):
    """One choice of a menu control; the kernel packs it."""

    _pack_ = 1
    _fields_ = (("id", _U32), ("index", _U32), ("name", _U8 * 32), ("reserved", _U32))


class Control(ctypes.Structure):
    """A control's value."""

    _fields_ = (("id", _U32), ("value", _S32))


_WRITE, _READ = 1, 2


def _request(direction: int, number: int, kind: type[ctypes.Structure] | type[ctypes.c_int]) -> int:
    return direction << 30 | ctypes.sizeof(kind) << 16 | ord("V") << 8 | number


QUERYCAP: Final = _request(_READ, 0, Capability)
ENUM_FMT: Final = _request(_READ | _WRITE, 2, FmtDesc)
S_FMT: Final = _request(_READ | _WRITE, 5, Format)
REQBUFS: Final = _request(_READ | _WRITE, 8, RequestBuffers)
QUERYBUF: Final = _request(_READ | _WRITE, 9, Buffer)
QBUF: Final = _request(_READ | _WRITE, 15, Buffer)
DQBUF: Final = _request(_READ | _WRITE, 17, Buffer)
STREAMON: Final = _request(_WRITE, 18, ctypes.c_int)
STREAMOFF: Final = _request(_WRITE, 19, ctypes.c_int)
S_PARM: Final = _request(_READ | _WRITE, 22, StreamParm)
G_CTRL: Final = _request(_READ | _WRITE, 27, Control)
S_CTRL: Final = _request(_READ | _WRITE, 28, Control)
QUERYCTRL: Final = _request(_READ | _WRITE, 36, QueryCtrl)
QUERYMENU: Final = _request(_READ | _WRITE, 37, QueryMenu)
ENUM_FRAMESIZES: Final = _request(_READ | _WRITE, 74, FrmSizeEnum)
ENUM_FRAMEINTERVALS: Final = _request(_READ | _WRITE, 75, FrmIvalEnum)


def fourcc(text: str) -> int:
    """Return the number of a four-character code."""
    return int.from_bytes(text.encode("ascii"), "little")


def fourcc_text(number: int) -> str:
    """Return the four characters of a code."""
    return (number & 0x7FFF_FFFF).to_bytes(4, "little").decode("latin-1").rstrip()
