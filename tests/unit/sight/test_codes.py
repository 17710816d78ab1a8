"""QR codes in pictures, made here."""

import cv2
import numpy as np
import pytest

from firmware_py.sight.codes import LONGEST, CodeReader, cleaned


def held_up(text: str, side: int = 180, angle: float = 0.0) -> np.ndarray:
    """A frame of 640 by 480 with a code on a white card, held somewhat askew; I420."""
    code = cv2.QRCodeEncoder.create().encode(text)
    code = cv2.copyMakeBorder(code, 4, 4, 4, 4, cv2.BORDER_CONSTANT, value=255)
    code = cv2.resize(code, (side, side), interpolation=cv2.INTER_NEAREST)
    luma = np.random.default_rng(1).normal(100, 3, (480, 640)).clip(0, 255).astype(np.uint8)
    luma[150 : 150 + side, 220 : 220 + side] = code
    luma = cv2.warpAffine(luma, cv2.getRotationMatrix2D((310, 240), angle, 1.0), (640, 480), borderValue=100)
    return np.concatenate((luma, np.full((240, 640), 128, np.uint8)))


EMPTY = np.full((720, 640), 110, np.uint8)


@pytest.mark.parametrize("text", ["mailto:ana@example.org", "WIFI:T:WPA;S=Box;P=secret;;", "Grüße, 手"])
@pytest.mark.parametrize("angle", [0.0, 12.0, -20.0, 90.0])
def test_a_code_held_up_is_read_as_it_is(text: str, angle: float) -> None:
    assert CodeReader().read(held_up(text, 240, angle), 0.0) == text


def test_a_code_is_also_read_on_the_small_picture_when_it_is_near() -> None:
    large = held_up("https://example.org/a", 260)
    small = cv2.resize(large[:480], (320, 240), interpolation=cv2.INTER_AREA)
    assert (
        CodeReader().read(np.concatenate((small, np.full((120, 320), 128, np.uint8))), 0.0) == "https://example.org/a"
    )


def test_a_code_that_stays_in_view_is_told_once_and_again_when_it_was_away_for_five_seconds() -> None:
    reader = CodeReader()
    one, other = held_up("one"), held_up("other")
    told = [reader.read(one, 0.5 * k) for k in range(40)]
    assert told == ["one"] + [None] * 39
    assert reader.read(EMPTY, 20.5) is None
    assert reader.read(one, 22.0) is None, "away for a moment"
    assert reader.read(other, 22.5) == "other"
    assert reader.read(other, 27.0) is None
    assert reader.read(other, 32.5) == "other"


NOISE = np.random.default_rng(2).integers(0, 256, (720, 640)).astype(np.uint8)


@pytest.mark.parametrize("picture", [EMPTY, NOISE, np.zeros((720, 640), np.uint8), np.full((3, 2), 200, np.uint8)])
def test_without_a_code_there_is_no_text(picture: np.ndarray) -> None:
    assert CodeReader().read(picture, 0.0) is None


def test_control_characters_and_turns_of_direction_are_left_out() -> None:
    assert cleaned("a\x00b\x1b[31mc\x7f\r\nd\te\u202ef\u2066g") == "ab[31mc\nd\tefg"
    assert cleaned("\n\x00 ") == ""
    assert cleaned("élan vital 手 😀") == "élan vital 手 😀"


class Detector:
    """Stands for OpenCV's, which may read anything or stumble."""

    def __init__(self, found: str | Exception) -> None:
        self.found = found

    def detectAndDecode(self, _: np.ndarray) -> tuple[str, None, None]:  # noqa: N802
        if isinstance(self.found, Exception):
            raise self.found
        return self.found, None, None


@pytest.mark.parametrize(
    "found", ["x" * (LONGEST + 1), "\x00\x01", cv2.error("broken"), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no")]
)
def test_a_code_too_long_empty_or_broken_is_none(found: str | Exception) -> None:
    reader = CodeReader()
    reader._quick = Detector(found)
    assert reader.read(EMPTY, 0.0) is None
