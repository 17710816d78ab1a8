"""What sight sees in a clip or in pictures, a line for each frame: for people who judge it and for measurements.

Not here: drawing it, and the command line.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from firmware_py.config import CameraSettings
from firmware_py.sight.camera import Camera, Frame, Pace
from firmware_py.sight.cameras import open_camera
from firmware_py.sight.hands import SeenHand, Sight
from firmware_py.sight.models import ModelFiles
from firmware_py.sight.pictures import Pictures

_T0_NS: Final = 1_000_000_000  # any instant after 0, which stands for none


def inspect(source: str | Path | Camera, models: ModelFiles | None) -> Iterator[dict[str, Any]]:
    """Yield one record for each frame of ``source``, in order, as fast as it goes.

    source: a clip, a picture, a folder of pictures (in the order of their names, each on its own), or an open
    scripted camera. models: the finder's files; None: colours alone. A record is
    ``{"frame", "t", "hands": [{"area", "bbox", "confidence", "openness", "side"}], "ms": {"finder", "tracker"}}``:
    t in seconds from the start; area as a share of the frame; bbox x, y, width, height in pixels of the input
    picture, forearm not included; side the player's own hand in a picture that is not mirrored.

    Raises CameraError when the source cannot be read.
    """
    camera = open_camera(str(source), CameraSettings()) if isinstance(source, str | Path) else source
    sight = Sight(models, synchronous=True, rate_hz=camera.rate_hz, stills=isinstance(camera, Pictures))
    try:
        for frame in camera.frames(Pace(t0_ns=_T0_NS, realtime=False)):
            sight.see(frame)
            yield {
                "frame": frame.number,
                "t": round((frame.t_capture_ns - _T0_NS) / 1e9, 4),
                "hands": [_described(hand, frame) for hand in sight.seen],
                "ms": {"finder": round(sight.spent.finder, 3), "tracker": round(sight.spent.tracker, 3)},
            }
    finally:
        sight.close()
        camera.close()


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
