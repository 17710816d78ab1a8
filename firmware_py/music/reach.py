"""A player's reach: how big the hand is far away and near, the two ends of the keyboard.

Also the part of the count-in in which it is found. Not here: measuring a hand that is held still (``sight.reach``),
keeping it (``archive.players``).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from firmware_py.errors import ReachError

AREA_FAR: Final = 0.02  # of a player who is not known: an arm's length from a small camera
AREA_NEAR: Final = 0.20
LEAST_RATIO: Final = 2.0  # near to far: below it, a semitone of a two-octave song is less than a hand's trembling
LEAST_AREA: Final = 0.001
PART_S: Final = 4.0  # at least so long far, and so long near: to see what is meant, to go there, to hold still
FAR_TONE: Final = 60
NEAR_TONE: Final = 84


@dataclass(frozen=True)
class Reach:
    """Areas of the hand as shares of the frame: area_far sounds the lowest pitch, area_near the highest."""

    area_far: float
    area_near: float

    @property
    def ratio(self) -> float:
        """How many times as much of the picture the near hand fills."""
        return self.area_near / self.area_far


def reach_between(one: float, other: float) -> Reach:
    """Return the reach between two areas, whichever of them is the far one, in single precision.

    Single, as it travels to the instrument so: what sounds and what is marked have the same reach to the last bit.
    Raises ReachError when they are too much alike, or no hand's area, and says what to do.
    """
    far, near = (float(np.float32(area)) for area in sorted((one, other)))
    if not LEAST_AREA <= far <= near <= 1.0:
        raise ReachError(
            f"areas of {far:g} and {near:g} of the picture are no hand's; {LEAST_AREA:g} to 1 are: come nearer"
        )
    if near < LEAST_RATIO * far:
        raise ReachError(
            f"far, the hand fills {_percent(far)} of the picture, near {_percent(near)}: only {near / far:.1f} times as"
            f" much, {LEAST_RATIO:g} times are needed; hold it farther away first, then nearer to the camera"
        )
    return Reach(far, near)


def _percent(area: float) -> str:
    return f"{100 * area:.1f} %"


@dataclass(frozen=True)
class ReachStage:
    """The part before the count-in: the hand is held far until far_until_s, then near until near_until_s, from t0.

    A low tone on each beat of beat_s says far, a high one near, so that a box without a screen explains itself.
    """

    far_until_s: float
    near_until_s: float
    beat_s: float

    def tones(self) -> tuple[tuple[float, int], ...]:
        """Return when each tone begins, in seconds from t0, and its MIDI number."""
        beats = round(self.near_until_s / self.beat_s)
        return tuple(
            (n * self.beat_s, FAR_TONE if n * self.beat_s < self.far_until_s - self.beat_s / 2 else NEAR_TONE)
            for n in range(beats)
        )

    def words(self, seconds: float) -> str:
        """Return what a person who can read is asked for now; empty when this is over, or has not begun."""
        if not 0.0 <= seconds < self.near_until_s:
            return ""
        return "hold your hand far away" if seconds < self.far_until_s else "now hold it near"


def reach_stage(bar_s: float, beats_per_bar: int) -> ReachStage:
    """Return two bars far and two bars near, or as many more as make up PART_S."""
    bars = max(2, -int(-PART_S // bar_s))
    return ReachStage(bars * bar_s, 2 * bars * bar_s, bar_s / beats_per_bar)
