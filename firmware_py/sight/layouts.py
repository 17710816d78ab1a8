"""From the bytes of a V4L2 buffer to I420: raw layouts plane by plane, without a way over RGB; JPEG by its decoder.

Not here: reading buffers (``v4l2``), OpenCV's own pictures (``scaling``).
"""

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware_py.sight.scaling import fitted, i420_of

Plane = NDArray[np.uint8]
Planes = tuple[Plane, Plane | None, Plane | None]

_GREY: Final = 128  # of both chromas, where there is no colour


def _yuyv(raw: Plane, width: int, height: int, stride: int, order: tuple[int, int, int]) -> Planes:
    """Packed 4:2:2; order: the places of the first luma, U and V among four bytes."""
    rows = raw[: stride * height].reshape(height, stride)[:, : 2 * width]
    luma, u, v = order
    quads = rows.reshape(height, width // 2, 4)
    return rows[:, luma::2], quads[:, :, u], quads[:, :, v]


def _semi_planar(raw: Plane, width: int, height: int, stride: int, u_first: bool) -> Planes:
    """4:2:0 with a plane of alternating chromas."""
    luma = raw[: stride * height].reshape(height, stride)[:, :width]
    pairs = raw[stride * height : stride * height * 3 // 2].reshape(height // 2, stride)[:, :width]
    one, other = pairs[:, 0::2], pairs[:, 1::2]
    return (luma, one, other) if u_first else (luma, other, one)


def _planar(raw: Plane, width: int, height: int, stride: int, u_first: bool) -> Planes:
    """4:2:0 with three planes, the chromas' rows half as long."""
    luma = raw[: stride * height].reshape(height, stride)[:, :width]
    end = stride * height
    quarter = stride // 2 * (height // 2)
    one = raw[end : end + quarter].reshape(height // 2, stride // 2)[:, : width // 2]
    other = raw[end + quarter : end + 2 * quarter].reshape(height // 2, stride // 2)[:, : width // 2]
    return (luma, one, other) if u_first else (luma, other, one)


def _grey(raw: Plane, width: int, height: int, stride: int) -> Planes:
    return raw[: stride * height].reshape(height, stride)[:, :width], None, None


_RAW: Final[dict[str, tuple[float, Callable[[Plane, int, int, int], Planes]]]] = {
    # four-character code: (bytes of the whole for each byte of a luma row, its planes)
    "YUYV": (1.0, lambda raw, w, h, s: _yuyv(raw, w, h, s, (0, 1, 3))),
    "YVYU": (1.0, lambda raw, w, h, s: _yuyv(raw, w, h, s, (0, 3, 1))),
    "UYVY": (1.0, lambda raw, w, h, s: _yuyv(raw, w, h, s, (1, 0, 2))),
    "NV12": (1.5, lambda raw, w, h, s: _semi_planar(raw, w, h, s, True)),
    "NV21": (1.5, lambda raw, w, h, s: _semi_planar(raw, w, h, s, False)),
    "YU12": (1.5, lambda raw, w, h, s: _planar(raw, w, h, s, True)),
    "YV12": (1.5, lambda raw, w, h, s: _planar(raw, w, h, s, False)),
    "GREY": (1.0, _grey),
}
COLOUR: Final = frozenset(_RAW) - {"GREY"}
GREY: Final = frozenset({"GREY"})
JPEG: Final = frozenset({"MJPG", "JPEG"})
KNOWN: Final = COLOUR | GREY | JPEG
_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"
_TAIL: Final = 64  # bytes of padding that cameras put after a JPEG's end


def least_stride(fourcc: str, width: int) -> int:
    """Return the bytes from one row to the next without padding, of a raw layout."""
    return 2 * width if fourcc in ("YUYV", "YVYU", "UYVY") else width


def i420_from(
    buffer: Plane, fourcc: str, size: tuple[int, int], stride: int, target: tuple[int, int]
) -> tuple[Plane, tuple[int, int]] | None:
    """Lay a camera's buffer out as I420, scaled down; the buffer may be given back after it.

    Parameters
    ----------
    buffer
        uint8, shape (n,): the bytes that the camera filled.
    fourcc
        One of ``KNOWN``.
    size, stride
        (width, height) in pixels, both even, and bytes from one row to the next; a JPEG tells its own.
    target
        Even (width, height) wanted; a JPEG of another shape than ``size`` is fitted into its longer side.

    Returns
    -------
    The picture, uint8, shape (height * 3 // 2, width), which shares no memory with the buffer, and the (width,
    height) of the camera's own picture; None for a frame that is not whole: too short, or a torn JPEG.
    """
    if fourcc in JPEG:
        return _from_jpeg(buffer, target)
    width, height = size
    share, split = _RAW[fourcc]
    if stride < least_stride(fourcc, width) or buffer.size < int(stride * height * share):
        return None
    return _scaled(split(buffer, width, height, stride), target), size


def _scaled(planes: Planes, target: tuple[int, int]) -> Plane:
    width, height = target
    i420 = np.empty((height * 3 // 2, width), np.uint8)
    _fill(i420[:height], planes[0])
    chroma = i420[height:].reshape(2, height // 2, width // 2)
    for out, plane in zip(chroma, planes[1:], strict=True):
        if plane is None:
            out.fill(_GREY)
        else:
            _fill(out, plane)
    return i420


def _fill(out: Plane, plane: Plane) -> None:
    if plane.shape == out.shape:
        out[:] = plane
    else:
        cv2.resize(np.ascontiguousarray(plane), (out.shape[1], out.shape[0]), dst=out, interpolation=cv2.INTER_AREA)


def _from_jpeg(buffer: Plane, target: tuple[int, int]) -> tuple[Plane, tuple[int, int]] | None:
    if buffer[:2].tobytes() != _JPEG_START or _JPEG_END not in buffer[-_TAIL:].tobytes():
        return None
    try:
        bgr = cv2.imdecode(buffer, cv2.IMREAD_COLOR)
    except cv2.error:  # a header that promises an absurd size
        return None
    if bgr is None:
        return None
    picture = np.asarray(bgr, dtype=np.uint8)
    size = (int(picture.shape[1]), int(picture.shape[0]))
    if size[0] * target[1] != size[1] * target[0]:
        target = fitted(size, max(target))
    return i420_of(picture, target), size
