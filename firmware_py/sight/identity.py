"""Which hand is which: the primary hand stays the primary one, through a crossing too.

Hands that cross are told apart afterwards by being left and right. Not here: following a hand (``tracker``).
"""

from collections.abc import Sequence
from typing import Final

from firmware_py.sight.landmarks import Side
from firmware_py.sight.likeness import Likeness
from firmware_py.sight.tracker import Track

_FADES: Final = 0.9  # of the doubt, from look to look
_SURE: Final = 0.2  # of a side, on either side of not knowing it
_CONVINCED: Final = 2.5  # a look in which both hands are surely the other one adds 2


class Identities:
    """The order of the hands over the slots that tracks live in."""

    def __init__(self, slots: int) -> None:
        """Begin with the order of the slots."""
        self._order = list(range(slots))
        self._doubt = 0.0

    @property
    def order(self) -> Sequence[int]:
        """The slot of the primary hand, then those of the others."""
        return self._order

    def reset(self) -> None:
        """Begin with the order of the slots again."""
        self._order.sort()
        self._doubt = 0.0

    def weigh(self, tracks: Sequence[Track | None], likenesses: Sequence[Likeness | None]) -> None:
        """Take a look's word on left and right, before the tracks adopt it; exchange two hands that got exchanged."""
        if len(tracks) != 2:
            return
        (one, other), (first, second) = tracks, likenesses
        if not (one and other and first and second):
            self._doubt = 0.0
            return
        seen, seen_other = first.hand.rightness, second.hand.rightness
        keeping = abs(one.rightness - seen) + abs(other.rightness - seen_other)
        exchanging = abs(one.rightness - seen_other) + abs(other.rightness - seen)
        self._doubt = max(0.0, _FADES * self._doubt + keeping - exchanging)
        if self._doubt > _CONVINCED:
            self._doubt = 0.0
            self._order.reverse()
            one.rightness, other.rightness = other.rightness, one.rightness

    def prefer(self, side: Side, tracks: Sequence[Track | None]) -> None:
        """Let the hand of this side be the primary one while two hands are in view that are surely of either side."""
        one, other = (tracks[slot] for slot in self._order)
        if not (one and other and one.present and other.present):
            return
        way = 1.0 if side == "right" else -1.0
        if way * (one.rightness - 0.5) < -_SURE and way * (other.rightness - 0.5) > _SURE:
            self._order.reverse()

    def promote(self, tracks: Sequence[Track | None]) -> None:
        """Let the other hand be the primary one once the primary one is gone for good."""
        if tracks[self._order[0]] is None and any(tracks):
            self._order.sort(key=lambda slot: tracks[slot] is None)
