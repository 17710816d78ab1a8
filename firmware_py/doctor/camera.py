"""The camera: whether it gives pictures, how many a second, and in what light. The pictures are measured and let go."""

import statistics
import time
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from typing import Final

from firmware_py.config import CameraSettings
from firmware_py.doctor.check import Patient
from firmware_py.doctor.finding import Finding, Level
from firmware_py.doctor.place import player_of
from firmware_py.errors import HandDanceError
from firmware_py.sight.camera import Camera, Frame, Pace
from firmware_py.sight.cameras import is_scripted, open_camera

THINGS: Final = {"camera": "Camera", "frame-rate": "Frame rate", "light": "Light"}
LOOK_S: Final = 1.5
MOST_S: Final = 6.0  # with a slow first frame; one that never comes ends with the time of the check
SETTLE_S: Final = 0.7  # exposure and white balance find themselves
SLOW_HZ: Final = 24.0
TOO_SLOW_HZ: Final = 12.0
DARK: Final = 50.0  # mean grey level, 0…255
BLACK: Final = 12.0
BRIGHT: Final = 215.0
_NO_EYES: Final = ("codec", "isp", "hevc", "pispbe")

_CAMERA_REMEDY: Final = (
    "plug a camera in and look at its cable (a Pi's ribbon: contacts towards the board); is another program using it?"
)


def camera(patient: Patient) -> list[Finding]:
    """Look through the camera for two seconds."""
    settings = patient.config.camera
    if is_scripted(settings.source):
        says = f"{settings.source} stands in for a camera"
        remedy = "set source to auto under [camera] to play by hand"
        return [Finding("camera", THINGS["camera"], Level.AMBER, says, remedy), *_unknown("no camera is asked for")]
    try:
        description, frames = look_through(lambda: open_camera(settings.source, settings))
    except HandDanceError as error:
        if (pid := player_of(patient.config.state)) and _has_eye(patient):
            says = f"in use by the instrument (process {pid})"
            return [Finding("camera", THINGS["camera"], Level.GREEN, says), *_unknown("the camera is in use")]
        said = str(error).partition(";")[0]
        return [
            Finding("camera", THINGS["camera"], Level.RED, said, _CAMERA_REMEDY),
            *_unknown("no picture came", Level.AMBER, "see Camera"),
        ]
    if len(frames) < 2:
        says = f"{description} opens but gives no pictures"
        return [
            Finding("camera", THINGS["camera"], Level.RED, says, _CAMERA_REMEDY),
            *_unknown("no picture came", Level.AMBER, "see Camera"),
        ]
    return [Finding("camera", THINGS["camera"], Level.GREEN, description), _rate(frames, settings), _light(frames)]


def look_through(opened: Callable[[], Camera]) -> tuple[str, list[tuple[int, float]]]:
    """Return the camera's description, and of each frame of LOOK_S its time of capture in ns and mean grey level.

    Raises CameraError where it cannot be opened. No frame is kept.
    """
    eye = opened()
    seen: list[tuple[int, float]] = []
    begun = time.monotonic()
    with closing(eye):
        for frame in eye.frames(Pace(time.monotonic_ns(), realtime=True)):
            seen.append((frame.t_capture_ns, _grey(frame)))
            looked_s = (seen[-1][0] - seen[0][0]) / 1e9
            if looked_s > SETTLE_S + LOOK_S or time.monotonic() - begun > MOST_S:
                break
    return eye.description, seen


def _has_eye(patient: Patient) -> bool:
    """Whether the kernel knows of a camera, which then may be in use; a Pi's codecs are video devices too."""
    names = patient.machine.file("/sys/class/video4linux").glob("video*/name")
    told = [patient.machine.read(f"/sys/class/video4linux/{path.parent.name}/name") or "" for path in names]
    return any(not any(word in name.lower() for word in _NO_EYES) for name in told)


def _grey(frame: Frame) -> float:
    """Return the mean of the picture's Y plane, 0…255."""
    return float(frame.i420[: frame.height : 4, ::4].mean())


def _rate(frames: list[tuple[int, float]], settings: CameraSettings) -> Finding:
    settled = [t for t, _ in frames if t - frames[0][0] > SETTLE_S * 1e9] or [t for t, _ in frames]
    gaps_s = [(b - a) / 1e9 for a, b in pairwise(settled)] or [(frames[-1][0] - frames[0][0]) / 1e9]
    typical_s = statistics.median(gaps_s)
    rate_hz = 1 / typical_s if typical_s > 0 else 0.0
    level = Level.RED if rate_hz < TOO_SLOW_HZ else Level.AMBER if rate_hz < SLOW_HZ else Level.GREEN
    remedy = ""
    if level is not Level.GREEN:
        remedy = "more light (cameras slow down in the dark); or a smaller width under [camera]; or another USB port"
    says = f"{rate_hz:.0f} pictures a second, {settings.rate_hz:g} were asked for"
    figures = {"rate_hz": round(rate_hz, 1), "longest_gap_ms": round(1000 * max(gaps_s), 1)}
    return Finding("frame-rate", THINGS["frame-rate"], level, says, remedy, figures)


def _light(frames: list[tuple[int, float]]) -> Finding:
    grey = statistics.fmean(mean for _, mean in frames[len(frames) // 2 :])
    says, level, remedy = "bright enough", Level.GREEN, ""
    if grey < BLACK:
        says, level, remedy = "black", Level.RED, "take the cover off the lens, or switch a light on"
    elif grey < DARK:
        says, level, remedy = "dim", Level.AMBER, "put a lamp behind the camera, shining on the player's hand"
    elif grey > BRIGHT:
        says, level, remedy = "dazzling", Level.AMBER, "turn the camera away from the window or lamp"
    return Finding("light", THINGS["light"], level, f"{says} ({grey:.0f} of 255)", remedy, {"grey": round(grey, 1)})


def _unknown(why: str, level: Level = Level.GREEN, remedy: str = "") -> list[Finding]:
    return [Finding(name, THINGS[name], level, f"not measured: {why}", remedy) for name in ("frame-rate", "light")]
