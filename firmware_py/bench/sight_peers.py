"""What else finds hands in pictures, asked the same questions in the same run.

OpenCV's colour chain as hand-tracking tutorials write it, and mediapipe 0.10.18, which needs an environment of its own:
it wants an older NumPy and a gigabyte. Not here: our own (``sight``).
"""

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from firmware_py.bench.sight_labels import Box
from firmware_py.errors import BenchError
from firmware_py.sight import anatomy

REQUIREMENT: Final = "mediapipe==0.10.18"
VARIABLE: Final = "HAND_DANCE_MEDIAPIPE"
ENVIRONMENT: Final = Path(__file__).resolve().parents[2] / ".venv-mediapipe"
HOW: Final = (
    f"make bench makes .venv-mediapipe (Python 3.9 to 3.12 with {REQUIREMENT}, which has no wheel for others), or set "
    f"{VARIABLE}=PYTHON to the interpreter of an environment that has it"
)
_SKIN: Final = ((2, 50, 50), (15, 255, 255))  # hue of 180, saturation, value
_CHAIN_SIZE: Final = (320, 240)
_LEAST_PART: Final = 0.015  # of the frame
_BRUSH: Final = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))


@dataclass(frozen=True, slots=True)
class PeerAnswer:
    """What a peer saw in one picture. ms: wall clock; cpu_ms: of all its threads."""

    boxes: tuple[Box, ...]
    ms: float
    cpu_ms: float


def colour_chain(rgb: NDArray[np.uint8]) -> PeerAnswer:
    """Find skin-coloured blobs: fixed thresholds in HSV, opening and closing, contours, at 320×240.

    rgb: uint8, shape (height, width, 3). The scaling down is not counted. The two largest blobs are hands.
    """
    small = cv2.resize(rgb, _CHAIN_SIZE, interpolation=cv2.INTER_AREA)
    began, cpu_began = time.perf_counter(), time.process_time()
    skin = cv2.inRange(cv2.cvtColor(small, cv2.COLOR_RGB2HSV), *_SKIN)
    skin = cv2.morphologyEx(cv2.morphologyEx(skin, cv2.MORPH_OPEN, _BRUSH), cv2.MORPH_CLOSE, _BRUSH)
    contours, _ = cv2.findContours(skin, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    least = _LEAST_PART * _CHAIN_SIZE[0] * _CHAIN_SIZE[1]
    largest = sorted((part for part in contours if cv2.contourArea(part) > least), key=cv2.contourArea)[-2:]
    boxes = [cv2.boundingRect(part) for part in largest]
    ms, cpu_ms = (time.perf_counter() - began) * 1e3, (time.process_time() - cpu_began) * 1e3
    across, down = rgb.shape[1] / _CHAIN_SIZE[0], rgb.shape[0] / _CHAIN_SIZE[1]
    return PeerAnswer(
        tuple((x * across, y * down, (x + w) * across, (y + h) * down) for x, y, w, h in boxes), ms, cpu_ms
    )


def mediapipe_python() -> Path | None:
    """Return the interpreter that has mediapipe, None when there is none."""
    named = os.environ.get(VARIABLE)
    python = Path(named) if named else ENVIRONMENT / "bin" / "python"
    return python if python.is_file() else None


class MediaPipe:
    """mediapipe's hands in a process of their own. Raises BenchError when it cannot be started."""

    def __init__(self, python: Path) -> None:
        script = Path(__file__).with_name("sight_mediapipe.py")
        self._process = subprocess.Popen(
            [python, "-I", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        try:
            self.version = str(self._answer()["version"])
        except BenchError:
            self.close()
            raise

    def look(self, rgb: NDArray[np.uint8], *, full: bool, stream: str = "") -> PeerAnswer:
        """Return what it sees in ``rgb``: with the full or the lite networks, as a still or a frame of ``stream``.

        It answers with landmarks, which lie inside the flesh; they are given the same flesh as ours, in its favour.
        """
        height, width = rgb.shape[:2]
        asked = {"stream": stream, "model": int(full), "still": not stream, "width": width, "height": height}
        pipe = self._process.stdin
        if pipe is None:
            raise BenchError("mediapipe's process has no pipe")
        try:
            pipe.write(json.dumps(asked).encode() + b"\n" + np.ascontiguousarray(rgb).tobytes())
            pipe.flush()
        except BrokenPipeError as error:
            raise BenchError("mediapipe ended in the middle of the run; try it alone") from error
        told = self._answer()
        boxes = tuple(_box(points, width, height) for points in told["hands"])
        return PeerAnswer(boxes, float(told["ms"]), float(told["cpu_ms"]))

    def close(self) -> None:
        """End its process."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.terminate()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else b""
        if not line:
            raise BenchError(f"mediapipe does not run in {self._process.args!r}; {HOW}")
        told: dict[str, Any] = json.loads(line)
        return told


def _box(points: list[list[float]], width: int, height: int) -> Box:
    x, y, w, h = anatomy.box(np.array(points, dtype=np.float32))
    return max(0.0, x), max(0.0, y), min(float(width), x + w), min(float(height), y + h)
