"""A recording laid under a song: the stretch that is wanted, at the session's rate, where the song's first bar line is.

Not here: decoding other programs' files at import (``music.importing.recording``), levels (``backing``).
"""

from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from firmware_py.errors import SongError
from firmware_py.music.song import Recording
from firmware_py.sound.resampling import resampled

FADE_IN_S: Final = 0.05  # where the recording is entered in its middle
_AROUND_S: Final = 0.05  # read besides, so that the resampling has its neighbours


def recorded(
    recording: Recording,
    *,
    song_start_s: float,
    frames: int,
    rate_hz: int,
    fade_out_s: float,
    enters_s: float = 0.0,
) -> NDArray[np.float32]:
    """Return so many frames of the recording from t0 on: float32, shape (frames, 2).

    song_start_s: the first bar line, seconds from t0. enters_s: it is silent until then, seconds from t0.
    fade_out_s: at the end, where the recording goes on beyond it.
    Raises SongError for a recording that is gone or damaged.
    """
    from_s = recording.start_s - song_start_s  # of the recording at t0; below 0: it begins later
    out = np.zeros((frames, 2), np.float32)
    try:
        with soundfile.SoundFile(recording.file) as file:
            own_hz, length = file.samplerate, file.frames
            first = max(0, round((from_s - _AROUND_S) * own_hz))
            count = min(length - first, round((max(0.0, from_s) + frames / rate_hz + _AROUND_S) * own_hz) - first)
            if count <= 0:
                return out
            file.seek(first)
            sound = file.read(count, dtype="float32", always_2d=True)
            ends = first + count >= length
    except (soundfile.LibsndfileError, RuntimeError, OSError, TypeError) as error:
        raise SongError(f"the recording {recording.file} cannot be read ({error}); import the song again") from error
    sound = resampled(np.repeat(sound, 2, axis=1) if sound.shape[1] == 1 else sound[:, :2], own_hz, rate_hz)
    at = round((first / own_hz - from_s) * rate_hz)  # of its first frame, counted from t0; below 0: read besides
    sound, at = sound[max(0, -at) :], max(0, at)
    sound = sound[: frames - at]
    out[at : at + len(sound)] = sound
    entry = min(frames, round(enters_s * rate_hz))
    out[:entry] = 0
    if from_s + enters_s > 0:
        faded = min(frames - entry, round(FADE_IN_S * rate_hz))
        out[entry : entry + faded] *= np.linspace(0, 1, faded, dtype=np.float32)[:, None]
    if not ends:
        faded = min(frames, round(fade_out_s * rate_hz))
        out[frames - faded :] *= np.linspace(1, 0, faded, dtype=np.float32)[:, None]
    return out
