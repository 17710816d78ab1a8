"""The finder: hands in one frame by the palm and landmark networks, slow and sure.

Where a hand was a moment ago it looks with the landmark network alone; only when hands are wanted that are not
there does it look for palms over the whole frame. Not here: when it runs (``hands``), what happens between its
results (``tracker``).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from firmware_py.sight import anatomy
from firmware_py.sight.crop import Crop
from firmware_py.sight.landmarks import LandmarkNetwork, Landmarks, Side
from firmware_py.sight.lightness import coloured, lifted, well_lit, without_grain
from firmware_py.sight.models import ModelFiles
from firmware_py.sight.palm import Palm, PalmNetwork

_LEAST_PALM: Final = 0.2
_LEAST_PRESENCE: Final = 0.5
_LEAST_TOGETHER: Final = 3.0  # log-odds of a palm and of two looks at its hand, summed: 20 to 1
_SAME_HAND: Final = 0.55  # mean distance of landmarks in palm breadths under which two hands are one
_ZOOM: Final = 0.62  # side of the windows of a thorough search, as a share of the frame


@dataclass(frozen=True, slots=True)
class FoundHand:
    """A hand that the finder saw, in frame pixels.

    landmarks: float32, shape (21, 3), see ``Landmarks``. presence: 0…1. side: the player's own hand. box: x, y,
    width, height without forearm, within the frame. outline: convex, float32, shape (n, 2). openness: 0 fist …
    1 spread. breadth: of the palm. palm: whether the palm network sees one there too; None: it was not asked.
    """

    landmarks: NDArray[np.float32]
    presence: float
    side: Side
    rightness: float
    box: tuple[float, float, float, float]
    outline: NDArray[np.float32]
    openness: float
    breadth: float
    palm: bool | None = None

    @classmethod
    def of(cls, seen: Landmarks, width: int, height: int) -> Self:
        """Describe the hand of these landmarks in a frame of ``width`` by ``height`` pixels."""
        x, y, w, h = anatomy.box(seen.points)
        x0, y0 = min(max(x, 0.0), width - 1.0), min(max(y, 0.0), height - 1.0)
        x1, y1 = max(min(x + w, float(width)), x0 + 1), max(min(y + h, float(height)), y0 + 1)
        return cls(
            landmarks=seen.points,
            presence=seen.presence,
            side=seen.side,
            rightness=seen.rightness,
            box=(x0, y0, x1 - x0, y1 - y0),
            outline=anatomy.outline(seen.points),
            openness=anatomy.openness(seen.points),
            breadth=anatomy.palm_breadth(seen.points),
        )

    @property
    def crop(self) -> Crop:
        """Where to look for this hand in the next frame."""
        return Crop.around_landmarks(self.landmarks)

    def same_as(self, other: "FoundHand") -> bool:
        """Whether both are one hand, seen twice."""
        apart = np.linalg.norm(self.landmarks[:, :2] - other.landmarks[:, :2], axis=1).mean()
        return bool(apart < _SAME_HAND * max(self.breadth, other.breadth))


class Finder:
    """Both networks and the order they are asked in. One thread uses it."""

    def __init__(self, models: ModelFiles) -> None:
        """Load the networks; raises ModelFilesError.

        New hands are looked at with the larger landmark network, which is surer of the side; hands that are known,
        with the smaller one, which costs half. Palms in shadow are looked for with the larger palm network: what
        one of the two misses, the other often sees.
        """
        self._palms = PalmNetwork(models.palm_lite)
        self._shadow_palms = PalmNetwork(models.palm_full)
        self._first_look = LandmarkNetwork(models.landmark_full)
        self._next_look = LandmarkNetwork(models.landmark_lite)

    def find(
        self,
        rgb: NDArray[np.uint8],
        *,
        wanted: int,
        prior: Sequence[Crop] = (),
        search: bool = True,
        thorough: bool = False,
        in_shadow: bool = False,
        check: bool = False,
    ) -> list[FoundHand | None]:
        """Return the hands of ``rgb`` (uint8, shape (height, width, 3)): one answer for each prior, then new ones.

        wanted: how many hands at most. prior: windows that held a hand a moment ago; None answers one that holds
        none now. search: look for new palms when hands are still wanted; a prior that holds none is reason
        enough. thorough: for a picture that stands alone, look once more with lifted shadows when hands are still
        wanted, then in parts of the frame, where a small hand is larger to the network, when there is none yet.
        in_shadow: look for palms with lifted shadows, for streams: every other search finds the hand before a window.
        check: look for palms even when no more hands are wanted, to say of the known ones whether they have one.
        """
        rgb = without_grain(coloured(rgb))
        answers: list[FoundHand | None] = []
        for crop in prior:
            answers.append(_looked(self._next_look, rgb, crop, answers))
        if check or ((search or None in answers) and _count(answers) < wanted):
            palms = self._palms_in_shadow(rgb) if in_shadow else self._palms_in_light(rgb)
            answers = [hand and replace(hand, palm=any(_palm_of(hand, palm) for palm in palms)) for hand in answers]
            self._search(rgb, palms, answers, wanted, thorough)
            if thorough:
                self._search_on(rgb, answers, wanted)
                answers = [hand and self._refined(rgb, hand) for hand in answers]
        return answers

    def _search_on(self, rgb: NDArray[np.uint8], answers: list[FoundHand | None], wanted: int) -> None:
        if _count(answers) < wanted:
            self._search(rgb, self._palms_in_shadow(rgb), answers, wanted, True)
        if not _count(answers):
            self._search(rgb, self._palms_in_shadow(lifted(rgb)), answers, wanted, True)
        if not _count(answers):
            for palms in self._parts(rgb):
                self._search(rgb, palms, answers, wanted, True)

    def _palms_in_light(self, rgb: NDArray[np.uint8]) -> list[Palm]:
        return self._palms.look(well_lit(rgb), least_score=_LEAST_PALM)

    def _palms_in_shadow(self, rgb: NDArray[np.uint8]) -> list[Palm]:
        return self._shadow_palms.look(lifted(rgb), least_score=_LEAST_PALM)

    def _search(
        self, rgb: NDArray[np.uint8], palms: list[Palm], found: list[FoundHand | None], wanted: int, thorough: bool
    ) -> None:
        for palm in palms:
            if _count(found) < wanted and not any(hand and _palm_of(hand, palm) for hand in found):
                hand = self._verified(rgb, palm, found, thorough)
                if hand:
                    found.append(hand)

    def _verified(
        self, rgb: NDArray[np.uint8], palm: Palm, found: Sequence[FoundHand | None], thorough: bool
    ) -> FoundHand | None:
        """Return the hand of ``palm`` when three looks together say that it is one.

        A palm's window sits more loosely than the hand's own, and the hand measures smaller in it: it is looked at
        again as all later looks do, and once more in the window that this gives, so that a first note begins in tune.
        """
        first = _looked(self._first_look, rgb, Crop.around_palm(palm), found)
        again = first and _looked(self._next_look, rgb, first.crop, found)
        if not first or not again:
            return None
        sure = _log_odds(palm.score) + _log_odds(first.presence) + _log_odds(again.presence)
        if sure < _LEAST_TOGETHER:
            return None
        settled = again if thorough else _looked(self._next_look, rgb, again.crop, found) or again
        return replace(settled, side=first.side, rightness=first.rightness)

    def _refined(self, rgb: NDArray[np.uint8], hand: FoundHand) -> FoundHand:
        """Return the hand as the larger network sees it in its own window, where that sees it."""
        better = _looked(self._first_look, rgb, hand.crop, ())
        return replace(better, side=hand.side, rightness=hand.rightness) if better else hand

    def _parts(self, rgb: NDArray[np.uint8]) -> list[list[Palm]]:
        height, width = rgb.shape[:2]
        side = round(max(width, height) * _ZOOM)
        w, h = min(side, width), min(side, height)
        corners = {(x, y) for x in (0, width - w) for y in (0, height - h)}
        answers = []
        for x, y in sorted(corners):
            part = np.ascontiguousarray(rgb[y : y + h, x : x + w])
            answers.append([_moved(palm, x, y) for palm in self._palms.look(part, least_score=_LEAST_PALM)])
        return answers


def _looked(
    landmarks: LandmarkNetwork, rgb: NDArray[np.uint8], crop: Crop, found: Sequence[FoundHand | None]
) -> FoundHand | None:
    """Return the hand in the window, None when it holds none or one that is found already."""
    height, width = rgb.shape[:2]
    if not _reasonable(crop, width, height):
        return None
    seen = landmarks.look(rgb, crop)
    if seen.presence < _LEAST_PRESENCE or not np.isfinite(seen.points).all():
        return None
    hand = FoundHand.of(seen, width, height)
    return None if any(other and hand.same_as(other) for other in found) else hand


def _log_odds(chance: float) -> float:
    return math.log(max(chance, 1e-6) / max(1 - chance, 1e-6))


def _count(answers: Sequence[FoundHand | None]) -> int:
    return sum(hand is not None for hand in answers)


def _moved(palm: Palm, x: float, y: float) -> Palm:
    x0, y0, x1, y1 = palm.box
    return Palm((x0 + x, y0 + y, x1 + x, y1 + y), palm.points + np.array([x, y], dtype=np.float32), palm.score)


def _palm_of(hand: FoundHand, palm: Palm) -> bool:
    """Whether ``palm`` is the palm of ``hand``: their wrists and middle knuckles lie together."""
    apart = np.linalg.norm(hand.landmarks[[0, 5, 9, 13, 17], :2] - palm.points[:5], axis=1).mean()
    return bool(apart < _SAME_HAND * hand.breadth)


def _reasonable(crop: Crop, width: int, height: int) -> bool:
    inside = (
        -0.5 * crop.side < crop.x < width + 0.5 * crop.side and -0.5 * crop.side < crop.y < height + 0.5 * crop.side
    )
    return inside and 8 < crop.side < 6 * max(width, height)
