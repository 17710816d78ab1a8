"""Which of a sensor's modes to film a hand in: the whole view where it is fast enough, else the best bargain.

Not here: asking a sensor for its modes, or setting one (``picamera2_camera``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from firmware_py.errors import CameraError

# A mode that misses the rate asked for by less than this still counts as reaching it: 56 frames a second of the whole
# view are worth more than 60 of two thirds of it.
ENOUGH: Final = 0.9


@dataclass(frozen=True, slots=True)
class SensorMode:
    """One way to read a sensor out.

    size: (width, height) of the picture in pixels. rate_hz: the most frames a second. crop: (width, height) of the
    part of the sensor that the picture shows, in the sensor's own pixels. bit_depth: of a raw pixel.
    """

    size: tuple[int, int]
    rate_hz: float
    crop: tuple[int, int]
    bit_depth: int

    @property
    def seen(self) -> int:
        """How much of the sensor is in the picture, in the sensor's own pixels."""
        return self.crop[0] * self.crop[1]

    @property
    def readout_s(self) -> float:
        """Seconds from the first row's read-out to the last one's, at most: a frame cannot take less."""
        return 1.0 / self.rate_hz


def sensor_modes(told: Iterable[Mapping[str, Any]]) -> list[SensorMode]:
    """Read the modes as ``Picamera2.sensor_modes`` tells them; those that are not raw modes of a sensor are left out.

    Each carries ``size`` (width, height), ``fps``, ``bit_depth`` and ``crop_limits`` (x, y, width, height), the last
    with zeros where the driver does not know.
    """
    modes = []
    for mode in told:
        if not {"size", "fps", "bit_depth"} <= mode.keys() or mode["fps"] <= 0:
            continue
        width, height = mode["size"]
        crop = tuple(mode.get("crop_limits") or ())[2:] or (width, height)
        if min(crop) <= 0:
            crop = (width, height)
        modes.append(
            SensorMode((int(width), int(height)), float(mode["fps"]), (int(crop[0]), int(crop[1])), mode["bit_depth"])
        )
    return modes


def chosen_mode(modes: Iterable[SensorMode], rate_hz: float) -> SensorMode:
    """Pick the mode to film a hand in, when ``rate_hz`` frames a second are asked for.

    A narrower view shortens the player's reach: the hand leaves the picture sooner, and the near end of the keyboard
    comes at a smaller step. A lower rate makes the instrument later. So a mode is worth its share of the rate asked
    for times its share of the view's width and height (the root of its share of the sensor). All that reach nine
    tenths of the rate count as reaching it. Of equals the one with fewer pixels is read out and scaled with less work
    and less rolling shutter (it is binned, so no darker), and of those the one with more bits, which has less noise
    in the dark.

    Raises CameraError where there is no mode at all.
    """
    known = list(modes)
    if not known:
        raise CameraError("the camera tells no mode to film in; update the system (sudo apt full-upgrade)")
    whole = max(mode.seen for mode in known)

    def worth(mode: SensorMode) -> tuple[float, int, int, float]:
        fast = 1.0 if mode.rate_hz >= ENOUGH * rate_hz else mode.rate_hz / rate_hz
        wide = (mode.seen / whole) ** 0.5
        return round(fast * wide, 2), -mode.size[0] * mode.size[1], mode.bit_depth, mode.rate_hz

    return max(known, key=worth)
