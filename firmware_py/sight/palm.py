"""Palms in a whole frame: the palm network and the reading of its answer.

Not here: what is done with a palm (``crop``, ``finder``).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware_py.sight.anchors import anchor_centres
from firmware_py.sight.network import Network

_POINTS: Final = 7
_SAME_PALM_IOU: Final = 0.3


@dataclass(frozen=True, slots=True)
class Palm:
    """A palm in frame pixels.

    box: x0, y0, x1, y1. points: float32, shape (7, 2): wrist, knuckles of index, middle, ring and little finger,
    root and knuckle of the thumb. score: 0…1.
    """

    box: tuple[float, float, float, float]
    points: NDArray[np.float32]
    score: float


class PalmNetwork:
    """Looks for palms in a whole frame."""

    def __init__(self, path: Path) -> None:
        """Load the network of ``path``; raises ModelFilesError."""
        self._network = Network(path)
        self._anchors = anchor_centres(self._network.side)

    def look(self, rgb: NDArray[np.uint8], *, least_score: float) -> list[Palm]:
        """Return the palms of ``rgb`` (uint8, shape (height, width, 3)) scored at least ``least_score``, best first."""
        side = self._network.side
        height, width = rgb.shape[:2]
        scale = side / max(width, height)
        left, top = (side - width * scale) / 2, (side - height * scale) / 2
        self._network.run(_letterboxed(rgb, side, scale))
        logits = self._network.output("Identity_1")[:, 0]
        likely = np.flatnonzero(logits > np.log(least_score / (1 - least_score)))
        if not len(likely):
            return []
        scores = 1 / (1 + np.exp(-np.clip(logits[likely], -50, 50)))
        raw = self._network.output("Identity")[likely].reshape(-1, 2 + _POINTS, 2) / side
        raw[:, 0] += self._anchors[likely]
        raw[:, 2:] += self._anchors[likely, None, :]
        return [
            Palm(
                box=(
                    float((v[0, 0] - v[1, 0] / 2) * side - left) / scale,
                    float((v[0, 1] - v[1, 1] / 2) * side - top) / scale,
                    float((v[0, 0] + v[1, 0] / 2) * side - left) / scale,
                    float((v[0, 1] + v[1, 1] / 2) * side - top) / scale,
                ),
                points=((v[2:] * side - (left, top)) / scale).astype(np.float32),
                score=score,
            )
            for v, score in merged(raw, scores)
        ]


def merged(answers: NDArray[np.floating], scores: NDArray[np.floating]) -> list[tuple[NDArray[np.floating], float]]:
    """Join answers that mean the same palm into their mean weighted by score; best first.

    answers: float32, shape (n, 9, 2): centre, size, then points. Returns (answer, best score of its group).
    """
    order = np.argsort(-scores, kind="stable")
    out = []
    while len(order):
        same = iou(answers[order[0]], answers[order]) > _SAME_PALM_IOU
        same[0] = True
        group, order = order[same], order[~same]
        out.append((np.average(answers[group], axis=0, weights=scores[group]), float(scores[group[0]])))
    return out


def iou(one: NDArray[np.floating], many: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the intersection over union of the box of ``one`` (centre, size, …) with those of ``many``."""
    low = np.maximum(one[0] - one[1] / 2, many[:, 0] - many[:, 1] / 2)
    high = np.minimum(one[0] + one[1] / 2, many[:, 0] + many[:, 1] / 2)
    common = np.clip(high - low, 0, None).prod(axis=1)
    union = one[1].prod() + many[:, 1].prod(axis=1) - common
    return np.asarray(common / np.maximum(union, 1e-12))


def _letterboxed(rgb: NDArray[np.uint8], side: int, scale: float) -> NDArray[np.uint8]:
    height, width = rgb.shape[:2]
    out = np.zeros((side, side, 3), dtype=np.uint8)
    w, h = max(1, round(width * scale)), max(1, round(height * scale))
    x, y = (side - w) // 2, (side - h) // 2
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR  # averaging keeps small hands; linear would alias
    out[y : y + h, x : x + w] = cv2.resize(rgb, (w, h), interpolation=how)
    return out
