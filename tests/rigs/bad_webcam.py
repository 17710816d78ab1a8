"""The sight process as a program, over a webcam that does what the test asks: ``python bad_webcam.py FOLDER``.

The real process, threads, policies and adapter; only the kernel's webcam is a fake one, and the waiting times before
something is told are shorter. What the webcam does stands in FOLDER/does, one word of ``DOES``.
"""

import itertools
import runpy
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # before any library starts a thread, as the program does

import cv2  # noqa: E402
import numpy as np  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "unit" / "sight")]

from drawn_hand import landmarks, picture  # noqa: E402
from fake_v4l2 import FakeKernel, Webcam  # noqa: E402

from firmware_py.sight import picture_health, process, v4l2, v4l2_device, v4l2_devices  # noqa: E402

FASTER = 4
NOISE = np.random.default_rng(5)


def jpeg(bgr: np.ndarray, noise: float = 6.0) -> bytes:
    """A picture as a webcam sends it; a sensor's noise makes each one another."""
    noisy = bgr + NOISE.normal(0, noise, bgr.shape) if noise else bgr
    return cv2.imencode(".jpg", np.clip(noisy, 0, 255).astype(np.uint8))[1].tobytes()


def plain(luma: int, size: tuple[int, int] = (640, 480)) -> np.ndarray:
    return np.full((size[1], size[0], 3), luma, np.float32)


ROOM = picture(noise=0).repeat(2, axis=0).repeat(2, axis=1)
HAND = picture(landmarks(), noise=0).repeat(2, axis=0).repeat(2, axis=1)
TEN = picture(*(landmarks(30 + 60 * (k % 5), 90 + 110 * (k // 5), 18) for k in range(10)), noise=0)
DOES: dict[str, Callable[[], bytes | None]] = {
    "room": lambda: jpeg(ROOM),
    "hand": lambda: jpeg(HAND),
    "ten hands": lambda: jpeg(TEN.repeat(2, axis=0).repeat(2, axis=1)),
    "black": lambda: jpeg(plain(0)),
    "white": lambda: jpeg(plain(255)),
    "grey": lambda: jpeg(plain(128)),
    "frozen": lambda: jpeg(ROOM, noise=0.0),
    "torn": lambda: jpeg(ROOM)[:900],
    "other size": lambda: jpeg(cv2.resize(ROOM, (352, 288))),
    "turned": lambda: jpeg(ROOM.transpose(1, 0, 2)),
    "4k": lambda: jpeg(cv2.resize(ROOM, (3840, 2160)), noise=0.0),
    "rubbish": lambda: bytes(NOISE.integers(0, 256, 5000, np.uint8)),
    "nothing": lambda: b"",
    "stalls": lambda: None,
    "5 fps": lambda: time.sleep(0.17) or jpeg(ROOM),  # type: ignore[func-returns-value]
}


class Supply(list[bytes | None]):
    """Frames without end, of whatever is asked for; a few of each are made once and shown in turn."""

    def __init__(self, asked: Path) -> None:
        super().__init__([None, None])
        self._asked = asked
        self._word = ""

    def refresh(self) -> None:
        word = self._asked.read_text()
        if word and word != self._word:
            self._word = word
            make = DOES[word]
            self._shown = itertools.cycle(
                [make] if word == "5 fps" else [lambda m=m: m for m in [make() for _ in range(3)]]
            )
        self[0] = next(self._shown)()

    def pop(self, _index: int = 0) -> bytes | None:  # type: ignore[override]
        return self[0]


class PacedKernel(FakeKernel):
    """The fake kernel in real time, thirty frames a second."""

    @property  # type: ignore[override]
    def now_ns(self) -> int:
        return time.monotonic_ns()

    @now_ns.setter
    def now_ns(self, _: int) -> None:
        pass

    def readable(self, fd: int, within_s: float) -> bool:
        frames = self._webcam(fd).frames
        assert isinstance(frames, Supply)
        frames.refresh()
        time.sleep(within_s if frames[0] is None else 1 / 30)
        return frames[0] is not None


def run(folder: Path) -> None:
    webcam = Webcam(modes={"MJPG": {(640, 480): (30.0,)}}, frames=Supply(folder / "does"))
    webcam.age_ns = 10_000_000
    kernel = PacedKernel(video0=webcam)
    (folder / "video0").touch()
    v4l2_device.Linux = lambda: kernel  # type: ignore[misc, assignment]
    v4l2.V4L2Camera.__init__.__kwdefaults__["folder"] = folder
    for name in ("TOLD_AFTER_S", "FROZEN_AFTER_S", "CLEARED_AFTER_S"):
        setattr(picture_health, name, getattr(picture_health, name) / FASTER)
    picture_health._WAIT_S[""] /= FASTER  # type: ignore[index]
    process.STALL_S, v4l2.WAIT_S, process.BACK_OFF_S = 0.2, 0.6, (0.05, 0.1)  # type: ignore[misc]
    v4l2_devices.DEVICES = folder  # type: ignore[misc]
    runpy.run_module("firmware_py.sight", run_name="__main__")


if __name__ == "__main__":
    run(Path(sys.argv[1]))
