"""Labelled pictures of hands, and how well boxes fit their labels.

A folder of pictures with ``labels.csv`` beside them: columns filename, xmin, ymin, xmax, ymax in pixels (others are
ignored), a row for each hand, forearm left out; a row with empty corners names a picture without hands. Not here:
what sees the hands (``sight``).
"""

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware_py.errors import BenchError

VARIABLE: Final = "HAND_DANCE_DATA"
CLIPS: Final = frozenset({".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm"})
Box = tuple[float, float, float, float]  # x0, y0, x1, y1 in pixels of the picture
_CORNERS: Final = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """One picture and the boxes of the hands in it."""

    file: Path
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Data:
    """What there is to measure on: pictures in the order of their names, and clips."""

    pictures: tuple[LabelledPicture, ...]
    clips: tuple[Path, ...]


def default_folder() -> Path:
    """Return where the real pictures are: ``HAND_DANCE_DATA``, else ../shared/data from the project's root.

    Where the package is installed elsewhere, that is the folder one is in.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    root = Path(__file__).resolve().parents[2]
    home = root if (root / "pyproject.toml").is_file() else Path.cwd()
    return home.parent / "shared" / "data"


def data_in(folder: Path) -> Data:
    """Return the labelled pictures and the clips of ``folder``, or of its folders ``hands`` and ``clips``.

    Raises BenchError when there is no labels.csv, or one that cannot be understood; it names the line.
    """
    place = next((here for here in (folder / "hands", folder) if (here / "labels.csv").is_file()), None)
    if place is None:
        raise BenchError(
            f"there is no labels.csv in {folder} or {folder / 'hands'}; name a folder of labelled pictures with --data "
            f"or {VARIABLE}"
        )
    films = folder / "clips" if (folder / "clips").is_dir() else folder
    clips = tuple(sorted(file for file in films.iterdir() if file.suffix.lower() in CLIPS))
    return Data(tuple(LabelledPicture(place / name, boxes) for name, boxes in boxes_in(place).items()), clips)


def boxes_in(folder: Path) -> dict[str, tuple[Box, ...]]:
    """Return the boxes of ``folder / "labels.csv"`` by file name, in the order of the names. Raises BenchError."""
    path = folder / "labels.csv"
    found: dict[str, list[Box]] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            missing = {"filename", *_CORNERS} - set(rows.fieldnames or ())
            if missing:
                raise BenchError(f"{path} has no column {', '.join(sorted(missing))}; give filename and {_CORNERS}")
            for row in rows:
                boxes = found.setdefault(row["filename"], [])
                if any((row[corner] or "").strip() for corner in _CORNERS):
                    boxes.append(_box(row, f"{path}, line {rows.line_num}"))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BenchError(f"{path} cannot be read ({error}); give CSV in UTF-8") from error
    if not found:
        raise BenchError(f"{path} labels no pictures; give a row for each hand")
    return {name: tuple(found[name]) for name in sorted(found)}


def _box(row: dict[str, str], where: str) -> Box:
    try:
        x0, y0, x1, y1 = (float(row[corner]) for corner in _CORNERS)
    except (TypeError, ValueError):
        raise BenchError(f"{where}: {[row[corner] for corner in _CORNERS]} is no box; give four numbers") from None
    if not (x0 < x1 and y0 < y1):
        raise BenchError(f"{where}: the box {x0, y0, x1, y1} is empty; xmin < xmax and ymin < ymax are needed")
    return x0, y0, x1, y1


def overlap(one: Box, other: Box) -> float:
    """Return the intersection over union of two boxes x0, y0, x1, y1, 0…1."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = (one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1])
    return width * height / (both - width * height)


def matched(labels: Sequence[Box], seen: Sequence[Box]) -> list[tuple[float, int | None]]:
    """Return for each label how well it is met, 0…1, and by which of ``seen``; None and 0 by none.

    One box meets one label at most: pairs are taken best first, so that one large box cannot stand for two hands.
    """
    pairs = sorted(
        ((overlap(label, box), k, n) for k, label in enumerate(labels) for n, box in enumerate(seen)), reverse=True
    )
    met: dict[int, tuple[float, int | None]] = {}
    used: set[int] = set()
    for fit, k, n in pairs:
        if fit > 0 and k not in met and n not in used:
            met[k] = (fit, n)
            used.add(n)
    return [met.get(k, (0.0, None)) for k in range(len(labels))]
