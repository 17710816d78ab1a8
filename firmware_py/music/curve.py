"""The pitch curve: what the instrument was told to sound, sampled evenly along a session.

It is the control stream, not an analysis of the audio, so it is exact, and recomputing it from the session folder
gives the same numbers again.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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
