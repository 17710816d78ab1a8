"""One hand from frame to frame between the finder's looks: follow it, measure its area, know when it is gone.

The measuring is compiled (``_mask``); this keeps what must be remembered between frames. Not here: which hand is
which and when the finder looks (``hands``).
"""

import math
from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_py._mask import Mask
from firmware_py.sight.likeness import Likeness, Pose, adopt
from firmware_py.sight.one_euro import OneEuro, OneEuroSettings
from firmware_py.sight.presence import Presence

MEMORY_S: Final = 1.0  # so long after it left, a hand is known again by its colours alone

# Area in nats: a still hand trembles by 2e-3 and an octave's glide in 0.1 s runs at 11 a second.
_AREA: Final = OneEuroSettings(least_hz=2.0, quickness=10.0, speed_hz=10.0)
_PLACE: Final = OneEuroSettings(least_hz=4.0, quickness=40.0, speed_hz=10.0)
_OPENNESS: Final = OneEuroSettings(least_hz=3.0, quickness=2.0, speed_hz=5.0)

_SEAM: Final = 0.04  # nats: a new look that measures so little else is blended in
_SEAM_S: Final = 0.08  # in which it is: the longer, the more looks agree, so that a still hand's measure is their mean
_SEAM_LOOK_S: Final = 0.05
_MOST_SEAM_S: Final = 0.5

_STEPS: Final = 4
_REACH_S: Final = 10.0  # scales a second (a scale is about two palm breadths) beyond what was foreseen
_LEAST_SUPPORT: Final = 0.5  # of the support in the finder's frame
_LEAST_VISIBLE: Final = 0.2
_SURE_AGAIN: Final = 0.75  # support and contrast, of those in the finder's frame, of a hand that came back
_RETURNS: Final = (1.0, 0.8, 1.25, 0.62, 1.6)  # sizes that a hand may come back with
_FIRST_SIDE: Final = 3.0  # looks that the first one, by the larger network, counts for
_MOST_SIDES: Final = 24.0  # looks that a hand's side is the mean of
_POSES_KEPT: Final = 128


class Track:
    """One hand that the finder has seen."""

    def __init__(self, likeness: Likeness, rate_hz: float) -> None:
        """Begin with what the finder saw, in a stream of ``rate_hz`` frames a second."""
        self.likeness = likeness
        self.misses = self.palmless = 0
        self.area = self.x = self.y = 0.0
        self.openness = likeness.hand.openness
        self.rightness = likeness.hand.rightness
        self.confirmed_s = -math.inf
        self._sides = _FIRST_SIDE
        self._mask = Mask()
        self._reach = min(0.6, _REACH_S / rate_hz)
        self._presence = Presence(rate_hz)
        self._log_area, self._x_filter, self._y_filter = OneEuro(_AREA), OneEuro(_PLACE), OneEuro(_PLACE)
        self._openness_filter = OneEuro(_OPENNESS)
        self._pose: Pose = likeness.pose
        self._velocity: Pose = (0.0, 0.0, 1.0)
        self._past: deque[tuple[int, Pose]] = deque(maxlen=_POSES_KEPT)
        self._gone_s = math.inf
        self._seam = 0.0
        self._seam_s = _SEAM_S
        self._seen_s = 0.0
        self.adopt(likeness)

    @property
    def present(self) -> bool:
        """Whether the hand is in view."""
        return self._presence.present

    @property
    def doubted(self) -> bool:
        """Whether the last frame did not show it although it counts as present."""
        return self._presence.doubted

    @property
    def mask(self) -> Mask:
        """What measures it; the other hand's rival."""
        return self._mask

    @property
    def pose(self) -> Pose:
        """Where its shape's grid lies now, in cells."""
        return self._pose

    @property
    def confidence(self) -> float:
        """How sure the last frame was, 0…1."""
        if not self.present:
            return 0.0
        held = min(1.0, self._mask.support / max(self.likeness.support, 0.05))
        return min(1.0, self.likeness.hand.presence) * (0.4 + 0.6 * held) * 0.8**self.misses

    def remembered(self, t_s: float) -> bool:
        """Whether the hand is in view or left so lately that its colours still tell it."""
        return self.present or t_s - self._gone_s <= MEMORY_S

    def motion_since(self, number: int) -> tuple[float, float, float]:
        """Return how the hand moved since frame ``number``: x and y in cells, and times in size."""
        for n, (x, y, scale) in self._past:
            if n >= number:
                return self._pose[0] - x, self._pose[1] - y, self._pose[2] / scale
        return 0.0, 0.0, 1.0

    def adopt(self, likeness: Likeness) -> None:
        """Take a newer look of the finder at this hand, corrected for its motion since the frame of that look."""
        dx, dy, grown = self.motion_since(likeness.number)
        x, y, scale = likeness.pose
        self._past = deque(
            (
                (n, (x + px - self._pose[0] + dx, y + py - self._pose[1] + dy, scale * ps / self._pose[2] * grown))
                for n, (px, py, ps) in self._past
            ),
            maxlen=_POSES_KEPT,
        )
        self.likeness = likeness
        self._pose = (x + dx, y + dy, scale * grown)
        adopt(self._mask, likeness.shape, likeness.odds, likeness.quality)
        self._mask.set_reference(likeness.fill, likeness.dx, likeness.dy)
        self._mask.pose = self._pose
        sure = abs(2 * likeness.hand.rightness - 1)  # a look that is not sure of the side changes nothing
        self._sides = min(self._sides + sure, _MOST_SIDES)
        self.rightness += sure / self._sides * (likeness.hand.rightness - self.rightness)
        self.misses = 0

    def step(self, i420: NDArray[np.uint8], number: int, t_s: float, rival: Mask | None) -> None:
        """Follow the hand into the frame ``number`` taken at ``t_s`` seconds."""
        if self.present:
            x, y, scale = self._pose
            vx, vy, growth = self._velocity
            self._mask.pose = (x + vx, y + vy, scale * growth)
            self._mask.measure(i420, rival, _STEPS, self._reach)
            evidence = self._evident(_LEAST_SUPPORT)
        else:
            evidence = self._returned(i420, rival)
        self._take(evidence, i420, number, t_s)

    def confirm(self, likeness: Likeness, i420: NDArray[np.uint8], number: int, t_s: float, rival: Mask | None) -> None:
        """Adopt a look after the step into this frame: the finder has just seen the hand, so it is there.

        What the new look measures otherwise than the old one is not a movement of the hand, and is blended in.
        """
        before = self._mask.mass if self._tracked(number) else 0.0
        self.adopt(likeness)
        self.confirmed_s = t_s
        late = likeness.number != number
        self._mask.measure(i420, rival, _STEPS if late else 0, self._reach)
        if late and not self._evident(_LEAST_SUPPORT):
            return
        if before:
            otherwise = self._seam + math.log(before / max(self._mask.mass, 1e-3))
            alike = abs(otherwise) < _SEAM
            self._seam = otherwise if alike else 0.0
            self._seam_s = min(self._seam_s + _SEAM_LOOK_S, _MOST_SEAM_S) if alike else _SEAM_S
            self._pose = self._mask.pose
            self._past[-1] = (number, self._pose)
        else:
            self._take(True, i420, number, t_s)

    def leave(self) -> None:
        """The finder says that there is no hand here, and is believed."""
        self._presence.leave()
        self._gone_s = -math.inf

    def _tracked(self, number: int) -> bool:
        """Whether the step into this frame found the hand."""
        return self.present and not self.doubted and bool(self._past) and self._past[-1][0] == number

    def _take(self, evidence: bool, i420: NDArray[np.uint8], number: int, t_s: float) -> None:
        was_present = self.present
        if self._presence.saw(evidence) and evidence:
            self._gone_s = math.inf
            if not was_present:
                for one in (self._log_area, self._x_filter, self._y_filter, self._openness_filter):
                    one.reset()
                self._seam, self._seam_s = 0.0, _SEAM_S
            self._moved(self._mask.pose, steady=was_present)
            height, width = i420.shape[0] // 3, i420.shape[1] // 2
            x, y = self._mask.centre
            self._seam *= math.exp(-max(0.0, t_s - self._seen_s) / self._seam_s)
            self._seen_s = t_s
            log_area = math.log(max(self._mask.mass / (width * height), 1e-6)) + self._seam
            self.area = min(1.0, math.exp(self._log_area(log_area, t_s)))
            self.x = min(1.0, max(0.0, self._x_filter(x / width, t_s)))
            self.y = min(1.0, max(0.0, self._y_filter(y / height, t_s)))
            self.openness = self._openness_filter(self.likeness.hand.openness, t_s)
        elif was_present and not self.present:
            self._gone_s = t_s
            self._velocity = (0.0, 0.0, 1.0)
        if self._past and self._past[-1][0] == number:
            self._past.pop()
        self._past.append((number, self._pose))

    def _moved(self, pose: Pose, *, steady: bool) -> None:
        if steady and self._past:
            x, y, scale = self._past[-1][1]
            vx, vy, growth = self._velocity
            self._velocity = (
                0.5 * (vx + pose[0] - x),
                0.5 * (vy + pose[1] - y),
                min(1.1, max(0.9, math.sqrt(growth * pose[2] / scale))),
            )
        else:
            self._velocity = (0.0, 0.0, 1.0)
        self._pose = pose

    def _evident(self, share: float) -> bool:
        grown = self._mask.pose[2] / self.likeness.pose[2]
        return (
            self._mask.support >= share * self.likeness.support
            and self._mask.visible >= _LEAST_VISIBLE
            and 0.25 < grown < 4.0
        )

    def _returned(self, i420: NDArray[np.uint8], rival: Mask | None) -> bool:
        """Whether the hand that left shows again near where it was, in any of a few sizes."""
        x, y, scale = self._pose
        for size in _RETURNS:
            self._mask.pose = (x, y, scale * size)
            self._mask.measure(i420, rival, _STEPS)
            contrast = (self._mask.support - self._mask.surround) / max(self.likeness.support, 0.05)
            if self._evident(_SURE_AGAIN) and contrast >= 0.5 and 0.6 < self._mask.fill / self.likeness.fill < 1.6:
                return True
        return False
