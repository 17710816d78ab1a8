"""A hand drawn flat from its landmarks, with its area known: frames that need no network and no camera."""

import cv2
import numpy as np

from firmware_py.sight import anatomy
from firmware_py.sight.camera import Frame
from firmware_py.sight.colour_lookout import UPRIGHT
from firmware_py.sight.finder import FoundHand
from firmware_py.sight.landmarks import Landmarks

WIDTH, HEIGHT = 320, 240
SKIN, ROOM = (96, 140, 205), (150, 140, 120)  # BGR
FINE = 4  # the drawing is so many times finer than the frame


def landmarks(x=160.0, y=180.0, breadth=45.0):
    """Landmarks of an upright hand with its wrist at x, y."""
    points = np.zeros((21, 3), dtype=np.float32)
    points[:, :2] = UPRIGHT * np.float32(breadth) + np.array([x, y], dtype=np.float32)
    return points


def found(points, presence=0.9):
    """What the finder would say of these landmarks."""
    return FoundHand.of(Landmarks(points, presence, rightness=0.9), WIDTH, HEIGHT)


def coverage(points):
    """Share of each pixel that the hand covers, float32, shape (HEIGHT, WIDTH)."""
    fine = np.zeros((HEIGHT * FINE, WIDTH * FINE), dtype=np.uint8)
    for x0, y0, r0, x1, y1, r1 in anatomy.capsules(points) * FINE:
        steps = max(2, int(np.hypot(x1 - x0, y1 - y0)))
        for t in np.linspace(0, 1, steps):
            centre = (x0 + t * (x1 - x0), y0 + t * (y1 - y0))
            cv2.circle(fine, tuple(round(v * 16) for v in centre), round((r0 + t * (r1 - r0)) * 16), 1, -1, shift=4)
    return fine.reshape(HEIGHT, FINE, WIDTH, FINE).mean(axis=(1, 3), dtype=np.float32)


def picture(*hands, noise=2.0, seed=0, room=ROOM, skin=SKIN, forearm=False):
    """Return BGR of the given landmarks in front of a room of one colour."""
    rng = np.random.default_rng(seed)
    bgr = np.full((HEIGHT, WIDTH, 3), room, dtype=np.float32)
    for points in hands:
        if forearm:
            x, y, dx, dy = anatomy.forearm_line(points)
            thick = round(0.62 * anatomy.palm_breadth(points))
            cv2.line(
                bgr, (round(x - 5 * dx), round(y - 5 * dy)), (round(x + 300 * dx), round(y + 300 * dy)), skin, thick
            )
        share = coverage(points)[..., None]
        bgr = bgr * (1 - share) + np.array(skin, dtype=np.float32) * share
    if noise:
        bgr = bgr + rng.normal(0, noise, bgr.shape)
    return np.clip(bgr, 0, 255).astype(np.uint8)


def frame(bgr, number=0, rate_hz=60.0):
    """Return a frame of ``bgr`` taken at its number's time."""
    i420 = cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420)
    return Frame(i420, number, round(1e9 + number * 1e9 / rate_hz), (bgr.shape[1], bgr.shape[0]))


def area(points):
    """Share of the frame that the hand of these landmarks covers."""
    return float(coverage(points).mean())
