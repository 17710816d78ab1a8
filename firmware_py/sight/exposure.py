"""When a camera may measure the light anew, and when its exposure and white balance stand still.

Automatic exposure follows the hand: as it comes near, the picture and with it the hand's outline and colours change.
So the light is locked once the count-in is over. It is measured anew when it has really changed. Pure policy over
numbers; not here: a camera's controls (``picamera2_camera``, ``v4l2``).
"""

from collections import deque
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

STEADY_S: Final = 0.5  # the picture stands still for so long before it is locked
SETTLE_MOST_S: Final = 2.0  # it is locked then anyhow: a hand that moves, a screen in view
STEADY_SHARE: Final = 0.06  # of its luma, that counts as standing still
OFF_S: Final = 1.0  # a change of light is believed after so long
BETWEEN_S: Final = 4.0  # from one lock to the next attempt: a disco is not followed
ROOM_FACTOR: Final = 1.6  # the room is so many times brighter or darker than it was; about one and a half stops
HAND_FACTOR: Final = 2.2  # the same for the hand, which is nearer to its lamp at one end of the reach than at the other
HAND_BAND: Final = (30.0, 232.0)  # luma of a hand that can still be told from its room
LOCK_FACTOR: Final = 1.35  # the picture may change so much by being locked
REFUSALS: Final = 2  # then the camera is left to itself


class Order(Enum):
    """What a camera is told."""

    LOCK = "lock"
    FREE = "free"


class _State(Enum):
    AUTOMATIC = "automatic"  # the count-in is not over, or the camera cannot lock
    SETTLING = "settling"
    TRIED = "tried"  # locked a moment ago: has the picture stayed as it was?
    LOCKED = "locked"


class LightKeeper:
    """Decides for one camera when its light is locked and when it is freed.

    The rules, in their order of weight:

    - Before the count-in is over, the camera's automatics are free.
    - They are locked once the picture stands still, two seconds later at the latest.
    - If the lock itself changes the picture (webcams that jump to an exposure of long ago), it is undone; after the
      second time in a row the camera is left to its automatics.
    - While a hand plays and can be seen well, nothing is changed: a step in brightness would be heard. Only when the
      hand itself is about to drown in light or darkness, for a second, is the light measured anew.
    - While no hand is in view, the light is measured anew when the room has been brighter or darker than at the lock
      for a second.
    - A lock stands for four seconds at least.
    """

    def __init__(self) -> None:
        self._state = _State.AUTOMATIC
        self._past: deque[tuple[float, float]] = deque()
        self._since_s = 0.0
        self._off_s: float | None = None
        self._refusals = 0
        self._room = 0.0
        self._hand: float | None = None

    @property
    def locked(self) -> bool:
        """Whether the camera was told to lock, and not to free since."""
        return self._state in (_State.TRIED, _State.LOCKED)

    def saw(self, t_s: float, room: float, hand: float | None, *, counted_in: bool) -> Order | None:
        """Take what a frame looked like, and return what the camera is to be told now, if anything.

        t_s: time of capture in seconds. room: luma of the picture, 0…255. hand: luma of the hand in view, None
        without one. counted_in: whether the count-in is over.
        """
        self._past.append((t_s, room))
        while t_s - self._past[0][0] > STEADY_S:
            self._past.popleft()
        match self._state:
            case _State.AUTOMATIC:
                if counted_in and self._refusals < REFUSALS:
                    self._enter(_State.SETTLING, t_s)
                    return self._settled(t_s, hand)
            case _State.SETTLING:
                return self._settled(t_s, hand)
            case _State.TRIED:
                if t_s - self._since_s >= STEADY_S:
                    return self._judged(t_s, room)
            case _State.LOCKED:
                return self._watched(t_s, room, hand)
        return None

    def _enter(self, state: _State, t_s: float) -> None:
        self._state, self._since_s, self._off_s = state, t_s, None

    def _settled(self, t_s: float, hand: float | None) -> Order | None:
        lumas = [luma for _, luma in self._past]
        long_enough = t_s - self._past[0][0] >= 0.8 * STEADY_S
        steady = long_enough and max(lumas) - min(lumas) <= max(3.0, STEADY_SHARE * max(lumas))
        if not steady and t_s - self._since_s < SETTLE_MOST_S:
            return None
        self._room, self._hand = sum(lumas) / len(lumas), hand
        self._enter(_State.TRIED, t_s)
        return Order.LOCK

    def _judged(self, t_s: float, room: float) -> Order | None:
        if _apart(room, self._room) <= LOCK_FACTOR:
            self._refusals = 0
            self._enter(_State.LOCKED, t_s)
            return None
        self._refusals += 1
        self._enter(_State.AUTOMATIC, t_s)
        return Order.FREE

    def _watched(self, t_s: float, room: float, hand: float | None) -> Order | None:
        if not self._off(room, hand):
            self._off_s = None
            return None
        if self._off_s is None:
            self._off_s = t_s
        if t_s - self._off_s <= OFF_S or t_s - self._since_s < BETWEEN_S:
            return None
        self._past.clear()
        self._enter(_State.SETTLING, t_s)
        self._past.append((t_s, room))
        return Order.FREE

    def _off(self, room: float, hand: float | None) -> bool:
        if hand is None:
            return _apart(room, self._room) > ROOM_FACTOR
        if self._hand is None:
            self._hand = hand  # the first since the lock
        drowns = not HAND_BAND[0] <= hand <= HAND_BAND[1] and HAND_BAND[0] <= self._hand <= HAND_BAND[1]
        return drowns or _apart(hand, self._hand) > HAND_FACTOR


def _apart(one: float, other: float) -> float:
    """Return how many times the brighter is the other; near black, where noise is all there is, nothing counts."""
    low, high = sorted((max(one, 12.0), max(other, 12.0)))
    return high / low


def room_luma(i420: NDArray[np.uint8]) -> float:
    """Return how bright the picture is, 0…255: the median, which a hand that covers less than half hardly moves."""
    height = i420.shape[0] * 2 // 3
    return float(np.median(i420[:height:8, ::8]))


def hand_luma(i420: NDArray[np.uint8], x: float, y: float, area: float) -> float:
    """Return how bright a hand is, 0…255: the mean of a square well inside it.

    x, y: its centre as shares of the frame, 0…1. area: its share of the frame.
    """
    height, width = i420.shape[0] * 2 // 3, i420.shape[1]
    half = max(2, round(0.25 * (max(area, 0.0) * width * height) ** 0.5))
    column = min(max(round(x * width), half), width - half)
    row = min(max(round(y * height), half), height - half)
    return float(i420[max(0, row - half) : row + half, max(0, column - half) : column + half].mean())


def flicker_free(
    exposure_us: float, gain: float, mains_hz: float, *, longest_us: float, gains: tuple[float, float]
) -> tuple[float, float]:
    """Return an exposure in microseconds and a gain that come to the same light and do not beat with lamps.

    Lamps on a mains of 50 Hz flicker 100 times a second, so an exposure of a whole number of 10 ms sees the same
    light in every frame (8.33 ms at 60 Hz). mains_hz: 0 for no lamps. longest_us: what the frame rate leaves room
    for. gains: the least and the most that the camera has. Where the light is too bright for one such exposure at the
    least gain, or too dark at the most, both are returned as they are.
    """
    if mains_hz <= 0 or exposure_us <= 0:
        return exposure_us, gain
    period_us = 1e6 / (2 * mains_hz)
    most = int(longest_us / period_us + 1e-6)
    for times in sorted(range(1, most + 1), key=lambda n: abs(n * period_us - exposure_us)):
        wanted = gain * exposure_us / (times * period_us)
        if gains[0] <= wanted <= gains[1]:
            return times * period_us, wanted
    return exposure_us, gain
