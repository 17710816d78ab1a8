"""The pitch curve: what the instrument was told to sound, sampled evenly along a session.

It is the control stream, not an analysis of the audio, so it is exact, and recomputing it from the session folder
gives the same numbers again. Not here: turning the curve into notes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_py._synth import PitchMap, control_curve
from firmware_py.errors import UsageError
from firmware_py.hand_sample import HAND_SAMPLE
from firmware_py.music.delay import DelayMove
from firmware_py.music.mapping import Mapping

AUDIBLE: Final = 0.02  # loudness up to which nothing is heard


@dataclass(frozen=True)
class PitchCurve:
    """Pitch and loudness along a session, one value every ``1 / rate_hz`` seconds from the first frame of sound.wav.

    pitch: float32, shape (n,), MIDI note numbers as sounded (after quantise and glide), NaN in silence.
    hand_pitch: float32, shape (n,), the same before quantise and glide. loudness: float32, shape (n,), 0…1.
    """

    rate_hz: float
    pitch: NDArray[np.float32]
    hand_pitch: NDArray[np.float32]
    loudness: NDArray[np.float32]

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.pitch) / self.rate_hz

    @property
    def heard_pitch(self) -> NDArray[np.float64]:
        """float64, shape (n,): the pitch, NaN where nothing is heard, in silence or at a loudness of almost nothing."""
        return np.where(self.loudness > AUDIBLE, self.pitch, np.nan).astype(np.float64)


def curve_of(
    samples: NDArray[np.void],
    mapping: Mapping,
    *,
    t0_ns: int,
    delay_s: float,
    seconds: float,
    delay_moves: Sequence[DelayMove] = (),
    rate_hz: float = 200.0,
    sound_rate_hz: int = 48_000,
) -> PitchCurve:
    """Return what the instrument asked for while these hand samples were played.

    The compiled control path of the instrument itself is run over the samples, on the same grid of instants, so the
    curve holds the very pitches that sounded (vibrato, which belongs to the patch, left out).

    Parameters
    ----------
    samples
        dtype HAND_SAMPLE, shape (n,), in the order they were pushed; samples that cannot be true are passed over.
    mapping
        How areas became pitches.
    t0_ns, delay_s, seconds
        CLOCK_MONOTONIC at the first frame of sound.wav, D, and the length of the session.
    delay_moves
        Where D became another, in order.
    rate_hz
        Values a second.
    sound_rate_hz
        Sampling rate of the sound.

    Raises
    ------
    UsageError
        Samples of another dtype, or a mapping that no pitch can be made of.
    """
    if samples.dtype != HAND_SAMPLE:
        raise UsageError(f"hand samples of dtype {samples.dtype}; HAND_SAMPLE is needed")
    moves = np.array([(move.at_s * 1e9, move.to_s * 1e6) for move in delay_moves]).reshape(-1, 2)
    values = np.empty((max(0, round(seconds * rate_hz)), 3), np.float32)
    control_curve(
        np.ascontiguousarray(samples).view(np.uint8),
        PitchMap(mapping),
        values,
        t0_ns=t0_ns,
        delay_ns=round(delay_s * 1e9),
        delay_moves=np.rint(moves).astype(np.int64),
        curve_rate_hz=rate_hz,
        rate_hz=sound_rate_hz,
    )
    pitch, hand_pitch, loudness = np.ascontiguousarray(values.T)
    return PitchCurve(rate_hz, pitch, hand_pitch, loudness)
