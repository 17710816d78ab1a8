"""``hand-dance bench sight``: how surely hands are found in labelled pictures and in clips, and what it costs.

Everything in one run, the peers asked about each picture right after our own, since the machine's speed wanders.
Not here: labels and matching (``sight_labels``), peers (``sight_peers``), cost (``sight_speed``).
"""

import statistics
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from firmware_py.bench.sight_labels import Box, Data, data_in, default_folder, matched
from firmware_py.bench.sight_peers import HOW, MediaPipe, PeerAnswer, colour_chain, mediapipe_python
from firmware_py.bench.sight_speed import NetworkClock, freshness, tracker_ms
from firmware_py.errors import BenchError
from firmware_py.sight.camera import Camera, Frame, Pace
from firmware_py.sight.hands import SeenHand, Sight
from firmware_py.sight.models import ModelFiles
from firmware_py.sight.pictures import Pictures
from firmware_py.sight.video_file import VideoFile

LEAST_FIT: Final = 0.5  # IoU from which a hand counts as found
_CLOCKED_EVERY: Final = 4  # pictures that the single networks are timed on
_PACE: Final = Pace(t0_ns=1_000_000_000, realtime=False)


@dataclass
class Score:
    """How well boxes met their labels, picture after picture.

    found: share of the labelled hands that a box of their own meets with IoU >= 0.5 (Everingham et al., The PASCAL
    Visual Object Classes Challenge, IJCV 88, 2010). mean_iou: over the labelled hands, 0 for one that none meets.
    count_right: share of the pictures with as many boxes as labels.
    """

    fits: list[float] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    def add(self, labels: Sequence[Box], boxes: Sequence[Box]) -> list[tuple[float, int | None]]:
        """Take one picture and return how each label was met."""
        pairs = matched(labels, boxes)
        self.fits += [fit for fit, _ in pairs]
        self.right.append(len(labels) == len(boxes))
        return pairs

    def take(self, labels: Sequence[Box], answer: PeerAnswer) -> None:
        """Take a peer's answer."""
        self.add(labels, answer.boxes)
        self.ms.append(answer.ms)
        self.cpu_ms.append(answer.cpu_ms)

    def as_json(self) -> dict[str, float]:
        """Plain data for ``json.dumps``."""
        fits = np.array(self.fits)
        told = {
            "found": round(float((fits >= LEAST_FIT).mean()), 4) if len(fits) else 1.0,
            "mean_iou": round(float(fits.mean()), 4) if len(fits) else 1.0,
            "count_right": round(float(np.mean(self.right)), 4),
        }
        if self.ms:
            told |= {"ms": _median(self.ms), "cpu_ms": _median(self.cpu_ms)}
        return told


@dataclass(frozen=True)
class SightFigures:
    """What the benchmark found.

    found, mean_iou, count_right: see ``Score``. area_ratio: area measured over area of the labelled box, of the hands
    found: median, and its 10th and 90th percentile. ms: medians: palm and landmark, one run of a network; tracker, a
    frame without the finder. finder_ms: a look at a picture of its own, a look in a clip, and the share of a frame of
    a clip when the looks are spread over all frames. fresh_area_hz: frames with a newly measured area a second, of a
    camera of 90. times_mediapipe: CPU time in clips over that of mediapipe, lite and full, which looks at every frame:
    look, of a frame that our finder looks at too (median); frame, of all frames, finder and tracker (mean). clips:
    share of the frames of each clip by the number of hands seen. worst: pictures to look at first.
    """

    found: float
    mean_iou: float
    count_right: float
    area_ratio: dict[str, float]
    ms: dict[str, float]
    fresh_area_hz: float
    peers: dict[str, dict[str, Any]]
    absent: dict[str, str]
    finder_ms: dict[str, float]
    times_mediapipe: dict[str, dict[str, float]]
    pictures: int
    hands: int
    clips: dict[str, dict[str, float]]
    worst: list[str]

    def as_json(self) -> dict[str, Any]:
        """Plain data for ``json.dumps``."""
        return asdict(self)


def measure(models: ModelFiles, cache: Path, folder: Path | None = None) -> SightFigures:
    """Measure on the labelled pictures and clips of ``folder``, ``sight_labels.default_folder()`` when None.

    models: the finder's files. cache: folder that drawn hands are kept in. Raises BenchError without labels.
    """
    data = data_in(folder or default_folder())
    absent: dict[str, str] = {}
    mediapipe: MediaPipe | None = None
    python = mediapipe_python()
    if python is None:
        absent["mediapipe"] = HOW
    else:
        try:
            mediapipe = MediaPipe(python)
        except (BenchError, OSError) as error:
            absent["mediapipe"] = str(error)
    run = _Run(models, mediapipe)
    try:
        run.pictures(data)
        for clip in data.clips:
            run.clip(clip)
    finally:
        if mediapipe:
            mediapipe.close()
    return run.figures(tracker_ms(models, cache), freshness(models, cache).hz, absent)


class _Run:
    """One run over pictures and clips, and what it found so far."""

    def __init__(self, models: ModelFiles, mediapipe: MediaPipe | None) -> None:
        self._models = models
        self._mediapipe = mediapipe
        self._clock = NetworkClock(models)
        self._own, self._chain = Score(), Score()
        self._ratios: list[float] = []
        self._fit_of: dict[str, float] = {}
        self._peers = {"mediapipe_lite": Score(), "mediapipe_full": Score()}
        self._peer_clip: dict[str, list[PeerAnswer]] = {name: [] for name in self._peers}
        self._peer_counts: dict[str, dict[str, dict[str, float]]] = {name: {} for name in self._peers}
        self._still_ms: list[float] = []
        self._look_ms: list[float] = []
        self._frame_ms: list[float] = []
        self._look_cpu_ms: list[float] = []
        self._frame_cpu_ms: list[float] = []
        self._clips: dict[str, dict[str, float]] = {}

    def pictures(self, data: Data) -> None:
        """Look at each labelled picture on its own."""
        sight = Sight(self._models, synchronous=True, rate_hz=2.0, stills=True)
        for number, (frame, labels) in enumerate(_frames_of(data)):
            sight.see(frame)
            self._still_ms.append(sight.spent.finder)
            pairs = self._own.add(labels, _boxes(sight.seen, frame))
            self._fit_of[frame.name] = min([fit for fit, _ in pairs], default=1.0) - 0.5 * (not self._own.right[-1])
            self._take_areas(labels, pairs, sight.seen, frame)
            rgb = frame.rgb()
            scaled = [_in_frame(box, frame) for box in labels]
            self._chain.take(scaled, colour_chain(rgb))
            if self._mediapipe:
                for name, score in self._peers.items():
                    score.take(scaled, self._mediapipe.look(rgb, full=name == "mediapipe_full"))
            if number % _CLOCKED_EVERY == 0:
                self._clock.run(rgb)
        sight.close()

    def clip(self, path: Path) -> None:
        """Follow the hands through one clip."""
        camera = VideoFile(path)
        sight = Sight(self._models, synchronous=True, rate_hz=camera.rate_hz)
        counts: Counter[int] = Counter()
        peer_counts: dict[str, Counter[int]] = {name: Counter() for name in self._peers}
        for frame in _closing(camera):
            cpu_began = time.thread_time()
            sight.see(frame)
            cpu_ms = (time.thread_time() - cpu_began) * 1e3
            self._frame_cpu_ms.append(cpu_ms)
            counts[len(sight.seen)] += 1
            self._frame_ms.append(sight.spent.finder)
            if sight.spent.finder:
                self._look_ms.append(sight.spent.finder)
                self._look_cpu_ms.append(cpu_ms)
            if self._mediapipe:
                rgb = frame.rgb()
                for name in self._peers:
                    answer = self._mediapipe.look(rgb, full=name == "mediapipe_full", stream=path.name)
                    self._peer_clip[name].append(answer)
                    peer_counts[name][len(answer.boxes)] += 1
        sight.close()
        self._clips[path.name] = _shares(counts)
        for name, counted in peer_counts.items():
            self._peer_counts[name][path.name] = _shares(counted)

    def figures(self, tracker: dict[str, float], fresh_hz: float, absent: dict[str, str]) -> SightFigures:
        """Sum up."""
        peers: dict[str, dict[str, Any]] = {"opencv_colour_chain": self._chain.as_json()}
        times: dict[str, dict[str, float]] = {}
        for name, score in self._peers.items():
            if self._mediapipe:
                answers = self._peer_clip[name]
                clip_ms = _median([answer.ms for answer in answers])
                peers[name] = score.as_json() | {"clip_ms": clip_ms, "clips": self._peer_counts[name]}
                peers[name]["version"] = self._mediapipe.version
                if answers:
                    theirs = [answer.cpu_ms for answer in answers]
                    look, middle = statistics.median(self._look_cpu_ms), statistics.median(theirs)
                    frame = statistics.mean(self._frame_cpu_ms) / statistics.mean(theirs)
                    times[name] = {"look": round(look / middle, 3), "frame": round(frame, 3)}
        p10, p50, p90 = np.percentile(self._ratios or [0.0], [10, 50, 90])
        own = self._own.as_json()
        worst = sorted(self._fit_of, key=lambda name: self._fit_of[name])
        return SightFigures(
            found=own["found"],
            mean_iou=own["mean_iou"],
            count_right=own["count_right"],
            area_ratio={"median": round(p50, 4), "p10": round(p10, 4), "p90": round(p90, 4)},
            ms=self._clock.medians() | tracker,
            fresh_area_hz=fresh_hz,
            peers=peers,
            absent=absent,
            finder_ms={
                "picture": _median(self._still_ms),
                "clip_look": _median(self._look_ms),
                "clip_frame": round(float(np.mean(self._frame_ms or [0.0])), 3),
            },
            times_mediapipe=times,
            pictures=len(self._own.right),
            hands=len(self._own.fits),
            clips=self._clips,
            worst=worst[:20],
        )

    def _take_areas(
        self,
        labels: Sequence[Box],
        pairs: Sequence[tuple[float, int | None]],
        seen: Sequence[SeenHand],
        frame: Frame,
    ) -> None:
        whole = frame.source_size[0] * frame.source_size[1]
        for (x0, y0, x1, y1), (fit, met) in zip(labels, pairs, strict=True):
            if met is not None and fit >= LEAST_FIT:
                self._ratios.append(seen[met].area * whole / ((x1 - x0) * (y1 - y0)))


def _frames_of(data: Data) -> Iterator[tuple[Frame, tuple[Box, ...]]]:
    for picture in data.pictures:
        for frame in _closing(Pictures(picture.file)):
            yield frame, picture.boxes


def _closing(camera: Camera) -> Iterator[Frame]:
    try:
        yield from camera.frames(_PACE)
    finally:
        camera.close()


def _boxes(seen: Iterable[SeenHand], frame: Frame) -> list[Box]:
    """Return the boxes of the hands seen, in pixels of the input."""
    across, down = frame.source_size[0] / frame.width, frame.source_size[1] / frame.height
    return [(x * across, y * down, (x + w) * across, (y + h) * down) for x, y, w, h in (hand.box for hand in seen)]


def _in_frame(box: Box, frame: Frame) -> Box:
    across, down = frame.width / frame.source_size[0], frame.height / frame.source_size[1]
    return box[0] * across, box[1] * down, box[2] * across, box[3] * down


def _shares(counts: Counter[int]) -> dict[str, float]:
    whole = sum(counts.values())
    return {"frames": whole} | {f"hands_{k}": round(counts[k] / whole, 4) for k in range(3)} if whole else {"frames": 0}


def _median(values: Sequence[float]) -> float:
    return round(statistics.median(values), 3) if values else 0.0
