"""The ghost before the real networks and the real tracker: found in every size, and as large as it means to be."""

from pathlib import Path

import numpy as np
import pytest

from firmware_py.hand_sample import Flag
from firmware_py.music.mapping import Mapping
from firmware_py.music.note import Note
from firmware_py.sight import models
from firmware_py.sight.camera import Pace
from firmware_py.sight.finder import Finder
from firmware_py.sight.ghost.camera import GhostCamera
from firmware_py.sight.ghost.part import GhostPart, GhostPlayer
from firmware_py.sight.ghost.performance import Performance
from firmware_py.sight.hands import Sight

MAPPING = Mapping()
NOTE_S = 0.8
STEPS = tuple((5 * k) % 13 for k in range(26))  # every other semitone of two octaves, twice, by leaps
MELODY = tuple(Note(NOTE_S * k, NOTE_S, MAPPING.low + 2.0 * step) for k, step in enumerate(STEPS))
PART = GhostPart(MELODY, MAPPING, 0.0, NOTE_S * len(STEPS))
OFFLINE = Pace(1, realtime=False)


@pytest.fixture(scope="module", params=["plain=1", "plain=0", "plain=0,seed=9"])
def seen(request: pytest.FixtureRequest, models_state: Path) -> np.ndarray:
    """One row a frame with the hand held still: wanted area, measured area (NaN: none)."""
    player = GhostPlayer.parse(request.param)
    camera = GhostCamera(PART, player, 60.0, cache=models_state / "cache")
    sight = Sight(models.find(models_state), synchronous=True, rate_hz=60.0)
    wanted = Performance(PART, player)
    rows = []
    for frame in camera.frames(OFFLINE):
        sample = sight.see(frame)
        into_note_s = frame.number / 60.0 % NOTE_S
        hand = wanted.at(frame.number / 60.0)
        if hand and 0.25 < into_note_s < NOTE_S - 0.05:
            present = int(sample["flags"]) & Flag.PRESENT
            rows.append((hand.area, sample["hands"]["area"][0] if present else np.nan))
    sight.close()
    return np.array(rows)


def test_the_networks_find_the_ghosts_hand_and_no_other(models_state: Path) -> None:
    finder = Finder(models.find(models_state))
    found = others = frames = 0
    wanted = Performance(PART, GhostPlayer())
    for frame in GhostCamera(PART, GhostPlayer(), 60.0, cache=models_state / "cache").frames(OFFLINE):
        hand = wanted.at(frame.number / 60.0)
        if hand is None or frame.number % 6:
            continue
        frames += 1
        middles = [(h.box[0] + h.box[2] / 2) / frame.width for h in finder.find(frame.rgb(), wanted=2)]
        found += any(abs(x - hand.x) < 0.12 for x in middles)
        others += any(abs(x - hand.x) >= 0.12 for x in middles)
    assert frames > 180
    assert found >= 0.98 * frames
    assert others == 0


def test_a_hand_that_is_held_is_seen_in_every_frame(seen: np.ndarray) -> None:
    assert np.isfinite(seen[:, 1]).mean() >= 0.98


def test_the_area_measured_is_the_area_wanted(seen: np.ndarray) -> None:
    wanted, measured = np.log(seen[np.isfinite(seen[:, 1])].T)
    assert np.corrcoef(wanted, measured)[0, 1] >= 0.999
    off = np.abs(np.expm1(measured - wanted))
    assert np.percentile(off, 95) <= 0.05
    assert abs(np.median(measured - wanted)) <= 0.02, "the ghost's constant MEASURED no longer fits the tracker"
