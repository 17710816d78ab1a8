"""What seeing costs: the networks one by one, the tracker by size of the picture, and how many frames are fresh.

Not here: whether what is seen is right (``sight``, ``sight_loop``).
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_py.hand_sample import Flag
from firmware_py.music.mapping import Mapping
from firmware_py.music.note import Note
from firmware_py.sight.camera import Frame, Pace
from firmware_py.sight.crop import Crop
from firmware_py.sight.finder import Finder
from firmware_py.sight.ghost.camera import GhostCamera
from firmware_py.sight.ghost.part import GhostPart, GhostPlayer
from firmware_py.sight.hands import Sight
from firmware_py.sight.landmarks import LandmarkNetwork
from firmware_py.sight.models import ModelFiles
from firmware_py.sight.palm import PalmNetwork

FRESH_HZ: Final = 90.0  # the fastest camera that is meant
_FRESH_S: Final = 4.0
_LOADING_S: Final = 0.5
_TRACKED_S: Final = 2.5
_SIZES: Final = {"tracker_320": (320, 240), "tracker_640": (640, 480)}


class NetworkClock:
    """Times single runs of the networks, on the pictures it is handed between other work."""

    def __init__(self, models: ModelFiles) -> None:
        self._finder = Finder(models)
        self._palm = PalmNetwork(models.palm_lite)
        self._landmark = LandmarkNetwork(models.landmark_lite)
        self._landmark_full = LandmarkNetwork(models.landmark_full)
        self._ms: dict[str, list[float]] = {"palm": [], "landmark": [], "landmark_full": []}

    def run(self, rgb: NDArray[np.uint8]) -> None:
        """Run each network once over ``rgb``, with the cutting of its window and the reading of its answer."""
        hands = [hand for hand in self._finder.find(rgb, wanted=1) if hand]
        crop = hands[0].crop if hands else Crop(rgb.shape[1] / 2, rgb.shape[0] / 2, rgb.shape[0] / 2, 0.0)
        self._time("palm", lambda: self._palm.look(rgb, least_score=0.5))
        self._time("landmark", lambda: self._landmark.look(rgb, crop))
        self._time("landmark_full", lambda: self._landmark_full.look(rgb, crop))

    def medians(self) -> dict[str, float]:
        """Return the milliseconds of a run of each network."""
        return {name: round(statistics.median(times), 3) for name, times in self._ms.items() if times}

    def _time(self, name: str, work: Callable[[], object]) -> None:
        began = time.perf_counter()
        work()
        self._ms[name].append((time.perf_counter() - began) * 1e3)


def tracker_ms(models: ModelFiles, cache: Path) -> dict[str, float]:
    """Return the median milliseconds that a frame without the finder takes, one hand in view, by size of the frame."""
    found = {}
    for name, size in _SIZES.items():
        frames = _ghost_frames(size, 60.0, _TRACKED_S, cache)
        sight = Sight(models, synchronous=True, rate_hz=60.0)
        spent = []
        for frame in frames:
            sight.see(frame)
            if sight.seen and not sight.spent.finder:
                spent.append(sight.spent.tracker)
        sight.close()
        found[name] = round(statistics.median(spent), 4)
    return found


@dataclass(frozen=True, slots=True)
class Freshness:
    """hz: frames a second with a newly measured area, of ``camera_hz``. late: frames that came too late to be seen."""

    hz: float
    camera_hz: float
    late: int


def freshness(models: ModelFiles, cache: Path, camera_hz: float = FRESH_HZ, seconds: float = _FRESH_S) -> Freshness:
    """Let a camera of ``camera_hz`` run in real time before sight as it plays, the finder on its own thread.

    A frame that is not taken before the next one is there is lost, as a camera's would be.
    """
    frames = _ghost_frames((320, 240), camera_hz, _LOADING_S + seconds, cache)
    lead = round(_LOADING_S * camera_hz)
    sight = Sight(models, synchronous=False, rate_hz=camera_hz)
    try:
        for frame in frames[:lead]:  # the first looks load the networks
            sight.see(frame)
            time.sleep(0.5 / camera_hz)
        fresh, late, before = 0, 0, 0.0
        began = time.perf_counter()
        for k, frame in enumerate(frames[lead:]):
            wait = began + k / camera_hz - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            elif -wait > 1 / camera_hz:
                late += 1
                continue
            sample = sight.see(frame)
            area = float(sample["hands"]["area"][0])
            fresh += bool(int(sample["flags"]) & Flag.PRESENT) and area != before
            before = area
        elapsed = max(time.perf_counter() - began, (len(frames) - lead) / camera_hz)
    finally:
        sight.close()
    return Freshness(round(fresh / elapsed, 1), camera_hz, late)


def _ghost_frames(size: tuple[int, int], rate_hz: float, seconds: float, cache: Path) -> list[Frame]:
    mapping = Mapping()
    notes = tuple(Note(0.5 * k, 0.5, mapping.low + 4.0 + (5 * k) % 13) for k in range(round(seconds * 2) + 1))
    part = GhostPart(notes, mapping, 0.0, seconds)
    camera = GhostCamera(part, GhostPlayer(), rate_hz, size=size, cache=cache)
    return list(camera.frames(Pace(1, realtime=False)))
