"""``hand-dance bench sight --loop``: hands of known area, drawn and cut out of pictures, through the whole of sight.

How the measured area follows the true one, how still a still hand is, and whether crossing hands keep their names.
Not here: the pictures (``sight_cuts``), found and not found (``sight``).
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from firmware_py.bench.sight_cuts import SIZE, Cut, Spot, cuts_of, room, staged
from firmware_py.bench.sight_labels import data_in, default_folder
from firmware_py.bench.sight_light import Light, Sensor, toned
from firmware_py.hand_sample import Flag
from firmware_py.music.mapping import Mapping
from firmware_py.sight.camera import Frame
from firmware_py.sight.ghost.drawing import Pose, sprite
from firmware_py.sight.ghost.performance import HandAt
from firmware_py.sight.ghost.scene import EXPOSURE_S, Scene, SceneSettings
from firmware_py.sight.hands import Sight
from firmware_py.sight.models import ModelFiles

RATE_HZ: Final = 60.0
CUTS: Final = 4
MOVING_S: Final = 5.0
STILL_S: Final = 3.0
CROSSINGS: Final = 40
_TAKEN_IN_S: Final = 0.4
_ROOM_LIGHT: Final = Light(4500.0)
_FRAMES_TO_SHIFT: Final = 6
_CENTS_PER_NAT: Final = 100 * (Mapping().high - Mapping().low) / math.log(Mapping().area_near / Mapping().area_far)


@dataclass(frozen=True, slots=True)
class Following:
    """How a measured area follows the true one.

    seen: share of the frames. correlation: of the log-areas. error_p95: 95 % of the frames are within this share of the
    true area, after the one factor (``bias``, in nats) that calibrating the reach takes out. lag_frames: the delay
    that fits best, parts of a frame included. jitter_cents: standard deviation of a still hand's pitch, as the
    default mapping hears it.
    """

    seen: float
    correlation: float
    error_p95: float
    bias: float
    lag_frames: float
    jitter_cents: float


@dataclass(frozen=True, slots=True)
class Crossings:
    """What became of crossing hands. kept: names as before; exchanged; lost: not both seen before and after."""

    times: int
    kept: float
    exchanged: float
    lost: float
    both_seen: float  # share of all frames


@dataclass(frozen=True)
class LoopFigures:
    """hands: by name, the ghost's among them."""

    hands: dict[str, Following]
    crossings: Crossings

    def as_json(self) -> dict[str, Any]:
        """Plain data for ``json.dumps``."""
        hands = [asdict(hand) for hand in self.hands.values()]
        return asdict(self) | {
            "worst": {
                "correlation": min(hand["correlation"] for hand in hands),
                "error_p95": max(hand["error_p95"] for hand in hands),
                "lag_frames": max(hand["lag_frames"] for hand in hands),
                "jitter_cents": max(hand["jitter_cents"] for hand in hands),
            }
        }


def measure(
    models: ModelFiles, cache: Path, folder: Path | None = None, *, cuts: int = CUTS, crossings: int = CROSSINGS
) -> LoopFigures:
    """Measure with the ghost's hand and ``cuts`` hands from the labelled pictures of ``folder``.

    Raises BenchError without any.
    """
    hands = [in_good_light(cut) for cut in cuts_of(data_in(folder or default_folder()).pictures, models, cuts)]
    found = {
        "ghost alone": following(_ghost(cache, plain=True), models),
        "ghost in its room": following(_ghost(cache, plain=False), models),
    }
    for k, hand in enumerate(hands):
        found[hand.name] = following(_cut_out(hand, k), models)
    return LoopFigures(found, crossing(hands, models, crossings))


def in_good_light(cut: Cut) -> Cut:
    """Return the hand as it looks in this light, not in that of the picture it was cut out of."""
    return replace(cut, light=toned(cut.light, cut.bare, "III"))


Stage = Callable[[int, HandAt, HandAt], tuple[NDArray[np.uint8], float]]  # number, hand, hand before: I420, true area


def following(stage: Stage, models: ModelFiles) -> Following:
    """Measure how the area of a hand is followed while it moves, then while it is still."""
    moving = _measured(stage, models, (_moving(n / RATE_HZ) for n in range(round(MOVING_S * RATE_HZ))))
    still = _measured(stage, models, (_at(0.06, 0.5, 0.5) for _ in range(round(STILL_S * RATE_HZ))))
    seen = moving[:, 1] > 0
    true, area = np.log(moving[seen, 0]), np.log(moving[seen, 1])
    off = area - true
    held = still[still[:, 1] > 0, 1]
    if len(off) < RATE_HZ or len(held) < RATE_HZ:
        return Following(float(seen.mean()), 0.0, 1.0, 0.0, 99.0, 999.0)
    bias = float(np.median(off))
    return Following(
        seen=round(float(seen.mean()), 4),
        correlation=round(float(np.corrcoef(true, area)[0, 1]), 5),
        error_p95=round(float(np.percentile(np.abs(np.expm1(off - bias)), 95)), 4),
        bias=round(bias, 4),
        lag_frames=lag_of(true, area),
        jitter_cents=round(float(np.log(held).std() * _CENTS_PER_NAT), 2),
    )


def lag_of(true: NDArray[np.float64], measured: NDArray[np.float64]) -> float:
    """Return by how many frames ``measured`` lags, parts included: where the squared difference is least."""
    span = _FRAMES_TO_SHIFT
    core = measured[span:-span] - measured.mean()
    shifts = range(-span, span + 1)
    apart = np.array([np.square(core - (true[span - s : len(true) - span - s] - true.mean())).mean() for s in shifts])
    k = int(np.argmin(apart))
    part = 0.0
    if 0 < k < len(apart) - 1:
        before, here, after = apart[k - 1 : k + 2]
        part = 0.5 * (before - after) / max(before - 2 * here + after, 1e-12)
    return round(float(shifts[k] + part), 2)


def crossing(hands: Sequence[Cut], models: ModelFiles, times: int) -> Crossings:
    """Let a left and a right hand change sides ``times`` times.

    In half a second to two, level or one above the other, each in front in turn, in a room without faces.
    """
    ends, both = [], []
    for k in range(times):
        one, other = hands[k % len(hands)], hands[(k + 1 + k // len(hands)) % len(hands)]
        end, share = _crossed(one, other if other.right != one.right else other.mirrored(), models, k)
        ends.append(end)
        both.append(share)
    kept, exchanged, lost = (
        round(sum(end == word for end in ends) / max(1, times), 4) for word in ("kept", "exchanged", "lost")
    )
    return Crossings(times, kept, exchanged, lost, round(float(np.mean(both)), 4))


def _crossed(one: Cut, other: Cut, models: ModelFiles, seed: int) -> tuple[str, float]:
    rng = np.random.default_rng(seed)
    lasts_s = (0.5, 1.0, 2.0)[seed % 3]
    apart = (0.0, 0.1, 0.22)[seed // 3 % 3]
    sizes = 0.05 * np.exp(rng.uniform(-0.3, 0.3, 2))
    sensor = Sensor(_ROOM_LIGHT, seed)
    scene = sensor.lit(room(seed, listened=False))  # a hand before a face is another question
    sight = Sight(models, synchronous=True, rate_hz=RATE_HZ)
    lead, count = round(0.5 * RATE_HZ), round((lasts_s + 1.1) * RATE_HZ)
    places: list[tuple[float | None, float | None]] = []
    for n in range(count):
        u = min(1.0, max(0.0, (n - lead) / (lasts_s * RATE_HZ)))
        u = u * u * (3 - 2 * u)
        spots = [Spot(one, sizes[0], 0.24 + 0.52 * u, 0.5 - apart / 2), Spot(other, sizes[1], 0.76 - 0.52 * u, 0.5)]
        if seed % 2:
            spots.reverse()
        light, _ = staged(scene, spots)
        sample = sight.see(_frame(sensor.picture(light), n))
        flags = int(sample["flags"])
        x = sample["hands"]["x"]
        places.append(
            (float(x[0]) if flags & Flag.PRESENT else None, float(x[1]) if flags & Flag.SECOND_HAND else None)
        )
    sight.close()
    (first, second), (first_then, second_then) = places[lead - 2], places[-1]
    share = float(np.mean([None not in pair for pair in places]))
    if first is None or second is None or first_then is None or second_then is None:
        return "lost", share
    return "kept" if (first < second) != (first_then < second_then) else "exchanged", share


def _moving(s: float) -> HandAt:
    """Nearer and farther by up to three octaves of the default mapping's two, swaying."""
    u = 0.5 + 0.5 * math.sin(2 * math.pi * 0.45 * s) * math.cos(2 * math.pi * 0.17 * s)
    area = 0.028 * math.exp(u * math.log(6.0))
    return _at(area, 0.5 + 0.06 * math.sin(2 * math.pi * 0.4 * s), 0.52 + 0.03 * math.cos(2 * math.pi * 0.31 * s))


def _at(area: float, x: float, y: float) -> HandAt:
    return HandAt(area, x, y)


def _measured(stage: Stage, models: ModelFiles, path: Iterable[HandAt]) -> NDArray[np.float64]:
    """Return true and measured area for each frame once the hand had time to be found; 0 where it was not seen."""
    sight = Sight(models, synchronous=True, rate_hz=RATE_HZ)
    rows = []
    before: HandAt | None = None
    for n, hand in enumerate(path):
        i420, true = stage(n, hand, before or hand)
        sample = sight.see(_frame(i420, n))
        present = int(sample["flags"]) & Flag.PRESENT
        if n >= _TAKEN_IN_S * RATE_HZ:
            rows.append((true, float(sample["hands"]["area"][0]) if present else 0.0))
        before = hand
    sight.close()
    return np.array(rows)


def _ghost(cache: Path, *, plain: bool) -> Stage:
    settings = SceneSettings.plain() if plain else SceneSettings()
    scene = Scene(SIZE, sprite(Pose(), cache), settings, 1)

    def stage(number: int, hand: HandAt, before: HandAt) -> tuple[NDArray[np.uint8], float]:
        share = EXPOSURE_S * RATE_HZ  # of the way since the frame before that the shutter was open for
        opened = HandAt(*(b + (a - b) * share for a, b in zip(_numbers(before), _numbers(hand), strict=True)))
        return scene.frame(number, number / RATE_HZ, hand, opened), hand.area

    return stage


def _numbers(hand: HandAt) -> tuple[float, float, float]:
    return hand.area, hand.x, hand.y


def _cut_out(cut: Cut, seed: int) -> Stage:
    sensor = Sensor(_ROOM_LIGHT, seed)
    scene = sensor.lit(room(seed))

    def stage(number: int, hand: HandAt, before: HandAt) -> tuple[NDArray[np.uint8], float]:
        del number, before  # cut-outs are sharp: a blurred one has no area to know
        turn = 8.0 * math.sin(2 * math.pi * 120 * (hand.area - 0.06))
        spot = Spot(cut, hand.area, hand.x, hand.y, turn if hand.area != 0.06 else 0.0)
        light, truths = staged(scene, [spot])
        return sensor.picture(light), truths[0].area

    return stage


def _frame(i420: NDArray[np.uint8], number: int) -> Frame:
    return Frame(i420, number, round(1e9 + number * 1e9 / RATE_HZ), SIZE)
