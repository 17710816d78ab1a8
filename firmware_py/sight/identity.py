"""Which hand is which: the primary hand stays the primary one, through a crossing too.

While two hands are apart, their sides, sizes and ways are remembered; while they are close, their tracks may slip
from one to the other; once they are apart again, what is seen is weighed against what was remembered. Not here:
following a hand (``tracker``).
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from firmware_py.sight.landmarks import Side

_APART: Final = 1.45  # distance of the centres, in roots of the mean area, from which two hands are apart
_ONE_PLACE: Final = 0.8  # and up to which their tracks may have slipped
_WAY_S: Final = 0.10  # the way that a hand goes on is taken from so long before they met
_FORESEEN_S: Final = 0.5  # and carries so far
_STAYS: Final = 1.5  # nats for tracks that were never in one place
_SIDES: Final = 14.0  # nats a look and unit of difference in both, remembered and seen: looks err by about 0.25
_SIDES_KEPT: Final = 12  # looks
_MOST: Final = 4.0  # nats that size, way or one look at the sides may weigh at most
_SURE: Final = 3.0  # nats that decide before the last look
_LOOKS: Final = 4  # that decide at most
_OF_A_SIDE: Final = 0.2  # of rightness, on either side of not knowing it
_MEMORY_S: Final = 2.0  # of hands that do not come apart again


class Followed(Protocol):
    """What is needed to know of a track: where it is, how big, and which hand it looks like, 0 left … 1 right."""

    area: float
    x: float
    y: float
    rightness: float

    @property
    def present(self) -> bool: ...  # noqa: D102


class Look(Protocol):
    """What is needed of a look of the finder: how right a hand looked in it."""

    @property
    def rightness(self) -> float: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class _Known:
    """A hand just before it met the other: place and way (frame heights, a second), log-area, mean of its sides."""

    x: float
    y: float
    vx: float
    vy: float
    log_area: float
    rightness: float


class Identities:
    """The order of the hands over the slots that tracks live in."""

    def __init__(self, slots: int) -> None:
        """Begin with the order of the slots."""
        self._order = list(range(slots))
        self._ways: tuple[deque[tuple[float, float, float, float]], ...] = (deque(maxlen=64), deque(maxlen=64))
        self._sides: tuple[deque[float], ...] = (deque(maxlen=_SIDES_KEPT), deque(maxlen=_SIDES_KEPT))
        self._met: tuple[_Known, _Known] | None = None
        self._met_s = 0.0
        self._stays = 0.0
        self._evidence = 0.0
        self._looks = 0

    @property
    def order(self) -> Sequence[int]:
        """The slot of the primary hand, then those of the others."""
        return self._order

    def reset(self) -> None:
        """Begin with the order of the slots again."""
        self._order.sort()
        self._part()
        for sides in self._sides:
            sides.clear()

    def newcomer(self, slot: int) -> None:
        """Forget how the hand of this slot looked: another one, or one found anew, lives there now."""
        if slot < len(self._sides):
            self._sides[slot].clear()

    def follow(self, tracks: Sequence[Followed | None], t_s: float, aspect: float) -> None:
        """Take note of a frame at ``t_s`` seconds, ``aspect`` times as wide as high, after the tracks' step into it."""
        if len(tracks) != 2:
            return
        one, other = tracks
        if self._met is None:
            if one and other and one.present and other.present:
                for way, track in zip(self._ways, (one, other), strict=True):
                    way.append((t_s, track.x * aspect, track.y, math.log(max(track.area, 1e-6))))
                if _distance(one, other, aspect) < _APART:
                    self._meet(t_s)
            else:
                for way in self._ways:
                    way.clear()
        elif t_s - self._met_s > _MEMORY_S:
            self._part()
        elif not (one and other and one.present and other.present) or _distance(one, other, aspect) < _ONE_PLACE:
            self._stays = self._evidence = 0.0
            self._looks = 0

    def weigh(self, tracks: Sequence[Followed | None], looks: Sequence[Look | None], t_s: float, aspect: float) -> None:
        """Take the finder's look at the hands once the tracks have adopted it; exchange two that got exchanged."""
        if len(tracks) != 2:
            return
        (one, other), (first, second) = tracks, looks
        if self._met is None:
            for sides, look in zip(self._sides, looks, strict=True):
                if look:
                    sides.append(look.rightness)
            return
        if not (one and other and first and second and one.present and other.present):
            return
        if _distance(one, other, aspect) < _APART:
            return
        known, known_other = self._met
        self._looks += 1
        remembered, seen = known.rightness - known_other.rightness, first.rightness - second.rightness
        self._evidence += _at_most(_SIDES * remembered * seen)
        if self._looks == 1:
            self._evidence += _size(self._met, one, other) + _way(self._met, one, other, t_s - self._met_s, aspect)
        total = self._stays + self._evidence
        if abs(total) > _SURE or self._looks >= _LOOKS:
            if total < 0:
                self._order.reverse()
                one.rightness, other.rightness = other.rightness, one.rightness
            for sides in self._sides:
                sides.clear()
            self._part()

    def prefer(self, side: Side, tracks: Sequence[Followed | None]) -> None:
        """Let the hand of this side be the primary one while two hands are in view that are surely of either side."""
        one, other = (tracks[slot] for slot in self._order)
        if not (one and other and one.present and other.present):
            return
        way = 1.0 if side == "right" else -1.0
        if way * (one.rightness - 0.5) < -_OF_A_SIDE and way * (other.rightness - 0.5) > _OF_A_SIDE:
            self._order.reverse()

    def promote(self, tracks: Sequence[Followed | None]) -> None:
        """Let the other hand be the primary one once the primary one is gone for good."""
        if tracks[self._order[0]] is None and any(tracks) and self._met is None:
            self._order.sort(key=lambda slot: tracks[slot] is None)
            self._part()

    def _meet(self, t_s: float) -> None:
        sides = (sum(kept) / len(kept) if kept else 0.5 for kept in self._sides)
        self._met = _known(self._ways[0], next(sides)), _known(self._ways[1], next(sides))
        self._met_s = t_s
        self._stays = _STAYS
        self._evidence = 0.0
        self._looks = 0

    def _part(self) -> None:
        self._met = None
        for way in self._ways:
            way.clear()


def _size(met: tuple[_Known, _Known], one: Followed, other: Followed) -> float:
    """Nats by which the sizes speak for hands that kept their slots: they change with time, and by a quarter."""
    remembered = met[0].log_area - met[1].log_area
    seen = math.log(max(one.area, 1e-6) / max(other.area, 1e-6))
    return _at_most(remembered * seen / (2 * 0.25**2))


def _way(met: tuple[_Known, _Known], one: Followed, other: Followed, passed_s: float, aspect: float) -> float:
    """Nats by which the places speak for it: hands go on as they went, the less surely the longer it takes."""
    ahead_s = min(passed_s, _FORESEEN_S)
    keep = change = 0.0
    for known, own, foreign in zip(met, (one, other), (other, one), strict=True):
        x, y = known.x + known.vx * ahead_s, known.y + known.vy * ahead_s
        speed = math.hypot(known.vx, known.vy)
        sigma = 0.15 + 0.35 * passed_s + 0.5 * speed * passed_s
        keep += ((own.x * aspect - x) ** 2 + (own.y - y) ** 2) / (2 * sigma**2)
        change += ((foreign.x * aspect - x) ** 2 + (foreign.y - y) ** 2) / (2 * sigma**2)
    return _at_most(change - keep)


def _known(way: deque[tuple[float, float, float, float]], rightness: float) -> _Known:
    t_s, x, y, log_area = way[-1]
    past = next((step for step in way if t_s - step[0] <= _WAY_S), way[-1])
    lasted_s = t_s - past[0]
    vx, vy = ((x - past[1]) / lasted_s, (y - past[2]) / lasted_s) if lasted_s > 0 else (0.0, 0.0)
    return _Known(x, y, vx, vy, log_area, rightness)


def _at_most(nats: float) -> float:
    return min(_MOST, max(-_MOST, nats))


def _distance(one: Followed, other: Followed, aspect: float) -> float:
    """Distance of two hands' centres in roots of their mean area, in frames ``aspect`` times as wide as high."""
    root = math.sqrt(max(one.area + other.area, 1e-6) / 2 * aspect)
    return math.hypot((one.x - other.x) * aspect, one.y - other.y) / root
