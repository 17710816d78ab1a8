"""Light, skin and a small camera's sensor, in linear light: what makes one scene look otherwise in another room.

Scenes are linear RGB (the primaries of sRGB, IEC 61966-2-1), float32, shape (h, w, 3), 1.0 is white paper in good
light. Not here: what is in the scene (``sight_cuts``).
"""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Linear = NDArray[np.float32]

# CIELAB (D65) in the middle of the six classes of the individual typology angle, ITA = atan((L* - 50) / b*): very light
# > 55, light > 41, intermediate > 28, tan > 10, brown > -30 degrees, dark below (Chardon et al., Int. J. Cosmetic Sci.
# 13, 1991; Del Bino and Bernerd, Br. J. Dermatol. 169 s3, 2013), which stand for Fitzpatrick's types I to VI; a* and b*
# as such skin has them (Xiao et al., Skin Res. Technol. 23, 2017). A palm is lighter than that: this is the back of the
# hand, the harder case.
TONES: Final[dict[str, tuple[float, float, float]]] = {
    "I": (71.0, 8.5, 13.0),
    "II": (67.0, 10.0, 15.5),
    "III": (62.0, 11.0, 17.5),
    "IV": (56.5, 12.0, 18.5),
    "V": (47.0, 12.5, 17.0),
    "VI": (36.0, 10.0, 11.5),
}
_GLOSS: Final = 0.01  # of the light comes back white from any skin, spread out: Fresnel's 0.028, half of it a highlight


@dataclass(frozen=True, slots=True)
class Light:
    """kelvin: of a black body. level: of good room light. window: how much brighter than white paper; 0 is none."""

    kelvin: float
    level: float = 1.0
    window: float = 0.0


LIGHTS: Final[dict[str, Light]] = {
    "2700 K": Light(2700.0),
    "6500 K": Light(6500.0),
    "dim": Light(3200.0, level=1 / 50),  # a lamp at ten lux: more than the gain of the sensor makes up for
    "backlit": Light(5500.0, window=4.0),
}
# A sensor like the IMX219: 4700 electrons a pixel, four of them to one of the small picture; analogue gain up to 10.7;
# read noise of 4 electrons after binning.
_FULL_ELECTRONS: Final = 4 * 4700.0
_READ_ELECTRONS: Final = 4.0
_MOST_GAIN: Final = 10.7
_AIM: Final = 0.17  # mean of the picture that automatic exposure wants, the middle counting double
_BALANCED: Final = 0.8  # of a colour cast that automatic white balance takes out, in logarithms: warm light stays warm
_GLARE: Final = 0.015  # of the mean light, everywhere: what a small lens scatters
# From the sensor's colours to sRGB's: its filters overlap, so this subtracts, and noise grows.
_MATRIX: Final = np.array([[1.7, -0.5, -0.2], [-0.3, 1.6, -0.3], [0.0, -0.6, 1.6]], np.float32)
_TO_XYZ: Final = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE: Final = (0.9505, 1.0, 1.089)


def linear_of(rgb: NDArray[np.uint8]) -> Linear:
    """Return the light of sRGB numbers, uint8."""
    return _DECODED[rgb]


def srgb_of(light: Linear) -> NDArray[np.uint8]:
    """Return the sRGB numbers of light; beyond 0…1 it clips."""
    x = np.clip(light, 0, 1)
    coded = np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.power(x, 1 / 2.4) - 0.055)
    return np.asarray(np.round(coded * 255), np.uint8)


def _decoded() -> NDArray[np.float32]:
    x = np.arange(256) / 255
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4).astype(np.float32)


_DECODED: Final = _decoded()


def of_lab(lightness: float, a: float, b: float) -> NDArray[np.float32]:
    """Return the linear RGB of a CIELAB colour under D65, shape (3,)."""
    fy = (lightness + 16) / 116
    xyz = [
        white * (f**3 if f > 6 / 29 else 3 * (6 / 29) ** 2 * (f - 4 / 29))
        for white, f in zip(_WHITE, (fy + a / 500, fy, fy - b / 200), strict=True)
    ]
    return np.asarray(np.linalg.inv(_TO_XYZ) @ xyz, np.float32)


def toned(light: Linear, bare: NDArray[np.float32], tone: str) -> Linear:
    """Return a hand's light as if its skin were of another tone: folds, shade and gloss stay.

    light: linear RGB of the cut-out. bare: share of each pixel that is hand. tone: one of ``TONES``. The diffuse part
    goes with the skin's reflectance; the gloss on it is white and the same on all skin.
    """
    surely = light[bare > 0.95]
    mean = np.median(surely, axis=0)
    luma = light @ np.array((0.2126, 0.7152, 0.0722), np.float32) / float(mean @ (0.2126, 0.7152, 0.0722))
    gloss = _GLOSS * luma[..., None]
    skin = np.maximum(light - gloss, 0) * ((of_lab(*TONES[tone]) - _GLOSS) / (mean - _GLOSS)) + gloss
    share = bare[..., None]
    return np.asarray(np.clip(skin, 0, 1.5) * share + light * (1 - share), np.float32)


def cast_of(kelvin: float) -> NDArray[np.float32]:
    """Return what a black body's light looks like after automatic white balance: linear RGB, green 1, shape (3,).

    Chromaticity by Kim et al. (US patent 7 024 034, 2006), as used for the Planckian locus from 1667 to 25 000 K.
    """
    t = 1e3 / kelvin
    if kelvin <= 4000:
        x = -0.2661239 * t**3 - 0.2343589 * t**2 + 0.8776956 * t + 0.179910
    else:
        x = -3.0258469 * t**3 + 2.1070379 * t**2 + 0.2226347 * t + 0.240390
    if kelvin <= 2222:
        y = -1.1063814 * x**3 - 1.34811020 * x**2 + 2.18555832 * x - 0.20219683
    elif kelvin <= 4000:
        y = -0.9549476 * x**3 - 1.37418593 * x**2 + 2.09137015 * x - 0.16748867
    else:
        y = 3.0817580 * x**3 - 5.87338670 * x**2 + 3.75112997 * x - 0.37001483
    rgb = np.linalg.inv(_TO_XYZ) @ (x / y, 1.0, (1 - x - y) / y)
    cast = np.maximum(rgb, 0.02) / rgb[1]
    return np.asarray(np.power(cast, 1 - _BALANCED), np.float32)


class Sensor:
    """A small camera in one light. Its exposure is set by the first picture and then held, as after the count-in."""

    def __init__(self, light: Light, seed: int) -> None:
        self._light = light
        self._cast = cast_of(light.kelvin)
        self._gain = 0.0
        self._rng = np.random.default_rng(seed)

    def lit(self, scene: Linear) -> Linear:
        """Return the room behind the hand in this light: with its window, if there is one."""
        if not self._light.window:
            return scene
        height, width = scene.shape[:2]
        pane = np.zeros((height, width), np.uint8)
        cv2.rectangle(pane, (round(0.22 * width), -9), (round(0.94 * width), round(0.72 * height)), 255, cv2.FILLED)
        share = cv2.GaussianBlur(pane, (0, 0), height / 80).astype(np.float32)[..., None] / 255
        sky = np.linspace(1.0, 0.75, height, dtype=np.float32)[:, None, None] * self._light.window
        return np.asarray(scene * (1 - share) + sky * share, np.float32)

    def picture(self, scene: Linear) -> NDArray[np.uint8]:
        """Return the frame that the camera gives of ``scene``, I420, with its noise."""
        light = scene * (self._cast * self._light.level)
        light = light + _GLARE * light.mean(axis=(0, 1))
        if not self._gain:
            self._gain = _exposure(light)
        raw = (light * self._gain) @ np.linalg.inv(_MATRIX).T.astype(np.float32)
        full = _FULL_ELECTRONS / max(self._gain, 1.0)
        electrons = np.clip(raw, 0, 1.2) * full
        noise = self._rng.normal(size=raw.shape).astype(np.float32)
        seen = electrons + noise * np.sqrt(electrons + _READ_ELECTRONS**2)
        rgb = srgb_of(np.asarray(np.minimum(seen / full, 1.0) @ _MATRIX.T, np.float32))
        return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420), np.uint8)


def _exposure(light: Linear) -> float:
    """Return the gain that brings the picture's mean, the middle counting double, to what is wanted, within limits."""
    height, width = light.shape[:2]
    weight = np.ones((height, width), np.float32)
    weight[height // 4 : height - height // 4, width // 4 : width - width // 4] = 2
    luma = light @ np.array((0.2126, 0.7152, 0.0722), np.float32)
    gain = 1.0
    for _ in range(24):  # what clips counts no further: it settles in a few rounds
        mean = float((np.minimum(luma * gain, 1.0) * weight).sum() / weight.sum())
        gain *= math.sqrt(_AIM / max(mean, 1e-6))
    return min(gain, _MOST_GAIN)
