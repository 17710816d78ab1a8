"""What the tests of the sound room share: hand samples of a melody, and the sound that the engine makes of them."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from firmware_py._synth import Engine, PitchMap
from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.music.mapping import Mapping
from firmware_py.sound.patches import Patch, patch_named

T0_NS = 1_000_000_000_000
DELAY_NS = 60_000_000
PLAIN = Mapping(low=36.0, high=96.0, quantise=0.0, glide_s=0.001, height_to_loudness=0.0)

Samples = NDArray[np.void]


def _samples(pitches: list[float | None], mapping: Mapping = PLAIN, rate_hz: float = 60.0, y: float = 0.0) -> Samples:
    """One hand sample a camera frame, the first sounding at t0; None is no hand."""
    made = np.zeros(len(pitches), HAND_SAMPLE)
    for n, pitch in enumerate(pitches):
        made[n]["t_capture_ns"] = T0_NS - DELAY_NS + round(n * 1e9 / rate_hz)
        made[n]["frame"] = n
        if pitch is not None and not math.isnan(pitch):
            made[n]["flags"] = Flag.PRESENT
            made[n]["hands"][0] = (mapping.area_of(pitch), 0.5, y, 0.5, 1.0)
    return made


def _sound(
    samples: Samples,
    *,
    patch: str | Patch = "sine",
    mapping: Mapping = PLAIN,
    seconds: float | None = None,
    block: int = 4096,
    rate_hz: int = 48_000,
    backing: NDArray[np.int16] | None = None,
) -> NDArray[np.int16]:
    """Everything that sounds: int16, shape (n, 2)."""
    engine = Engine(
        rate_hz=rate_hz,
        delay_ns=DELAY_NS,
        pitch_map=PitchMap(mapping),
        patch=patch_named(patch) if isinstance(patch, str) else patch,
        samples=samples.view(np.uint8),
        backing=backing,
    )
    frames = round((len(samples) / 60.0 if seconds is None else seconds) * rate_hz)
    engine.play(t0_ns=T0_NS, frames=frames)
    out = np.zeros((frames, 2), np.int16)
    done = 0
    while not engine.ended:
        made = engine.advance(min(block, frames - done), out[done:])
        assert made > 0, "the engine waits for samples that are all there"
        done += made
    assert done == frames
    return out


@pytest.fixture
def hand_samples() -> Callable[..., Samples]:
    return _samples


@pytest.fixture
def sound_of() -> Callable[..., NDArray[np.int16]]:
    return _sound
