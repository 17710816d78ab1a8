"""The recording at the loudness people send each other music at: -16 LUFS, true peak at most -1 dBTP.

For the letter only: sound.wav stays as it was played. The copy lives in the letter's workspace and goes with it. Not
here: how loudness is measured (``music.loudness``).
"""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from firmware_py.music.loudness import Loudness, LoudnessMeter, gain_at, gains_below

TARGET_LUFS: Final = -16.0
PEAK_DBTP: Final = -1.0
MOST_GAIN_DB: Final = 30.0  # a session of hardly any sound is not turned into noise
_MARGIN_DB: Final = 0.2  # the gain moves between the peaks that were measured
_CLOSE_LU: Final = 0.1
_ROUNDS: Final = 4  # each brings what the peaks took from the loudness back
_BLOCK_FRAMES: Final = 16_384


def master(wav: Path, target: Path) -> Path | None:
    """Write the recording at TARGET_LUFS as 16-bit stereo WAV, whole or not at all, and return ``target``.

    A target that is there is returned as it is. None where there is nothing to bring to a loudness: silence, sound that
    is not stereo, or a file that cannot be read.
    """
    if target.is_file():
        return target
    part = target.with_name(f"{target.name}.part")
    try:
        with soundfile.SoundFile(wav) as source:
            if source.channels != 2:
                return None
            found = _measured(source, None)
            if not math.isfinite(found.lufs):
                return None
            gains = _gains(source, found)
            with soundfile.SoundFile(part, "w", source.samplerate, 2, "PCM_16", format="WAV") as made:
                for block in _blocks(source, gains):
                    made.write(block)
        part.replace(target)
        return target
    except soundfile.SoundFileError:
        return None
    finally:
        part.unlink(missing_ok=True)


def _gains(source: soundfile.SoundFile, found: Loudness) -> NDArray[np.float64]:
    """Return the gains that bring what was found to the target, as near as the peaks allow."""
    ceiling = 10 ** ((PEAK_DBTP - _MARGIN_DB) / 20)
    gain_db = min(TARGET_LUFS - found.lufs, MOST_GAIN_DB)
    for _ in range(_ROUNDS):
        gains = gains_below(found.peaks, 10 ** (gain_db / 20), ceiling)
        if gain_db + found.peak_dbtp <= PEAK_DBTP - _MARGIN_DB or gain_db >= MOST_GAIN_DB:
            break
        missing = TARGET_LUFS - _measured(source, gains).lufs
        if abs(missing) <= _CLOSE_LU:
            break
        gain_db = min(gain_db + missing, MOST_GAIN_DB)
    return gains


def _measured(source: soundfile.SoundFile, gains: NDArray[np.float64] | None) -> Loudness:
    meter = LoudnessMeter(source.samplerate)
    for block in _blocks(source, gains):
        meter.add(block)
    return meter.loudness()


def _blocks(source: soundfile.SoundFile, gains: NDArray[np.float64] | None) -> Iterator[NDArray[np.float32]]:
    """Yield the sound from its beginning, each frame with its gain."""
    source.seek(0)
    first = 0
    read: Callable[..., NDArray[np.float32]] = source.read
    while len(block := read(_BLOCK_FRAMES, dtype="float32", always_2d=True)):
        if gains is not None:
            block *= gain_at(gains, first, len(block))[:, np.newaxis].astype(np.float32)
        first += len(block)
        yield block
