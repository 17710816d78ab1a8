"""Looking for a hand by colour alone, for a machine without the finder's model files. It answers as the finder does.

In the count-in the player holds an open hand up in a square in the middle of the picture: there it takes the place
that came into the room and stands out from it, or has fingers, and from then on goes by the colours learnt there. What
was in the room before is no hand; yet faces and wood may pass for one: its presence, hence the samples' confidence, is
low on purpose.
"""

import time
from itertools import product
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware_py._mask import Mask
from firmware_py.sight.crop import Crop
from firmware_py.sight.finder import FoundHand
from firmware_py.sight.landmarks import Landmarks
from firmware_py.sight.likeness import Likeness, Portraitist, draw
from firmware_py.sight.lookout import Answer, Question
from firmware_py.sight.room import Room, finger_like

PRESENCE: Final = 0.3  # how sure an answer is, at best

# An upright hand with its fingers together, in palm breadths from the wrist, y down; proportions as in ``anatomy``.
UPRIGHT: Final = np.array(
    [
        *((0.0, 0.0),),
        *((0.24, -0.22), (0.44, -0.52), (0.52, -0.84), (0.55, -1.08)),
        *((0.30, -1.08), (0.31, -1.52), (0.31, -1.78), (0.31, -1.98)),
        *((0.075, -1.12), (0.08, -1.62), (0.08, -1.92), (0.08, -2.13)),
        *((-0.135, -1.07), (-0.14, -1.54), (-0.14, -1.82), (-0.14, -2.03)),
        *((-0.325, -0.96), (-0.34, -1.32), (-0.35, -1.52), (-0.35, -1.72)),
    ],
    dtype=np.float32,
)
_MIDDLE: Final = (0.0, -1.0)
_SIZES: Final = (0.14, 0.2, 0.28, 0.4)  # palm breadths tried, as shares of the frame's height
_PLACES: Final = (0.5, 0.35, 0.65, 0.2, 0.8)  # of width and height, the middle first
_LEAST_SUPPORT: Final = 0.6
_LEAST_CONTRAST: Final = 0.25
_KEPT_SUPPORT: Final = 0.45
_STEPS: Final = 6
_CAME: Final = 0.5  # share of a hand's place that differs from the room as it was
_WAS_THERE: Final = 0.2  # share up to which a place is the room
_DOUBTS: Final = 4  # looks in a row at what was there before and has no fingers
_SQUARE: Final = (0.3, 0.7)  # of width and height: where the hand is held in the count-in


def skin_odds() -> bytes:
    """Return log-odds of colours for skin of any tone, as ``Mask.adopt`` takes them.

    Chroma of skin lies in one region for all tones, luma does not tell (Chai and Ngan, IEEE Trans. CSVT 9(4),
    1999: Cb 77…127, Cr 133…173); soft edges here, since white balance moves it.
    """
    middle = np.arange(32) * 4 + 66.0
    u = np.abs(middle - 102.0) / 25.0
    v = np.abs(middle - 153.0) / 20.0
    chroma = 16.0 * np.clip(1.3 - np.hypot(u[:, None], v[None, :]) ** 2, -1.0, 1.0)
    luma = np.where((np.arange(32) >= 3) & (np.arange(32) <= 30), 1.0, 0.0)
    odds = np.where(luma[:, None, None] > 0, chroma[None], -8.0)
    return odds.astype(np.int8).tobytes()


class ColourLookout:
    """Answers the finder's questions without networks; one hand only."""

    def __init__(self) -> None:
        self._skin = skin_odds()
        self._portraitist = Portraitist()
        self._mask = Mask()
        self._last: Likeness | None = None
        self._room = Room()
        self._doubts = 0
        self._came_from_room = False

    def look(self, question: Question) -> Answer:
        """Answer one question, in line."""
        began = time.perf_counter()
        frame = question.frame
        crop = question.crops[0]
        if crop:
            hand = self._still_there(frame.i420, crop)
            self._room.look(frame.i420, hand.box if hand else None)
        else:
            self._room.look(frame.i420, None)
            hand = self._appeared(frame.i420)
        likeness = None
        if hand:
            if not crop:
                self._portraitist.forget()
            likeness = self._last = self._portraitist.likeness(hand, frame.i420, frame.number)
        rest = len(question.crops) - 1
        return Answer(
            number=frame.number,
            likenesses=(likeness, *(None,) * rest),
            asked=(crop is not None, *(False,) * rest),
            ms=(time.perf_counter() - began) * 1e3,
            fresh=(likeness is not None and crop is None, *(False,) * rest),
        )

    def forget(self) -> None:
        """The next frame has nothing to do with those before."""
        self._portraitist.forget()
        self._room.forget()
        self._last = None

    def _still_there(self, i420: NDArray[np.uint8], crop: Crop) -> FoundHand | None:
        standard = Crop.around_landmarks(_landmarks(0.0, 0.0, 1.0))
        breadth = crop.side / standard.side
        hand = _hand(crop.x - standard.x * breadth, crop.y - standard.y * breadth, breadth, i420)
        odds = self._last.odds if self._last else self._skin
        shape, pose = draw(hand)
        self._mask.adopt(shape, odds)
        self._mask.pose = pose
        self._mask.measure(i420)
        if self._mask.support < _KEPT_SUPPORT:
            return None
        was_there = self._came_from_room and self._room.changed(hand.box) < _WAS_THERE
        self._doubts = self._doubts + 1 if was_there and not finger_like(patch(i420, odds, hand.box)) else 0
        return hand if self._doubts < _DOUBTS else None

    def _appeared(self, i420: NDArray[np.uint8]) -> FoundHand | None:
        height, width = i420.shape[0] * 2 / 3, float(i420.shape[1])
        best, best_contrast = None, _LEAST_CONTRAST
        for y, x, size in product(_PLACES, _PLACES, _SIZES):
            breadth = size * height
            hand = _hand(x * width - _MIDDLE[0] * breadth, y * height - _MIDDLE[1] * breadth, breadth, i420)
            shape, pose = draw(hand)
            self._mask.adopt(shape, self._skin)
            self._mask.set_reference(1.0, 0.0, 0.0)
            self._mask.pose = pose
            self._mask.measure(i420, None, _STEPS)
            contrast = self._mask.support - self._mask.surround
            if self._mask.support < _LEAST_SUPPORT or self._mask.visible <= 0.7 or contrast <= best_contrast:
                continue
            cx, cy, scale = self._mask.pose
            grown = scale / pose[2]
            middle = hand.landmarks[0, :2] + 2 * np.array([cx - pose[0], cy - pose[1]]) + np.array(_MIDDLE) * breadth
            at = middle - np.array(_MIDDLE) * breadth * grown
            there = _hand(float(at[0]), float(at[1]), breadth * grown, i420)
            came = self._room.changed(there.box) >= _CAME
            in_square = all(
                _SQUARE[0] < share < _SQUARE[1] for share in (float(middle[0]) / width, float(middle[1]) / height)
            )
            if came or (in_square and finger_like(patch(i420, self._skin, there.box))):
                best, best_contrast, self._came_from_room = there, contrast, came
        self._doubts = 0
        return best


def patch(i420: NDArray[np.uint8], odds: bytes, box: tuple[float, float, float, float]) -> NDArray[np.uint8]:
    """Return what hangs together by colour with the middle of ``box`` (pixels): uint8, 0 or 255, a cell 2x2 pixels."""
    height, width = i420.shape[0] * 2 // 3, i420.shape[1]
    cells = (height // 2, width // 2)
    chroma = i420.reshape(-1)[width * height :].reshape(2, *cells).astype(np.int16)
    u, v = np.clip((chroma - 64) >> 2, 0, 31)
    table = np.frombuffer(odds, np.int8).reshape(32, 32, 32)
    alike = (table[i420[:height:2, ::2] >> 3, u, v] > 0).astype(np.uint8)
    alike = np.asarray(cv2.medianBlur(alike, 3), np.uint8)
    _, parts = cv2.connectedComponents(alike)
    x, y, w, h = (v / 2 for v in box)
    inner = np.s_[round(y + 0.3 * h) : round(y + 0.7 * h) + 1, round(x + 0.3 * w) : round(x + 0.7 * w) + 1]
    inside = parts[inner][alike[inner] > 0]
    if not inside.size:
        return np.zeros(cells, np.uint8)
    return np.asarray(255 * (parts == np.bincount(inside).argmax()), np.uint8)


def _landmarks(x: float, y: float, breadth: float) -> NDArray[np.float32]:
    points = np.zeros((21, 3), dtype=np.float32)
    points[:, :2] = UPRIGHT * np.float32(breadth) + np.array([x, y], dtype=np.float32)
    return points


def _hand(x: float, y: float, breadth: float, i420: NDArray[np.uint8]) -> FoundHand:
    """Return the standard hand with its wrist at x, y."""
    seen = Landmarks(_landmarks(x, y, breadth), presence=PRESENCE, rightness=1.0)
    return FoundHand.of(seen, i420.shape[1], i420.shape[0] * 2 // 3)
