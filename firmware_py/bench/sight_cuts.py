"""Real hands cut out of labelled pictures, and put before other rooms at a known size: pictures whose truth is known.

The cut-outs are made at run time and kept nowhere. Not here: light, skin and the camera's noise (``sight_light``).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware_py.bench.sight_labels import Box, LabelledPicture, overlap
from firmware_py.bench.sight_light import linear_of
from firmware_py.errors import BenchError
from firmware_py.sight import anatomy
from firmware_py.sight.camera import Frame, Pace
from firmware_py.sight.finder import Finder, FoundHand
from firmware_py.sight.ghost.scene import backdrop, ball, listener
from firmware_py.sight.hands import Sight
from firmware_py.sight.models import ModelFiles
from firmware_py.sight.pictures import Pictures

SIZE: Final = (320, 240)
Linear = NDArray[np.float32]  # light, RGB, shape (h, w, 3), 1.0 is white paper
_ARM: Final = 4.0  # length of the sleeve in palm breadths
_CLOTH: Final = (0.035, 0.07, 0.16)  # linear RGB
_LEAST_FIT: Final = 0.85
_LEAST_BREADTH: Final = 0.085  # of the picture's width
_LEAST_AGREEMENT: Final = 0.86  # of the cut-out with the hand that the landmarks draw
_REFINED: Final = 4  # rounds of GrabCut


@dataclass(frozen=True)
class Cut:
    """A hand with a sleeve, fingers up. light: linear RGB. bare: share of each pixel that is hand; whole: or sleeve.

    right: whether it is a right hand.
    """

    name: str
    right: bool
    light: Linear
    bare: NDArray[np.float32]
    whole: NDArray[np.float32]

    @property
    def area(self) -> float:
        """Of the hand, in square pixels."""
        return float(self.bare.sum(dtype=np.float64))

    def mirrored(self) -> Self:
        """The other hand."""
        return replace(
            self,
            right=not self.right,
            light=np.ascontiguousarray(self.light[:, ::-1]),
            bare=np.ascontiguousarray(self.bare[:, ::-1]),
            whole=np.ascontiguousarray(self.whole[:, ::-1]),
        )

    def halved(self) -> Self:
        """The same at half the size, for a smooth reduction."""
        even = tuple(side // 2 * 2 for side in self.bare.shape)

        def half(picture: NDArray[np.float32]) -> NDArray[np.float32]:
            part = picture[: even[0], : even[1]]
            return np.ascontiguousarray((part[::2, ::2] + part[1::2, ::2] + part[::2, 1::2] + part[1::2, 1::2]) / 4)

        whole = half(self.whole)
        light = half(self.light * self.whole[..., None]) / np.maximum(whole, 1e-4)[..., None]
        return replace(self, light=np.asarray(light, np.float32), bare=half(self.bare), whole=whole)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a hand goes: area as a share of the frame, centre 0…1, turned by degrees."""

    cut: Cut
    area: float
    x: float
    y: float
    degrees: float = 0.0


@dataclass(frozen=True, slots=True)
class Truth:
    """What is there of a hand: area as a share of the frame, box x0, y0, x1, y1 in pixels."""

    area: float
    box: Box


def cuts_of(pictures: Sequence[LabelledPicture], models: ModelFiles, wanted: int) -> list[Cut]:
    """Cut ``wanted`` hands out of labelled pictures that hold one hand, spread over their order.

    Only hands that lie whole in the picture and that the finder meets well are taken: a bad cut-out would measure
    itself. Raises BenchError when there are none.
    """
    finder = Finder(models)
    alone = [picture for picture in pictures if len(picture.boxes) == 1]
    found: list[Cut] = []
    stride = max(1, len(alone) // wanted)
    for first in range(0, len(alone), stride):
        for picture in alone[first : first + stride]:
            cut = _cut(picture, finder, models)
            if cut:
                found.append(cut)
                break
        if len(found) == wanted:
            break
    if not found:
        raise BenchError(f"none of the {len(pictures)} pictures holds a hand that can be cut out; give other pictures")
    return found


def _cut(picture: LabelledPicture, finder: Finder, models: ModelFiles) -> Cut | None:
    camera = Pictures(picture.file)
    frame = next(iter(camera.frames(Pace(1, realtime=False))))
    bgr = camera.picture
    hands = [hand for hand in finder.find(frame.rgb(), wanted=2) if hand]
    if bgr is None or len(hands) != 1 or not _whole(hands[0], frame, picture.boxes[0]):
        return None
    sight = Sight(models, synchronous=True, rate_hz=2.0, stills=True)
    sight.see(frame)
    covered = sight.covered(frame)
    sight.close()
    if len(covered) != 1:
        return None
    scale = bgr.shape[1] / frame.width
    bare = _refined(bgr, covered[0][1])
    x, y, dx, dy = anatomy.forearm_line(hands[0].landmarks)
    down, right = np.mgrid[: bgr.shape[0], : bgr.shape[1]].astype(np.float32) + 0.5
    beyond = (right - x * scale) * dx + (down - y * scale) * dy
    bare[beyond > 0] = 0
    drawn = _drawn(hands[0], bgr.shape[1], bgr.shape[0], scale)
    if (drawn & bare > 0).sum() < _LEAST_AGREEMENT * (drawn | bare > 0).sum():
        return None
    count, parts, about, _ = cv2.connectedComponentsWithStats((bare > 0).astype(np.uint8))
    if count < 2:
        return None
    bare[parts != 1 + int(np.argmax(about[1:, cv2.CC_STAT_AREA]))] = 0
    soft = cv2.GaussianBlur(cv2.erode(bare, np.ones((3, 3), np.uint8)), (0, 0), 1.0).astype(np.float32) / np.float32(
        255
    )
    turn = math.degrees(math.atan2(dx, dy))
    right = hands[0].side == "right"
    return _dressed(picture.file.name, right, bgr, soft, (x * scale, y * scale), turn, hands[0].breadth * scale)


def _whole(hand: FoundHand, frame: Frame, label: Box) -> bool:
    x, y, w, h = hand.box
    across, down = frame.source_size[0] / frame.width, frame.source_size[1] / frame.height
    inside = x > 4 and y > 4 and x + w < frame.width - 4 and y + h < frame.height - 4
    met = overlap((x * across, y * down, (x + w) * across, (y + h) * down), label) >= _LEAST_FIT
    return inside and met and hand.presence > 0.9 and hand.breadth > _LEAST_BREADTH * frame.width


def _drawn(hand: FoundHand, width: int, height: int, scale: float) -> NDArray[np.uint8]:
    """Return 255 where the landmarks say that the hand is."""
    mask = np.zeros((height, width), np.uint8)
    for x0, y0, r0, x1, y1, r1 in anatomy.capsules(hand.landmarks) * scale:
        for t in np.linspace(0, 1, 12):
            middle = (round(x0 + t * (x1 - x0)), round(y0 + t * (y1 - y0)))
            cv2.circle(mask, middle, round(r0 + t * (r1 - r0)), 255, cv2.FILLED)
    return mask


def _refined(bgr: NDArray[np.uint8], covered: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return 255 where the hand is: the tracker's mask, its rim settled by GrabCut (Rother et al., SIGGRAPH 2004)."""
    size = (bgr.shape[1], bgr.shape[0])
    mask = cv2.resize(covered, size, interpolation=cv2.INTER_LINEAR)
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
    sure = cv2.erode((mask > 200).astype(np.uint8), brush)
    near = cv2.dilate((mask > 60).astype(np.uint8), brush, iterations=2)
    trimap = np.full(mask.shape, cv2.GC_BGD, np.uint8)
    trimap[near > 0] = cv2.GC_PR_BGD
    trimap[mask > 128] = cv2.GC_PR_FGD
    trimap[sure > 0] = cv2.GC_FGD
    cv2.setRNGSeed(1)
    cv2.grabCut(bgr, trimap, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), _REFINED, cv2.GC_INIT_WITH_MASK)
    hand = np.isin(trimap, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8) * np.uint8(255)
    return np.asarray(cv2.medianBlur(hand, 5), np.uint8)


def _dressed(
    name: str,
    right: bool,
    bgr: NDArray[np.uint8],
    bare: NDArray[np.float32],
    wrist: tuple[float, float],
    turn: float,
    breadth: float,
) -> Cut:
    """Turn the hand upright and pull a sleeve over its wrist."""
    room = round(2.6 * breadth)
    width, height = 2 * room, round((2.6 + _ARM) * breadth)
    way = np.asarray(cv2.getRotationMatrix2D(wrist, -turn, 1.0), np.float64)
    way[:, 2] += np.array((room - wrist[0], 2.6 * breadth - wrist[1]))
    rgb = cv2.warpAffine(bgr, way, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[..., ::-1]
    bare = np.asarray(cv2.warpAffine(bare, way, (width, height), flags=cv2.INTER_LINEAR), np.float32)
    light = linear_of(np.ascontiguousarray(rgb))
    y, x = np.mgrid[:height, :width].astype(np.float32) + 0.5
    along = (y - 2.6 * breadth) / breadth
    half = 0.36 + 0.06 * np.clip(along, 0, _ARM)
    across = (x - room) / breadth / half
    sleeve = np.clip((1 - np.abs(across)) * half * breadth, 0, 1) * np.clip(along * breadth + 1, 0, 1)
    cloth = np.array(_CLOTH, np.float32) * np.clip(1 - 0.7 * across**2, 0.1, 1)[..., None]
    light = light * (1 - sleeve[..., None]) + cloth * sleeve[..., None]
    bare = bare * (1 - sleeve)
    rows, columns = (np.flatnonzero((bare + sleeve > 0).any(axis=axis)) for axis in (1, 0))
    inside = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    whole = np.minimum(bare + sleeve, 1)
    return Cut(name, right, *(np.ascontiguousarray(part[inside], np.float32) for part in (light, bare, whole)))


def room(seed: int, *, size: tuple[int, int] = SIZE, listened: bool = True) -> Linear:
    """Return a music room as light, with somebody who listens and a wooden ball; without both when not ``listened``."""
    rng = np.random.default_rng(seed)
    picture = cv2.cvtColor(backdrop(size, rng), cv2.COLOR_YUV2RGB_I420)
    light = linear_of(np.asarray(picture, np.uint8))
    things = (
        (listener(round(size[1] * 0.56)), rng.uniform(0.05, 0.2), 0.6),
        (ball(round(size[1] * 0.15)), rng.uniform(0.8, 0.95), 0.8),
    )
    for (rgb, alpha), x, y in things if listened else ():
        h, w = alpha.shape
        x0, y0 = max(0, round(x * size[0] - w / 2)), max(0, round(y * size[1] - h / 2))
        part = light[y0 : y0 + h, x0 : x0 + w]
        share = alpha[: part.shape[0], : part.shape[1], None]
        part[:] = part * (1 - share) + linear_of(rgb)[: part.shape[0], : part.shape[1]] * share
    return light


def staged(scene: Linear, spots: Sequence[Spot]) -> tuple[Linear, list[Truth]]:
    """Put hands before a scene, the later ones in front, and say what is seen of each."""
    height, width = scene.shape[:2]
    light = scene.copy()
    shares: list[NDArray[np.float32]] = []
    for spot in spots:
        cut = spot.cut
        scale = math.sqrt(spot.area * width * height / cut.area)
        while scale < 0.5:
            cut = cut.halved()
            scale = math.sqrt(spot.area * width * height / cut.area)
        rows, columns = np.nonzero(cut.bare > 0.5)
        middle = (float(columns.min() + columns.max() + 1) / 2, float(rows.min() + rows.max() + 1) / 2)
        way = np.asarray(cv2.getRotationMatrix2D(middle, spot.degrees, scale), np.float64)
        way[:, 2] += np.array((spot.x * width - middle[0], spot.y * height - middle[1]))
        # pixel centres lie at halves
        way[:, 2] += way[:, :2] @ (0.5, 0.5) - (0.5, 0.5)
        whole = cv2.warpAffine(cut.whole, way, (width, height), flags=cv2.INTER_LINEAR)[..., None]
        paint = cv2.warpAffine(cut.light * cut.whole[..., None], way, (width, height), flags=cv2.INTER_LINEAR)
        bare = cv2.warpAffine(cut.bare, way, (width, height), flags=cv2.INTER_LINEAR)
        light = light * (1 - whole) + paint
        shares = [share * (1 - whole[..., 0]) for share in shares]
        shares.append(np.asarray(bare, np.float32))
    return np.asarray(light, np.float32), [_truth(share) for share in shares]


def _truth(share: NDArray[np.float32]) -> Truth:
    rows, columns = np.nonzero(share > 0.5)
    box = (0.0, 0.0, 0.0, 0.0)
    if len(rows):
        box = (float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1))
    return Truth(float(share.mean(dtype=np.float64)), box)
