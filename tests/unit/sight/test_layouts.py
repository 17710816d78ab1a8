"""Buffers of webcams laid out as I420."""

import cv2
import numpy as np
import pytest

from firmware_py.sight.layouts import COLOUR, KNOWN, i420_from, least_stride

SIZE = (64, 48)
RNG = np.random.default_rng(3)


def planes() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Luma in full size, both chromas in half: what every layout below carries."""
    return (RNG.integers(0, 256, (48, 64), np.uint8), RNG.integers(0, 256, (24, 32), np.uint8),
            RNG.integers(0, 256, (24, 32), np.uint8))  # fmt: skip


def packed(code: str, y: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A buffer of that layout, its rows not padded."""
    tall_u, tall_v = u.repeat(2, axis=0), v.repeat(2, axis=0)
    quad = np.zeros((48, 32, 4), np.uint8)
    match code:
        case "YUYV" | "YVYU" | "UYVY":
            places = {"YUYV": (0, 2, 1, 3), "YVYU": (0, 2, 3, 1), "UYVY": (1, 3, 0, 2)}[code]
            for place, plane in zip(places, (y[:, 0::2], y[:, 1::2], tall_u, tall_v), strict=True):
                quad[:, :, place] = plane
            return quad.reshape(48, 128)
        case "NV12" | "NV21":
            pairs = np.stack((u, v) if code == "NV12" else (v, u), axis=-1).reshape(24, 64)
            return np.concatenate((y, pairs))
        case "YU12" | "YV12":
            first, second = (u, v) if code == "YU12" else (v, u)
            return np.concatenate((y.ravel(), first.ravel(), second.ravel())).reshape(72, 64)
    return y


@pytest.mark.parametrize("code", sorted(COLOUR))
def test_every_raw_layout_becomes_the_same_planes(code: str) -> None:
    y, u, v = planes()
    found = i420_from(packed(code, y, u, v).ravel(), code, SIZE, least_stride(code, 64), SIZE)
    assert found is not None
    i420, size = found
    assert size == SIZE
    assert np.array_equal(i420[:48], y)
    chroma = i420[48:].reshape(2, 24, 32)
    assert np.abs(chroma[0].astype(int) - u).max() <= 1, "of the two rows that a packed layout has, the mean"
    assert np.abs(chroma[1].astype(int) - v).max() <= 1


@pytest.mark.parametrize("code", ["YUYV", "NV12", "GREY"])
def test_the_padding_of_rows_is_left_out(code: str) -> None:
    y, u, v = planes()
    tight = packed(code, y, u, v)
    loose = np.full((tight.shape[0], tight.shape[1] + 32), 255, np.uint8)
    loose[:, : tight.shape[1]] = tight
    found = i420_from(loose.ravel(), code, SIZE, loose.shape[1], SIZE)
    assert found is not None
    assert np.array_equal(found[0][:48], y)


def test_grey_has_no_colour() -> None:
    found = i420_from(np.full(64 * 48, 90, np.uint8), "GREY", SIZE, 64, (32, 24))
    assert found is not None
    assert (found[0][:24] == 90).all()
    assert (found[0][24:] == 128).all()


def test_the_buffer_may_be_overwritten_afterwards() -> None:
    buffer = np.full(64 * 96, 90, np.uint8)
    for target in (SIZE, (32, 24)):
        found = i420_from(buffer, "NV12", SIZE, 64, target)
        assert found is not None
        assert not np.shares_memory(found[0], buffer)


def jpeg(width: int = 64, height: int = 48) -> bytes:
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, :, 2] = 200
    return cv2.imencode(".jpg", picture)[1].tobytes()


def test_a_jpeg_is_decoded_and_tells_its_own_size() -> None:
    found = i420_from(np.frombuffer(jpeg(), np.uint8), "MJPG", (640, 480), 0, (32, 24))
    assert found is not None
    assert (found[0].shape, found[1]) == ((36, 32), (64, 48))
    other = i420_from(np.frombuffer(jpeg(96, 48), np.uint8), "MJPG", (640, 480), 0, (32, 24))
    assert other is not None
    assert (other[0].shape, other[1]) == ((24, 32), (96, 48)), "another shape in mid-stream"


NOISY = cv2.imencode(".jpg", RNG.integers(0, 256, (48, 64, 3), np.uint8))[1].tobytes()


@pytest.mark.parametrize(
    "torn", [NOISY[: len(NOISY) * 3 // 4], b"", jpeg()[:200], jpeg()[:-2], b"\xff\xd8\xff\xd9", b"\0" * 500, jpeg()[5:]]
)
def test_a_torn_jpeg_is_no_frame(torn: bytes) -> None:
    assert i420_from(np.frombuffer(torn, np.uint8), "MJPG", SIZE, 0, SIZE) is None


@pytest.mark.parametrize("code", sorted(KNOWN))
def test_a_buffer_that_is_too_short_is_no_frame(code: str) -> None:
    assert i420_from(np.zeros(100, np.uint8), code, SIZE, least_stride(code, 64), SIZE) is None
    assert i420_from(np.zeros(20_000, np.uint8), code, SIZE, 10, SIZE) is None, "a row shorter than the picture"
