"""The grid of anchors that the palm network's answers are relative to (single-shot detector, Liu et al. 2016).

Not here: reading the answers (``palm``).
"""

import numpy as np
from numpy.typing import NDArray

STRIDES = (8, 16, 16, 16)
PER_CELL = 2


def anchor_centres(side: int) -> NDArray[np.float32]:
    """Return the anchors' centres, float32, shape (anchors, 2), x and y as shares of the input's side.

    Layers of equal stride share one pass over their cells; every layer has two anchors in each cell, all of unit
    size, so that only centres matter. A side of 192 gives 2016.
    """
    centres = []
    for stride in dict.fromkeys(STRIDES):
        cells = -(-side // stride)
        anchors_per_cell = PER_CELL * STRIDES.count(stride)
        at = (np.arange(cells, dtype=np.float32) + 0.5) / cells
        y, x = np.meshgrid(at, at, indexing="ij")
        grid = np.stack([x, y], axis=-1).reshape(-1, 1, 2)
        centres.append(np.repeat(grid, anchors_per_cell, axis=1).reshape(-1, 2))
    return np.concatenate(centres).astype(np.float32)
