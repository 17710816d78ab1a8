"""The ghost's hand: a signed-distance solid of capsules, ray-marched once per pose and kept on disk as a sprite.

Palm to the camera, thumb towards +x, fingers towards +y; lengths in palm breadths from the wrist at (0, 0). Not
here: where the hand is and how big (``performance``), putting it into a picture (``scene``).

The smooth minimum and the capsules are Inigo Quilez's published distance functions, written anew.
"""

import contextlib
import hashlib
import math
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

VERSION: Final = 1  # of this file's shapes and shading; part of the cache's key
PIXELS_PER_BREADTH: Final = 128
LEFT, RIGHT, BOTTOM, TOP = -1.0, 1.3, -0.62, 2.45  # of what is drawn, in palm breadths
ARM: Final = 4.5  # length of the sleeve, so that it reaches out of any picture
STEPS: Final = 44
NEAR: Final = 0.6  # height of the plane that rays start from
CURL_HEIGHT: Final = 0.5  # by which curled fingers stand higher

KNUCKLES: Final = ((0.30, 1.08), (0.075, 1.12), (-0.135, 1.07), (-0.325, 0.96))
SEGMENTS: Final = ((0.46, 0.27, 0.22), (0.51, 0.31, 0.235), (0.475, 0.295, 0.235), (0.375, 0.21, 0.215))
RADII: Final = ((0.135, 0.082), (0.135, 0.082), (0.135, 0.082), (0.118, 0.070))
ANGLES: Final = (-7.0, -1.0, 5.0, 13.0)  # degrees, of the fingers at spread 0.55
THUMB_BASE: Final = (0.24, 0.22)
THUMB_ANGLE: Final = -48.0
RELAXED: Final = (6.0, 10.0, 8.0)  # degrees that each joint of a finger bends in an open hand
FIST: Final = (75.0, 100.0, 70.0)  # and in a fist
THUMB_OVER: Final = 55.0  # degrees that the thumb turns to lie over it
THUMB: Final = (0.42, 0.34, 0.27)
THUMB_RADII: Final = (0.19, 0.085)
PALM_BLEND, FINGER_BLEND = 0.10, 0.06
CUFF: Final = -0.26  # where the sleeve ends
CREASE_WIDTH, CREASE_DEPTH = 0.022, 0.10
CREASES: Final = (  # lines of the palm: life, head, heart
    ((0.30, 0.80), (0.16, 0.70), (0.06, 0.52), (0.04, 0.32), (0.07, 0.14)),
    ((0.31, 0.82), (0.12, 0.74), (-0.10, 0.62), (-0.26, 0.50)),
    ((-0.42, 0.74), (-0.24, 0.80), (-0.04, 0.90), (0.10, 1.02)),
)

LIGHT: Final = (-0.45, 0.55, 0.70)
SKIN: Final = ((110, 58, 45), (205, 140, 112), (236, 188, 160))  # RGB from shade to light
CLOTH: Final = ((22, 32, 52), (52, 74, 112), (104, 132, 172))

Vector = tuple[float, float, float]
Crease = tuple[tuple[float, float], ...]
Field = NDArray[np.float32]


@dataclass(frozen=True)
class Pose:
    """spread: 0 fingers together … 1 far apart. curl: 0 straight … 1 a fist. skin: RGB, from shade to light."""

    spread: float = 0.55
    curl: float = 0.0
    skin: tuple[tuple[int, int, int], ...] = SKIN


@dataclass(frozen=True)
class Sprite:
    """A drawn hand with its sleeve.

    rgb: uint8, shape (h, w, 3), finger tips up, colour continued under the soft edge. alpha: float32, shape (h, w),
    0…1. centre: (x, y) in sprite pixels of the middle of the hand's bounding box, which its position means. area: of
    the hand without the sleeve, in square sprite pixels, the soft edge counted by share.
    """

    rgb: NDArray[np.uint8]
    alpha: NDArray[np.float32]
    centre: tuple[float, float]
    area: float


@dataclass(frozen=True)
class _Capsule:
    """A round cone from a to b; blend is how softly it melts into what is there."""

    a: Vector
    b: Vector
    radius_a: float
    radius_b: float
    blend: float


def sprite(pose: Pose, cache: Path | None = None) -> Sprite:
    """Return the drawn hand, from ``cache`` (a folder) where it was drawn before.

    A cache that cannot be read or written costs a second, nothing else.
    """
    if cache is None:
        return draw(pose)
    recipe = f"{VERSION} {pose!r} {PIXELS_PER_BREADTH} {np.__version__.split('.')[0]}"
    file = cache / f"hand-{hashlib.sha256(recipe.encode()).hexdigest()[:16]}.npz"
    try:
        with file.open("rb") as content, np.load(content) as kept:
            x, y, area = (float(number) for number in kept["place"])
            return Sprite(kept["rgb"], kept["alpha"].astype(np.float32) / 255.0, (x, y), area)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError):
        drawn = draw(pose)
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as out:
            alpha = np.round(drawn.alpha * 255).astype(np.uint8)
            np.savez(out, rgb=drawn.rgb, alpha=alpha, place=(*drawn.centre, drawn.area))
        os.replace(part, file)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()
    return drawn


def draw(pose: Pose, pixels_per_breadth: int = PIXELS_PER_BREADTH) -> Sprite:
    """Ray-march one pose; alpha is rounded to 1/255 so that a sprite from the cache is the same."""
    step = 1.0 / pixels_per_breadth
    x, y = np.meshgrid(
        np.arange(LEFT, RIGHT, step, dtype=np.float32), np.arange(TOP, BOTTOM - ARM, -step, dtype=np.float32)
    )
    joints: list[Crease] = []
    hand = _Solid(tuple(_capsules(pose, joints)), NEAR + CURL_HEIGHT * pose.curl)
    skin, skin_alpha = _drawn(hand, x, y, y > BOTTOM, pose.skin, (*CREASES, *joints))
    sleeve = _Solid((_Capsule((0.0, CUFF - 0.24, 0.0), (0.02, CUFF - ARM, 0.0), 0.31, 0.56, 0.01),))
    cloth, cloth_alpha = _drawn(sleeve, x, y, y < CUFF + 0.1, CLOTH, ())
    cloth_alpha = cloth_alpha * np.clip(0.5 + (CUFF - 0.04 * np.abs(x) - y) / step, 0.0, 1.0)
    over = cloth_alpha[..., None]
    rgb = np.clip(np.round(cloth * over + skin * (1.0 - over)), 0, 255).astype(np.uint8)
    bare = skin_alpha * (1.0 - cloth_alpha)
    alpha = (np.round((bare + cloth_alpha) * 255) / 255).astype(np.float32)
    rows, columns = (np.flatnonzero((bare > 0).any(axis=axis)) for axis in (1, 0))
    top, left = int(rows[0]) - 2, int(np.flatnonzero((alpha > 0).any(axis=0))[0]) - 2
    centre = (float(columns[0] + columns[-1] + 1) / 2 - left, float(rows[0] + rows[-1] + 1) / 2 - top)
    inside = np.s_[top:, left : columns[-1] + 3]
    return Sprite(rgb[inside].copy(), alpha[inside].copy(), centre, float(bare.sum(dtype=np.float64)))


def _drawn(
    solid: "_Solid",
    x: Field,
    y: Field,
    where: NDArray[np.bool_],
    colours: tuple[tuple[int, int, int], ...],
    creases: tuple[Crease, ...],
) -> tuple[Field, Field]:
    """Draw a solid seen from above on the grid x, y, only ``where``: colour (h, w, 3) and alpha (h, w), float32."""
    rgb, alpha = np.zeros((*x.shape, 3), np.float32), np.zeros(x.shape, np.float32)
    step = float(x[0, 1] - x[0, 0])
    px, py = x[where], y[where]
    height, nearest = solid.march(px, py)
    alpha[where] = np.clip(0.5 - nearest / step, 0.0, 1.0)
    seen = nearest < 1.5 * step
    colour = np.zeros((px.size, 3), np.float32)
    colour[seen] = _shade(solid, px[seen], py[seen], height[seen], colours, creases)
    rgb[where] = colour
    return rgb, alpha


def _capsules(pose: Pose, joints: list[Crease]) -> Iterator[_Capsule]:
    """Yield the parts of the hand and note the creases of its fingers in ``joints``."""
    wrist_ends = ((0.16, 0.05), (0.06, 0.03), (-0.06, 0.03), (-0.16, 0.05))
    for (kx, ky), (wx, wy), (root, _) in zip(KNUCKLES, wrist_ends, RADII, strict=True):
        yield _Capsule((wx, wy, 0.0), (kx * 0.96, ky, 0.0), 0.17, root + 0.02, PALM_BLEND)
    yield _Capsule((0.19, 0.22, 0.05), (0.33, 0.62, 0.05), 0.20, 0.13, PALM_BLEND)  # thenar pad
    yield _Capsule((-0.20, 0.20, 0.05), (-0.28, 0.62, 0.04), 0.17, 0.14, PALM_BLEND)  # hypothenar pad
    yield _Capsule((0.0, 0.05, -0.02), (0.0, -0.40, -0.02), 0.26, 0.24, PALM_BLEND)  # wrist
    spread = (0.25 + 1.35 * pose.spread) * (1.0 - 0.8 * pose.curl)
    near, middle, far = (still + pose.curl * (shut - still) for still, shut in zip(RELAXED, FIST, strict=True))
    for knuckle, lengths, radii, angle in zip(KNUCKLES, SEGMENTS, RADII, ANGLES, strict=True):
        yield from _finger((*knuckle, 0.02), lengths, radii, angle * spread, (near, middle, far), joints)
    turn = THUMB_ANGLE + 8 * (1 - pose.spread) + THUMB_OVER * pose.curl
    thumb = (-4.0 + 34.0 * pose.curl, 8.0, 8.0)
    yield from _finger((*THUMB_BASE, 0.06 + 0.1 * pose.curl), THUMB, THUMB_RADII, turn, thumb, joints)


def _finger(
    root: Vector,
    lengths: tuple[float, float, float],
    radii: tuple[float, float],
    degrees: float,
    bends: tuple[float, float, float],
    joints: list[Crease],
) -> Iterator[_Capsule]:
    """Three segments from a knuckle, each bent a little further towards the camera."""
    across, tilt, gone = math.radians(degrees), 0.0, 0.0
    at = root
    for length, bend in zip(lengths, bends, strict=True):
        tilt += math.radians(bend)
        reach = length * math.cos(tilt)
        to = (at[0] - reach * math.sin(across), at[1] + reach * math.cos(across), at[2] + length * math.sin(tilt))
        start, end = (radii[0] + (radii[1] - radii[0]) * share / sum(lengths) for share in (gone, gone + length))
        yield _Capsule(at, to, start, end, FINGER_BLEND if gone == 0.0 else 0.015)
        if gone > 0.0:
            half = 0.8 * start
            aside = (half * math.cos(across), half * math.sin(across))
            joints.append(((at[0] - aside[0], at[1] - aside[1]), (at[0] + aside[0], at[1] + aside[1])))
        at, gone = to, gone + length


class _Solid:
    """The union of the capsules, melted together, as a signed distance; all of it lies below ``top``."""

    def __init__(self, capsules: tuple[_Capsule, ...], top: float = NEAR) -> None:
        self._capsules = capsules
        self._top = top

    def distance(self, x: Field, y: Field, z: Field) -> Field:
        """Signed distance of points (float32, shape (n,)) to the surface; negative inside."""
        whole = np.full(x.shape, 10.0, np.float32)
        for capsule in self._capsules:
            whole = _melted(whole, _round_cone(capsule, x, y, z), capsule.blend)
        return whole

    def march(self, x: Field, y: Field) -> tuple[Field, Field]:
        """Look down from above each (x, y).

        Returns the height where the ray stopped and the signed distance of the ray's nearest approach.
        """
        z = np.full(x.size, self._top, np.float32)
        nearest = np.full(x.size, np.inf, np.float32)
        going = np.arange(x.size)
        for _ in range(STEPS):
            far = self.distance(x[going], y[going], z[going])
            nearest[going] = np.minimum(nearest[going], far)
            z[going] -= np.maximum(far, 0.002)
            going = going[(far > -0.01) & (z[going] > -0.5)]
            if not going.size:
                break
        return z, nearest


def _round_cone(capsule: _Capsule, x: Field, y: Field, z: Field) -> Field:
    ax, ay, az = capsule.a
    dx, dy, dz = (b - a for a, b in zip(capsule.a, capsule.b, strict=True))
    px, py, pz = x - np.float32(ax), y - np.float32(ay), z - np.float32(az)
    along = np.clip((px * dx + py * dy + pz * dz) / (dx * dx + dy * dy + dz * dz), 0.0, 1.0).astype(np.float32)
    px -= along * np.float32(dx)
    py -= along * np.float32(dy)
    pz -= along * np.float32(dz)
    radius = capsule.radius_a + (capsule.radius_b - capsule.radius_a) * along
    return np.asarray(np.sqrt(px * px + py * py + pz * pz) - radius, dtype=np.float32)


def _melted(a: Field, b: Field, k: float) -> Field:
    """Polynomial smooth minimum (Quilez): exact where the two are further apart than k."""
    h = np.maximum(k - np.abs(a - b), 0.0) / k
    return np.asarray(np.minimum(a, b) - h * h * (k * 0.25), dtype=np.float32)


def _shade(
    solid: _Solid,
    x: Field,
    y: Field,
    z: Field,
    colours: tuple[tuple[int, int, int], ...],
    creases: tuple[Crease, ...],
) -> Field:
    """Colour of surface points: RGB 0…255, float32, shape (n, 3)."""
    e = np.float32(0.012)
    gx = solid.distance(x + e, y, z) - solid.distance(x - e, y, z)
    gy = solid.distance(x, y + e, z) - solid.distance(x, y - e, z)
    gz = solid.distance(x, y, z + e) - solid.distance(x, y, z - e)
    length = np.sqrt(gx * gx + gy * gy + gz * gz) + 1e-9
    nx, ny, nz = gx / length, gy / length, np.maximum(gz / length, 0.0)
    norm = math.sqrt(sum(part * part for part in LIGHT))
    lit = np.clip(((nx * LIGHT[0] + ny * LIGHT[1] + nz * LIGHT[2]) / norm + 0.3) / 1.3, 0.0, 1.0)
    open_sky = np.ones_like(lit)
    for reach, weight in ((0.06, 1.6), (0.15, 0.9), (0.30, 0.5)):
        free = solid.distance(x + nx * reach, y + ny * reach, z + nz * reach)
        open_sky -= weight * np.clip(reach - free, 0.0, None)
    tone = (0.72 * lit + 0.28 * nz) * np.clip(open_sky, 0.25, 1.0)
    if creases:
        nearest = np.min([_away(x, y, crease) for crease in creases], axis=0)
        tone *= 1.0 - CREASE_DEPTH * np.exp(-((nearest / CREASE_WIDTH) ** 2))
        tone *= 1.0 - 0.35 * np.clip((CUFF + 0.14 - y) / 0.14, 0.0, 1.0)  # the sleeve's shadow
    stops = np.linspace(0.0, 1.0, len(colours))
    channels = [np.interp(tone, stops, [colour[c] for colour in colours]) for c in range(3)]
    return np.asarray(np.stack(channels, axis=-1), dtype=np.float32)


def _away(x: Field, y: Field, crease: Crease) -> Field:
    """Distance in the picture's plane of points from a line of several corners."""
    nearest = np.full(x.shape, np.inf, np.float32)
    for (ax, ay), (bx, by) in pairwise(crease):
        dx, dy = bx - ax, by - ay
        along = np.clip(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy), 0.0, 1.0)
        nearest = np.minimum(nearest, np.hypot(x - ax - along * dx, y - ay - along * dy))
    return nearest
