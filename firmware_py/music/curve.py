"""The pitch curve: what the instrument was told to sound, sampled evenly along a session.

It is the control stream, not an analysis of the audio, so it is exact, and recomputing it from the session folder
gives the same numbers again.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

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
