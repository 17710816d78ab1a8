"""What sight sees in a clip or in pictures, frame by frame: for people who judge it and for measurements.

Not here: drawing it (``overlay``), writing that down (``film``), and the command line.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from firmware_py.config import CameraSettings
from firmware_py.sight.camera import Camera, Frame, Pace
from firmware_py.sight.cameras import open_camera
from firmware_py.sight.hands import SeenHand, Sight
from firmware_py.sight.models import ModelFiles
from firmware_py.sight.overlay import MarkedHand
from firmware_py.sight.pictures import Pictures
from firmware_py.sight.video_file import VideoFile

_T0_NS: Final = 1_000_000_000  # any instant after 0, which stands for none


@dataclass(frozen=True, slots=True)
class Look:
    """One frame and what was seen in it. finder_ms is 0 for a frame that the finder did not look at."""

    frame: Frame
    t_s: float
    seen: tuple[SeenHand, ...]
    finder_ms: float
    tracker_ms: float

    def record(self) -> dict[str, Any]:
        """Return what ``inspect`` prints: see there."""
        return {
            "frame": self.frame.number,
            "t": round(self.t_s, 4),
            "hands": [_described(hand, self.frame) for hand in self.seen],
            "ms": {"finder": round(self.finder_ms, 3), "tracker": round(self.tracker_ms, 3)},
        }

    def caption(self, rate_hz: float) -> str:
        """Return the line under the drawn picture: its name, or time and frame rate, and what seeing it took."""
        where = self.frame.name or f"{self.t_s:.2f} s · {rate_hz:.3g} fps · frame {self.frame.number}"
        finder = f" · finder {self.finder_ms:.1f} ms" if self.finder_ms else ""
        return f"{where}{finder} · tracker {self.tracker_ms:.2f} ms"


class Inspection:
    """One way through a clip, a picture, or a folder of pictures.

    Parameters
    ----------
    source
        A clip, a picture, a folder of pictures (in the order of their names, each on its own), or an open scripted
        camera.
    models
        The finder's files; None: colours alone.

    Raises
    ------
    CameraError
        The source cannot be read.
    """

    def __init__(self, source: str | Path | Camera, models: ModelFiles | None) -> None:
        opened = open_camera(str(source), CameraSettings()) if isinstance(source, str | Path) else source
        self._camera = opened
        self._sight = Sight(models, synchronous=True, rate_hz=opened.rate_hz, stills=isinstance(opened, Pictures))
        self._frame: Frame | None = None

    @property
    def rate_hz(self) -> float:
        """Frames a second of the source."""
        return self._camera.rate_hz

    @property
    def one_picture(self) -> bool:
        """Whether the source is a single picture."""
        return isinstance(self._camera, Pictures) and self._camera.count == 1

    @property
    def left_out(self) -> int:
        """Pictures so far that could not be read."""
        return self._camera.left_out if isinstance(self._camera, Pictures) else 0

    def looks(self) -> Iterator[Look]:
        """Yield one look for each frame, in order, as fast as it goes."""
        for frame in self._camera.frames(Pace(t0_ns=_T0_NS, realtime=False)):
            self._sight.see(frame)
            self._frame = frame
            spent = self._sight.spent
            yield Look(frame, (frame.t_capture_ns - _T0_NS) / 1e9, self._sight.seen, spent.finder, spent.tracker)

    def picture(self) -> NDArray[np.uint8]:
        """Return the picture that the last look was at, as it was read: uint8, shape (h, w, 3), blue first."""
        whole = self._camera.picture if isinstance(self._camera, Pictures | VideoFile) else None
        if whole is None:
            if self._frame is None:
                raise ValueError("nothing was looked at yet")
            return np.ascontiguousarray(self._frame.rgb()[..., ::-1])
        return whole

    def marked(self) -> list[MarkedHand]:
        """Return the hands of the last look as they are drawn."""
        if self._frame is None:
            return []
        size = (self._frame.width, self._frame.height)
        seen = self._sight.seen
        covered = self._sight.covered(self._frame)
        return [MarkedHand(hand, place, size, cells) for hand, (place, cells) in zip(seen, covered, strict=True)]

    def close(self) -> None:
        """Give the source back."""
        self._sight.close()
        self._camera.close()


def inspect(source: str | Path | Camera, models: ModelFiles | None) -> Iterator[dict[str, Any]]:
    """Yield one record for each frame of ``source``, as ``Inspection`` takes it.

    A record is ``{"frame", "t", "hands": [{"area", "bbox", "confidence", "openness", "side"}], "ms": {"finder",
    "tracker"}}``: t in seconds from the start; area as a share of the frame; bbox x, y, width, height in pixels of
    the input picture, forearm not included; side the player's own hand in a picture that is not mirrored.

    Raises CameraError when the source cannot be read.
    """
    inspection = Inspection(source, models)
    try:
        for look in inspection.looks():
            yield look.record()
    finally:
        inspection.close()


def _described(hand: SeenHand, frame: Frame) -> dict[str, Any]:
    across, down = frame.source_size[0] / frame.width, frame.source_size[1] / frame.height
    x, y, width, height = hand.box
    return {
        "area": round(hand.area, 6),
        "bbox": [round(x * across, 1), round(y * down, 1), round(width * across, 1), round(height * down, 1)],
        "confidence": round(hand.confidence, 3),
        "openness": round(hand.openness, 3),
        "side": hand.side,
    }
