"""Finds a player's reach: how big a hand is that is held still, far and then near, and what to say meanwhile.

Not here: what makes a reach of two areas (``music.reach``), where the samples come from.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_py.errors import ReachError
from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.music.reach import LEAST_RATIO, Reach, reach_between
from firmware_py.sight.camera import Camera, Pace
from firmware_py.sight.frames import LiveFrames
from firmware_py.sight.models import ModelFiles

HOLD_S: Final = 0.8  # a hand is held still when its area hardly changes for so long
STILL: Final = 0.10  # robust standard deviation of ln area: 5 % of the hand's distance
SEEN: Final = 0.8  # share of a hold's pictures that must show the hand
SEVERAL: Final = 0.3  # share of pictures with two hands from which on it is not clear whose reach it is
LEAST_PICTURES: Final = 5
SETTLE_S: Final = 1.5  # after being asked for it, a hand is on its way
LIMIT_S: Final = 30.0
PATIENCE_S: Final = 5.0  # with a camera that gives no picture
_T0_NS: Final = 1_000_000_000  # of a script: any instant after 0, which stands for none
_NO_PICTURE: Final = Flag.CAMERA_LOST | Flag.ENDED


@dataclass(frozen=True)
class Hold:
    """A hand held still: its area (share of the frame, median), and the robust spread of ln area."""

    area: float
    spread: float


def hold_of(samples: NDArray[np.void]) -> Hold:
    """Return the stillest HOLD_S of these hand samples (dtype HAND_SAMPLE, shape (n,), in the order of capture).

    Median and quartiles decide, so that single pictures in which something else was measured count nothing. Raises
    ReachError when no hand, or several, or none that was held still was seen; says which, and what to do.
    """
    pictures = samples[(samples["flags"] & _NO_PICTURE) == 0]
    if len(pictures) < LEAST_PICTURES:
        raise ReachError("the camera gave too few pictures; check its cable")
    area = pictures["hands"]["area"][:, 0].astype(np.float64)
    seen = ((pictures["flags"] & Flag.PRESENT) != 0) & (area > 0) & (area <= 1)
    if float(np.mean((pictures["flags"] & Flag.SECOND_HAND) != 0)) > SEVERAL:
        raise ReachError("two hands were seen; hold up only the one that plays, and let others step back")
    if float(np.mean(seen)) < 0.1:
        raise ReachError("no hand was seen; hold it open before the camera, with light on it")
    t_s = pictures["t_capture_ns"].astype(np.int64) / 1e9
    log_area = np.log(np.where(seen, area, 1.0))
    best: Hold | None = None
    for first, end in _windows(t_s):
        there = seen[first:end]
        if np.count_nonzero(there) < max(LEAST_PICTURES, SEEN * (end - first)):
            continue
        values = log_area[first:end][there]
        low, middle, high = np.percentile(values, (25, 50, 75))
        spread = float(high - low) / 1.349
        if best is None or spread < best.spread:
            best = Hold(float(np.exp(middle)), spread)
    if best is None:
        raise ReachError(
            f"the hand was seen in {100 * float(np.mean(seen)):.0f} % of the pictures, and never for {HOLD_S:g} s;"
            " keep it in the picture, with light on it"
        )
    if best.spread > STILL:
        raise ReachError(f"the hand was not held still for {HOLD_S:g} s; keep it at one distance while asked to")
    return best


def _windows(t_s: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Return first and end of every stretch of HOLD_S; a picture may be missing at its end."""
    ends = np.searchsorted(t_s, t_s + HOLD_S, side="right")
    slack = 1.5 * float(np.median(np.diff(t_s))) if len(t_s) > 1 else 0.0
    whole = t_s[-1] - t_s >= HOLD_S - slack
    return [(first, int(end)) for first, end in enumerate(ends) if whole[first]]


class ReachGuide:
    """Leads a player through both holds: takes samples, says what to do, until ``reach`` is there.

    Time is that of capture, so a clip is led through as fast as it goes.
    """

    def __init__(self) -> None:
        self._far: Hold | None = None
        self._recent: deque[np.void] = deque()
        self._asked_ns = 0
        self._refusal = ReachError("the camera gave no pictures; check its cable")
        self.reach: Reach | None = None

    def take(self, sample: np.void) -> None:
        """Take the next sample, dtype HAND_SAMPLE. Raises ReachError when it has taken too long, saying why."""
        t_ns = int(sample["t_capture_ns"])
        if not self._asked_ns or (self._recent and t_ns < int(self._recent[-1]["t_capture_ns"])):
            self._ask(t_ns)
        self._recent.append(sample)
        while t_ns - int(self._recent[0]["t_capture_ns"]) > 1.5 * HOLD_S * 1e9:
            self._recent.popleft()
        if t_ns - self._asked_ns < SETTLE_S * 1e9:
            return
        try:
            hold = hold_of(np.array(list(self._recent), HAND_SAMPLE))
            if self._far is None:
                self._far = hold
                self._ask(t_ns)
                return
            self.reach = reach_between(self._far.area, hold.area)
        except ReachError as error:
            self._refusal = error
            if t_ns - self._asked_ns > LIMIT_S * 1e9:
                raise

    def _ask(self, t_ns: int) -> None:
        self._asked_ns = t_ns
        self._recent.clear()

    def found(self) -> Reach:
        """Return the reach once there are no more samples. Raises ReachError with the last reason why there is none."""
        if self.reach is None:
            raise self._refusal
        return self.reach

    @property
    def says(self) -> str:
        """What to do, and what is seen now."""
        if self.reach:
            return "thank you"
        wanted = "far away, where the lowest note shall be," if self._far is None else "near, for the highest note,"
        return f"hold your hand {wanted} and keep it still: {self._seen()}"

    def _seen(self) -> str:
        if not self._recent:
            return "…"
        sample = self._recent[-1]
        flags, area = int(sample["flags"]), float(sample["hands"][0]["area"])
        if flags & _NO_PICTURE:
            return "no picture"
        if flags & Flag.SECOND_HAND:
            return "two hands"
        if not flags & Flag.PRESENT:
            return "no hand"
        seen = f"{100 * area:.1f} % of the picture"
        if self._far is None:
            return seen
        return f"{seen}, {area / self._far.area:.1f} times the far one (at least {LEAST_RATIO:g})"


def measure_reach(camera: Camera, models: ModelFiles | None, show: Callable[[str], None]) -> Reach:
    """Lead the player before an open camera through both holds, and return the reach; the camera is closed then.

    models: the finder's files; None: colours alone. show is told for each picture what to do and what is seen. A clip
    is gone through as fast as it can be read. Raises ReachError with the reason, CameraError when the camera fails.
    """
    from firmware_py.sight.hands import Sight  # here, as the box finds the reach in samples that it is given

    guide = ReachGuide()
    sight = Sight(models, synchronous=camera.scripted, rate_hz=camera.rate_hz)
    live = None if camera.scripted else LiveFrames(camera, Pace(0, realtime=True), patience_s=PATIENCE_S)
    try:
        for frame in live or camera.frames(Pace(_T0_NS, realtime=False)):
            if frame is None:
                break
            guide.take(sight.see(frame))
            show(guide.says)
            if guide.reach:
                break
    finally:
        sight.close()
        (live or camera).close()
    return guide.found()
