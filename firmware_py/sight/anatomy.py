"""The shape of a hand from its 21 landmarks: outline, box, openness and where the forearm begins.

Landmarks lie inside the flesh, so their own box misses the fingertips and the edge of the palm; every landmark is
given the flesh around it, in palm breadths, from the proportions of adult and children's hands alike (breadth of the
palm 1, length of the palm 1.12, of the middle finger about 1.05). Not here: the networks (``landmarks``).
"""

import itertools
import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

WRIST: Final = 0
FINGERS: Final = ((1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16), (17, 18, 19, 20))  # root to tip

# Palm breadths of flesh around each landmark: wrist, then thumb … little finger from root to tip.
FLESH: Final = np.array(
    [
        *(0.150,),
        *(0.170, 0.150, 0.115, 0.100),
        *(0.145, 0.110, 0.100, 0.095),
        *(0.130, 0.110, 0.100, 0.095),
        *(0.130, 0.105, 0.095, 0.090),
        *(0.145, 0.095, 0.085, 0.080),
    ],
    dtype=np.float32,
)
_LEFT_OF_WRIST, _RIGHT_OF_WRIST = 21, 22
_BONES: Final = np.array(
    [
        *((a, b) for finger in FINGERS for a, b in itertools.pairwise(finger)),
        *((WRIST, root) for root in (1, 5, 9, 13, 17)),
        *((1, 5), (1, 9), (5, 9), (9, 13), (13, 17)),
        *((_LEFT_OF_WRIST, _RIGHT_OF_WRIST), (_LEFT_OF_WRIST, 1), (_RIGHT_OF_WRIST, 1)),
        *((_LEFT_OF_WRIST, 17), (_RIGHT_OF_WRIST, 17)),
    ]
)
_WRIST_HALF_WIDTH: Final = 0.24  # of the points put on either side of the wrist, before their flesh
_KNUCKLES_APART: Final = 0.636  # index to little knuckle, in palm breadths
_PALM_LENGTH: Final = 1.12  # wrist to middle knuckle, in palm breadths
_CIRCLE: Final = np.array(
    [(math.cos(a), math.sin(a)) for a in np.linspace(0, 2 * math.pi, 12, endpoint=False)], dtype=np.float32
)


def palm_breadth(points: NDArray[np.float32]) -> float:
    """Return the breadth of the palm in pixels, however the hand is turned.

    points: float32, shape (21, 3), pixels. A palm seen from its edge or its finger end looks shorter one way only,
    hence the larger of two estimates, both measured in depth as well.
    """
    across = float(np.linalg.norm(points[5] - points[17])) / _KNUCKLES_APART
    along = float(np.linalg.norm(points[WRIST] - points[9])) / _PALM_LENGTH
    return max(across, along, 1e-3)


def flesh(points: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return circles that the hand fills: centres float32 (23, 2) and radii float32 (23,), in pixels.

    The 21 landmarks and the two sides of the wrist.
    """
    breadth = palm_breadth(points)
    flat = points[:, :2]
    along = flat[9] - flat[WRIST]
    across = np.array([-along[1], along[0]], dtype=np.float32) / max(float(np.hypot(*along)), 1e-3)
    # the wrist is as wide as the palm looks from here: seen from its edge, both are narrow
    seen = abs(float((flat[5] - flat[17]) @ across)) / _KNUCKLES_APART
    half = _WRIST_HALF_WIDTH * min(breadth, max(seen, 0.6 * breadth))
    sides = np.stack([flat[WRIST] - across * half, flat[WRIST] + across * half])
    radii = np.concatenate([FLESH, [0.10, 0.10]]).astype(np.float32) * np.float32(breadth)
    return np.concatenate([flat, sides]).astype(np.float32), radii


def capsules(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the capsules that the hand fills, float32, shape (n, 6): x0, y0, radius, x1, y1, radius in pixels."""
    centres, radii = flesh(points)
    balls = np.concatenate([centres, radii[:, None]], axis=1)
    return np.ascontiguousarray(np.concatenate([balls[_BONES[:, 0]], balls[_BONES[:, 1]]], axis=1), dtype=np.float32)


def box(points: NDArray[np.float32]) -> tuple[float, float, float, float]:
    """Return the upright box x, y, width, height in pixels around the hand without its forearm."""
    centres, radii = flesh(points)
    low = (centres - radii[:, None]).min(axis=0)
    high = (centres + radii[:, None]).max(axis=0)
    return float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])


def outline(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the convex outline of the hand without its forearm, float32, shape (n, 2), in pixels."""
    centres, radii = flesh(points)
    rim = (centres[:, None] + radii[:, None, None] * _CIRCLE).reshape(-1, 2)
    return np.asarray(cv2.convexHull(rim)[:, 0], dtype=np.float32)


def openness(points: NDArray[np.float32]) -> float:
    """Return 0 for a fist … 1 for a spread hand: how far the fingers reach and how far apart they stand.

    Per finger the straight distance knuckle to tip over the length along its bones, in space; a curled finger
    reaches about 0.35 of its length, a straight one all of it. Half of the answer; the other half is the mean angle
    between neighbouring fingers, up to 15 degrees, which counts only as far as they are straight.
    """
    straight = []
    for finger in FINGERS[1:]:
        chain = points[list(finger)]
        length = float(np.linalg.norm(np.diff(chain, axis=0), axis=1).sum())
        reach = float(np.linalg.norm(chain[-1] - chain[0])) / max(length, 1e-3)
        straight.append(min(1.0, max(0.0, (reach - 0.45) / 0.5)))
    directions = [points[finger[3]] - points[finger[0]] for finger in FINGERS[1:]]
    gaps = []
    for one, other in itertools.pairwise(directions):
        cosine = float(one @ other) / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-3)
        gaps.append(min(1.0, math.degrees(math.acos(min(1.0, max(-1.0, cosine)))) / 15.0))
    spread = sum(g * min(a, b) for g, (a, b) in zip(gaps, itertools.pairwise(straight), strict=True)) / len(gaps)
    return 0.5 * sum(straight) / len(straight) + 0.5 * spread


def forearm_line(points: NDArray[np.float32]) -> tuple[float, float, float, float]:
    """Return the wrist line as a point x, y in pixels and the unit direction dx, dy from the fingers to the forearm.

    What lies on the far side of it is forearm.
    """
    flat = points[:, :2]
    toward = flat[WRIST] - (flat[5] + flat[9] + flat[13] + flat[17]) / 4
    length = float(np.hypot(*toward))
    if length < 1e-3:
        return float(flat[WRIST, 0]), float(flat[WRIST, 1]), 0.0, 1.0
    unit = toward / length
    at = flat[WRIST] + unit * (float(FLESH[WRIST]) * palm_breadth(points))
    return float(at[0]), float(at[1]), float(unit[0]), float(unit[1])
