"""``hand-dance bench sight --tones``: whether the hand is found whatever its skin, in any light.

Cut-out hands in six tones of skin and four lights, each as a short clip of a hand that comes nearer, and as stills.
Not here: the physics (``sight_light``), the cut-outs (``sight_cuts``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from firmware_py.bench.sight_cuts import SIZE, Cut, Spot, Truth, cuts_of, room, staged
from firmware_py.bench.sight_labels import data_in, default_folder, overlap
from firmware_py.bench.sight_light import LIGHTS, TONES, Light, Sensor, toned
from firmware_py.sight.camera import Frame
from firmware_py.sight.hands import SeenHand, Sight
from firmware_py.sight.models import ModelFiles

CUTS: Final = 6
FRAMES: Final = 36
RATE_HZ: Final = 30.0
TAKEN_IN: Final = 6  # frames, 0.2 s, that a player grants
_LEAST_FIT: Final = 0.5
_STILL_EVERY: Final = 9


@dataclass(frozen=True, slots=True)
class Cell:
    """One tone in one light.

    found: share of the frames of clips; stills: of single pictures; others: of the frames with a second hand that is
    none; area_p95: 95 % of the frames measure the area as well as this, after one factor.
    """

    found: float
    stills: float
    others: float
    area_p95: float


@dataclass(frozen=True)
class ToneFigures:
    """Cells by tone, then light."""

    cells: dict[str, dict[str, Cell]]
    cuts: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Plain data for ``json.dumps``."""
        return {
            "found": {tone: {light: cell.found for light, cell in row.items()} for tone, row in self.cells.items()},
            "stills": {tone: {light: cell.stills for light, cell in row.items()} for tone, row in self.cells.items()},
            "others": {tone: {light: cell.others for light, cell in row.items()} for tone, row in self.cells.items()},
            "area_p95": {
                tone: {light: cell.area_p95 for light, cell in row.items()} for tone, row in self.cells.items()
            },
            "least_found": min(cell.found for row in self.cells.values() for cell in row.values()),
            "cuts": list(self.cuts),
        }

    def table(self) -> str:
        """The found shares in per cent, for a terminal."""
        head = "skin  " + "".join(f"{light:>18}" for light in LIGHTS)
        lines = [head, "-" * len(head)]
        for tone, row in self.cells.items():
            told = (f"{100 * cell.found:5.1f} ({100 * cell.stills:5.1f}) %" for cell in row.values())
            lines.append(f"{tone:<6}" + "".join(f"{one:>18}" for one in told))
        return "\n".join([*lines, "found in the frames of clips (and in single pictures)"])


def measure(models: ModelFiles, folder: Path | None = None, *, cuts: int = CUTS) -> ToneFigures:
    """Measure every cell with hands from the labelled pictures of ``folder``. Raises BenchError without any."""
    hands = cuts_of(data_in(folder or default_folder()).pictures, models, cuts)
    return of_hands(hands, models)


def of_hands(hands: Sequence[Cut], models: ModelFiles) -> ToneFigures:
    """Measure every cell with these hands."""
    cells = {tone: {name: _cell(hands, tone, light, models) for name, light in LIGHTS.items()} for tone in TONES}
    return ToneFigures(cells, tuple(hand.name for hand in hands))


def _cell(hands: Sequence[Cut], tone: str, light: Light, models: ModelFiles) -> Cell:
    moving = Sight(models, synchronous=True, rate_hz=RATE_HZ)
    still = Sight(models, synchronous=True, rate_hz=RATE_HZ, stills=True)
    found: list[bool] = []
    stills: list[bool] = []
    others: list[bool] = []
    errors: list[float] = []
    number = 0
    for k, hand in enumerate(hands):
        cut = replace(hand, light=toned(hand.light, hand.bare, tone))
        cut = cut.mirrored() if k % 2 else cut
        sensor = Sensor(light, seed=k)
        scene = sensor.lit(room(k))
        moving.forget()
        logs: list[float] = []
        for n in range(FRAMES):
            spot = Spot(cut, 0.03 + 0.003 * n, 0.42 + 0.004 * n, 0.5, 8.0 * np.sin(n / 9))
            lit, (truth,) = staged(scene, [spot])
            number += 1
            frame = Frame(sensor.picture(lit), number, round(1e9 + number * 1e9 / RATE_HZ), SIZE)
            moving.see(frame)
            if n >= TAKEN_IN:
                hit = _hit(moving.seen, truth)
                found.append(hit is not None)
                others.append(len(moving.seen) > 1)
                if hit:
                    logs.append(float(np.log(hit.area / truth.area)))
            if n % _STILL_EVERY == 0:
                still.see(frame)
                stills.append(_hit(still.seen, truth) is not None)
        errors += list(np.abs(np.array(logs) - np.median(logs))) if logs else []
    moving.close()
    still.close()
    return Cell(
        found=round(float(np.mean(found)), 4),
        stills=round(float(np.mean(stills)), 4),
        others=round(float(np.mean(others)), 4),
        area_p95=round(float(np.percentile(errors, 95)), 4) if errors else 1.0,
    )


def _hit(seen: Sequence[SeenHand], truth: Truth) -> SeenHand | None:
    for hand in seen:
        x, y, w, h = hand.box
        if overlap((x, y, x + w, y + h), truth.box) >= _LEAST_FIT:
            return hand
    return None
