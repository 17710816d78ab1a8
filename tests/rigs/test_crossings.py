"""Two drawn hands that cross, or meet and turn back, in front of the real networks: each keeps its name.

A handful in every run; HAND_DANCE_CROSSINGS=200 for as many seeds, of other speeds, heights, sizes and orders.
"""

import math
import os
from dataclasses import replace

import numpy as np

from firmware_py.hand_sample import Flag
from firmware_py.sight.camera import Frame
from firmware_py.sight.ghost.drawing import Pose, sprite
from firmware_py.sight.ghost.performance import HandAt
from firmware_py.sight.ghost.scene import Scene, SceneSettings
from firmware_py.sight.hands import Sight

SIZE, RATE_HZ = (320, 240), 60
FAR_LEFT, FAR_RIGHT = 0.28, 0.74
BEFORE_S = AFTER_S = 0.8
SEEDS = int(os.environ.get("HAND_DANCE_CROSSINGS", "4"))


class Crossing:
    """A left and a right hand: who is in front, how fast, how big and how high comes from the seed."""

    def __init__(self, seed, cache):
        rng = np.random.default_rng(seed)
        hand = sprite(Pose(), cache)
        width = hand.alpha.shape[1]
        mirrored = replace(
            hand,
            rgb=np.ascontiguousarray(hand.rgb[:, ::-1]),
            alpha=np.ascontiguousarray(hand.alpha[:, ::-1]),
            centre=(width - hand.centre[0], hand.centre[1]),
        )
        settings = SceneSettings(face=bool(rng.integers(2)), furniture=False)
        self.scenes = [Scene(SIZE, one, settings, seed) for one in (hand, mirrored)]
        self.front_first = rng.permutation(2)
        self.areas = rng.uniform(0.03, 0.09, 2)
        self.heights = 0.55 + rng.uniform(-0.06, 0.06) * np.array([1, -1])
        self.lasts_s = rng.choice([0.25, 0.4, 0.7, 1.2])
        self.turns_back = rng.random() < 0.25

    def hands(self, t_s):
        share = min(1.0, max(0.0, (t_s - BEFORE_S) / self.lasts_s))
        share = share * share * (3 - 2 * share)
        if self.turns_back:
            share = 0.42 * (1 - abs(2 * share - 1))
        way = (FAR_RIGHT - FAR_LEFT) * share
        places = FAR_LEFT + way, FAR_RIGHT - way
        sway = 1 + 0.03 * math.sin(3 * t_s)
        return [HandAt(a * sway, x, y) for a, x, y in zip(self.areas, places, self.heights, strict=True)]

    def frames(self):
        for number in range(round((BEFORE_S + self.lasts_s + AFTER_S) * RATE_HZ)):
            t_s = number / RATE_HZ
            now, before = self.hands(t_s), self.hands(t_s - 1 / 120)
            far, near = self.front_first
            i420 = self.scenes[far].frame(number, t_s, now[far], before[far])
            self.scenes[near]._lay_hand(i420, now[near], before[near])
            yield Frame(i420, number, 10**9 + round(number * 1e9 / RATE_HZ), SIZE), now


def primary_is_the_first(rows):
    """Whether the hand called the primary one was the first, over some (sample, hands)."""
    off = np.array(
        [[math.hypot(s["hands"][0]["x"] - h.x, s["hands"][0]["y"] - h.y) for h in hands] for s, hands in rows]
    ).mean(axis=0)
    return bool(off[0] < off[1])


def test_hands_that_cross_keep_their_names(models_state, model_files):
    kept = both = 0
    for seed in range(SEEDS):
        sight = Sight(model_files, synchronous=True, rate_hz=RATE_HZ)
        rows = [(sight.see(frame), hands) for frame, hands in Crossing(seed, models_state / "cache").frames()]
        kept += primary_is_the_first(rows[30:45]) == primary_is_the_first(rows[-15:])
        two = Flag.PRESENT | Flag.SECOND_HAND
        both += np.mean([Flag(int(sample["flags"])) & two == two for sample, _ in rows[-15:]]) >= 0.9
    assert kept >= 0.95 * SEEDS
    assert both >= 0.95 * SEEDS
