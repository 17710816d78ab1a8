"""The labels of the real pictures, and how boxes are compared."""

import csv
from collections import defaultdict


def boxes_by_picture(folder):
    """Return {file name: [(x0, y0, x1, y1), …]} in pixels, in the order of the names."""
    boxes = defaultdict(list)
    with (folder / "labels.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            boxes[row["filename"]].append(tuple(int(row[key]) for key in ("xmin", "ymin", "xmax", "ymax")))
    return dict(sorted(boxes.items()))


def overlap(one, other):
    """Return the intersection over union of two boxes x0, y0, x1, y1."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = (one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1])
    return width * height / (both - width * height)
