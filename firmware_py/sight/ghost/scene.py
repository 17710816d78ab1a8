"""The room in front of the ghost's camera: backdrop, a face and a wooden ball that move, light, noise, and the hand.

Composited straight into planar YUV, as a camera gives it. Not here: the hand's drawing (``drawing``) or movement
(``performance``).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware_py.sight.ghost.drawing import Sprite
from firmware_py.sight.ghost.performance import HandAt

Plane = NDArray[np.uint8]
Spot = tuple[float, float, float]  # scale, and the middle in luma pixels
LEVELS: Final = 4  # halvings of the sprite kept ready
NOISE_SIGMA: Final = 3.0  # grey levels
NOISE_MARGIN: Final = 64  # pixels that the noise is larger than the picture, to be shifted about in
LIGHT_HZ: Final = 0.05
MEASURED: Final = 0.990  # share of the hand's true area that the tracker's mask covers; found by measuring
EXPOSURE_S: Final = 1 / 120
BLUR_PIXELS: Final = 1.5  # movement within one exposure that shows
BLUR_STEPS: Final = 4


@dataclass(frozen=True)
class SceneSettings:
    """What is in the room besides the hand; each can be left out."""

    face: bool = True
    furniture: bool = True
    noise: bool = True
    blur: bool = True
    light: bool = True

    @classmethod
    def plain(cls) -> "SceneSettings":
        """Backdrop and hand only."""
        return cls(face=False, furniture=False, noise=False, blur=False, light=False)


@dataclass(frozen=True)
class _Layer:
    """Something with a soft edge, ready to be laid over a picture: Y, U, V premultiplied by alpha.

    centre: (x, y) in the layer's pixels of the point that is laid where it is wanted.
    """

    y: NDArray[np.float32]
    uv: NDArray[np.float32]  # shape (h, w, 2)
    alpha: NDArray[np.float32]
    centre: tuple[float, float]


class Scene:
    """A room of ``size`` (even width, height); the same seed gives the same frames, byte for byte.

    closing: the hand on its way from open to a fist, in even steps, the fist last; none: it never closes.
    """

    def __init__(
        self,
        size: tuple[int, int],
        hand: Sprite,
        settings: SceneSettings,
        seed: int,
        *,
        closing: Sequence[Sprite] = (),
    ) -> None:
        self._size = size
        self._settings = settings
        self._rng_seed = seed
        rng = np.random.default_rng(seed)
        self._backdrop = backdrop(size, rng)
        self._poses = [_levels(_layer(one.rgb, one.alpha, one.centre)) for one in (hand, *closing)]
        self._sprite_area = hand.area
        self._reach = math.sqrt(hand.area)
        self._face = _centred(*listener(round(size[1] * 0.56)))
        self._ball = _centred(*ball(round(size[1] * 0.15)))
        width, height = size
        noise = rng.normal(128.0, NOISE_SIGMA * 8, (height + NOISE_MARGIN, width + NOISE_MARGIN))
        self._noise = np.clip(np.round(noise), 0, 255).astype(np.uint8)

    def frame(self, number: int, script_s: float, hand: HandAt | None, before: HandAt | None) -> Plane:
        """Return frame ``number`` as I420: uint8, shape (height * 3 // 2, width).

        script_s is its time in the script. before is where the hand was when the exposure began.
        """
        width, height = self._size
        frame = self._backdrop.copy()
        if self._settings.face:
            x = 0.12 + 0.03 * math.sin(2 * math.pi * 0.11 * script_s)
            y = 0.585 + 0.02 * math.sin(2 * math.pi * 0.23 * script_s)
            self._lay(frame, self._face, [(1.0, x * width, y * height)])
        if self._settings.furniture:
            x = 0.90 + 0.04 * math.sin(2 * math.pi * 0.19 * script_s)
            self._lay(frame, self._ball, [(1.0, x * width, 0.80 * height)])
        if hand is not None:
            self._lay_hand(frame, hand, before)
        self._expose(frame, number, script_s)
        return frame

    def _lay_hand(self, frame: Plane, hand: HandAt, before: HandAt | None) -> None:
        spots = [self._spot(hand)]
        if before is not None and self._settings.blur:
            start, end = self._spot(before), spots[0]
            moved = abs(end[0] - start[0]) * self._reach + math.hypot(end[1] - start[1], end[2] - start[2])
            steps = min(BLUR_STEPS, 1 + math.floor(moved / BLUR_PIXELS))
            spots = [
                (
                    start[0] + (end[0] - start[0]) * share,
                    start[1] + (end[1] - start[1]) * share,
                    start[2] + (end[2] - start[2]) * share,
                )
                for share in ((step + 1) / steps for step in range(steps))
            ]
        level = min(LEVELS - 1, max(0, math.floor(-math.log2(spots[-1][0]))))
        pose = self._poses[round(hand.closed * (len(self._poses) - 1))]
        self._lay(frame, pose[level], [(scale * 2**level, x, y) for scale, x, y in spots])

    def _spot(self, hand: HandAt) -> Spot:
        width, height = self._size
        drawn = hand.area / MEASURED * width * height
        return math.sqrt(drawn / self._sprite_area), hand.x * width, hand.y * height

    def _lay(self, frame: Plane, layer: _Layer, spots: list[Spot]) -> None:
        """Lay a layer over the frame; several spots are the stations of one exposure, and blur."""
        width, height = self._size
        rows, columns = layer.y.shape
        cx, cy = layer.centre
        for half, planes in ((1, (frame[:height],)), (2, _chroma(frame, width, height))):
            scaled = [(scale / half, x / half, y / half) for scale, x, y in spots]
            x0 = max(0, math.floor(min(x - s * cx for s, x, _ in scaled)) - 1)
            y0 = max(0, math.floor(min(y - s * cy for s, _, y in scaled)) - 1)
            x1 = min(width // half, math.ceil(max(x + s * (columns - cx) for s, x, _ in scaled)) + 1)
            y1 = min(height // half, math.ceil(max(y + s * (rows - cy) for s, _, y in scaled)) + 1)
            if x1 <= x0 or y1 <= y0:
                return
            # pixel centres lie at halves: the layer's pixel p covers [p, p + 1] · s from its left edge
            ways = [
                np.array([[s, 0.0, x - s * cx - x0 + s / 2 - 0.5], [0.0, s, y - s * cy - y0 + s / 2 - 0.5]])
                for s, x, y in scaled
            ]
            box = (x1 - x0, y1 - y0)
            keep = 1.0 - _exposed(layer.alpha, ways, box)
            paint = _exposed(layer.y if half == 1 else layer.uv, ways, box).reshape(box[1], box[0], -1)
            for channel, plane in enumerate(planes):
                target = plane[y0:y1, x0:x1]
                target[:] = target * keep + paint[..., channel] + 0.5

    def _expose(self, frame: Plane, number: int, script_s: float) -> None:
        height = self._size[1]
        luma = frame[:height]
        gain = 1.0
        if self._settings.light:
            wave = 2 * math.pi * LIGHT_HZ * script_s
            gain = 1.0 + 0.08 * math.sin(wave)
            warmth = 2.5 * math.sin(0.7 * wave)
            u, v = _chroma(frame, self._size[0], height)
            cv2.convertScaleAbs(u, dst=u, alpha=1.0, beta=-warmth)
            cv2.convertScaleAbs(v, dst=v, alpha=1.0, beta=warmth)
        if self._settings.noise:
            # one fixed field of noise, shifted about: no drawing of random numbers per pixel per frame
            dx, dy = ((number * step + self._rng_seed) % NOISE_MARGIN for step in (37, 23))
            noise = self._noise[dy : dy + height, dx : dx + self._size[0]]
            cv2.addWeighted(luma, gain, noise, 1 / 8, -16.0, dst=luma)
        elif gain != 1.0:
            cv2.convertScaleAbs(luma, dst=luma, alpha=gain)


def _chroma(frame: Plane, width: int, height: int) -> tuple[Plane, Plane]:
    quarter = width * height // 4
    flat = frame.reshape(-1)
    u = flat[width * height : width * height + quarter].reshape(height // 2, width // 2)
    v = flat[width * height + quarter :].reshape(height // 2, width // 2)
    return u, v


def _exposed(
    picture: NDArray[np.float32], ways: list[NDArray[np.float64]], box: tuple[int, int]
) -> NDArray[np.float32]:
    """The mean of a picture laid out in each of these ways (2 × 3 matrices) in a box (width, height)."""
    whole = cv2.warpAffine(picture, ways[0], box, flags=cv2.INTER_LINEAR)
    for way in ways[1:]:
        whole = cv2.add(whole, cv2.warpAffine(picture, way, box, flags=cv2.INTER_LINEAR))
    return np.asarray(whole, dtype=np.float32) / np.float32(len(ways))


def _layer(rgb: NDArray[np.uint8], alpha: NDArray[np.float32], centre: tuple[float, float]) -> _Layer:
    y, u, v = _yuv(rgb)
    return _Layer(y * alpha, np.dstack((u * alpha, v * alpha)), alpha, centre)


def _centred(rgb: NDArray[np.uint8], alpha: NDArray[np.float32]) -> _Layer:
    return _layer(rgb, alpha, (alpha.shape[1] / 2, alpha.shape[0] / 2))


def _levels(layer: _Layer) -> tuple[_Layer, ...]:
    """The layer and its halvings, so that scaling never skips a pixel."""
    layers = [layer]
    for _ in range(LEVELS - 1):
        last = layers[-1]
        x, y = last.centre
        layers.append(_Layer(_halved(last.y), _halved(last.uv), _halved(last.alpha), (x / 2, y / 2)))
    return tuple(layers)


def _halved(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Halve by exact averages; an odd edge gets a transparent neighbour."""
    rows, columns = picture.shape[:2]
    edges = ((0, rows % 2), (0, columns % 2)) + ((0, 0),) * (picture.ndim - 2)
    even = np.pad(picture, edges)
    return np.ascontiguousarray((even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4)


def _yuv(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """BT.601 limited range, as OpenCV's I420."""
    r, g, b = (rgb[..., c].astype(np.float32) for c in range(3))
    y = 16.0 + 0.257 * r + 0.504 * g + 0.098 * b
    u = 128.0 - 0.148 * r - 0.291 * g + 0.439 * b
    v = 128.0 + 0.439 * r - 0.368 * g - 0.071 * b
    return np.asarray(y, np.float32), np.asarray(u, np.float32), np.asarray(v, np.float32)


def backdrop(size: tuple[int, int], rng: np.random.Generator) -> Plane:
    """Draw a music room out of focus: wall, window, shelf of books, piano lid. I420."""
    width, height = size
    picture = np.empty((height, width, 3), np.float32)
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    across = np.linspace(0, 1, width, dtype=np.float32)[None, :, None]
    wall, shade = np.array((176, 186, 190), np.float32), np.array((128, 140, 150), np.float32)
    picture[:] = wall + (shade - wall) * (0.6 * down + 0.4 * across)
    draw = picture.astype(np.uint8)

    def box(x0: float, y0: float, x1: float, y1: float, colour: tuple[int, int, int]) -> None:
        corner, other = (round(x0 * width), round(y0 * height)), (round(x1 * width), round(y1 * height))
        cv2.rectangle(draw, corner, other, colour, cv2.FILLED)

    box(0.62, 0.05, 0.92, 0.42, (222, 232, 238))  # window
    box(0.765, 0.05, 0.775, 0.42, (150, 160, 165))
    box(0.00, 0.62, 0.30, 0.64, (92, 84, 80))  # shelf
    x = 0.01
    while x < 0.28:
        thick, tall = rng.uniform(0.012, 0.03), rng.uniform(0.10, 0.17)
        colour = tuple(int(c) for c in rng.choice(((70, 90, 120), (60, 110, 100), (110, 110, 125), (88, 70, 110))))
        box(x, 0.62 - tall, x + thick, 0.62, (colour[0], colour[1], colour[2]))
        x += thick + 0.003
    box(0.0, 0.86, 1.0, 1.0, (44, 48, 56))  # piano lid
    soft = cv2.GaussianBlur(draw, (0, 0), height / 60)
    return np.asarray(cv2.cvtColor(soft, cv2.COLOR_RGB2YUV_I420), dtype=np.uint8)


def listener(height: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Draw somebody who listens, face and shoulders, ``height`` pixels tall: RGB uint8 (h, w, 3), alpha (h, w)."""
    big = 4 * height
    width = round(big * 0.7)
    rgb = np.full((big, width, 3), (74, 92, 84), np.uint8)
    mask = np.zeros((big, width), np.uint8)

    def oval(x: float, y: float, across: float, down: float, colour: tuple[int, int, int], *, bodily: bool) -> None:
        middle, axes = (round(x * width), round(y * big)), (round(across * width), round(down * big))
        cv2.ellipse(rgb, middle, axes, 0, 0, 360, colour, cv2.FILLED)
        if bodily:
            cv2.ellipse(mask, middle, axes, 0, 0, 360, (255,), cv2.FILLED)

    def arc(x: float, y: float, size: float, start: int, end: int, colour: tuple[int, int, int]) -> None:
        middle, axes = (round(x * width), round(y * big)), (round(size * width), round(0.3 * size * big))
        cv2.ellipse(rgb, middle, axes, 0, start, end, colour, big // 70)

    oval(0.5, 1.06, 0.49, 0.28, (74, 92, 84), bodily=True)  # shoulders
    oval(0.5, 0.74, 0.13, 0.12, (184, 132, 106), bodily=True)  # neck
    oval(0.5, 0.36, 0.37, 0.34, (60, 44, 38), bodily=True)  # hair
    oval(0.5, 0.42, 0.31, 0.31, (212, 160, 132), bodily=True)
    for x in (0.37, 0.63):
        oval(x, 0.39, 0.060, 0.022, (244, 240, 235), bodily=False)
        oval(x, 0.39, 0.030, 0.020, (64, 48, 40), bodily=False)
        arc(x, 0.345, 0.075, 195, 345, (74, 54, 46))
    arc(0.5, 0.49, 0.05, 20, 160, (178, 120, 98))
    arc(0.5, 0.57, 0.12, 15, 165, (164, 82, 76))
    soft = cv2.GaussianBlur(rgb, (0, 0), big / 90)
    small = (round(width / 4), height)
    alpha = cv2.resize(mask, small, interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
    return np.asarray(cv2.resize(soft, small, interpolation=cv2.INTER_AREA), np.uint8), np.asarray(alpha, np.float32)


def ball(height: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Draw a shaded ball of skin-coloured wood: RGB uint8 (h, w, 3), alpha float32 (h, w)."""
    half = height / 2
    y, x = np.mgrid[0:height, 0:height].astype(np.float32) + 0.5 - half
    out = np.sqrt(x * x + y * y)
    light = np.clip(1.0 - np.hypot(x + 0.35 * half, y + 0.35 * half) / (1.9 * half), 0.25, 1.0)[..., None]
    rgb = np.clip(light * np.array((246, 188, 146), np.float32), 0, 255).astype(np.uint8)
    return rgb, np.clip(half - out, 0.0, 1.0).astype(np.float32)
