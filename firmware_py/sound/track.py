"""One sound file of a session being recorded: what comes on a tape goes to its frame, and what is missing is silence.

Not here: when that is done, and what follows from a disk that is full (``recorder``).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from firmware_py._ring import Ring
from firmware_py.sound.wav_file import WavFile


@dataclass(frozen=True, slots=True)
class Silence:
    """Frames that no process played: [first_frame, end_frame), counted from t0."""

    first_frame: int
    end_frame: int


class Track:
    """A tape of blocks (TAPE_BLOCK or MIC_BLOCK) and the WAV file it goes to, as wide as the blocks are."""

    def __init__(self, path: Path, tape: Ring, block: np.dtype[np.void], rate_hz: int, blocks: int) -> None:
        """Make the file. blocks: how many are taken off the tape at once.

        Raises FileExistsError where there is one, OSError where none can be made.
        """
        self.path, self.tape = path, tape
        self.silences: list[Silence] = []
        self._blocks = np.zeros(blocks, block)
        samples = self._blocks["samples"]
        self.wav = WavFile(path, rate_hz, samples.shape[2] if samples.ndim == 3 else 1)

    def take(self) -> int:
        """Take the next blocks off the tape; return how many, 0 when it is empty."""
        return self.tape.pop_into(self._blocks)

    def write(self, count: int) -> None:
        """Write so many of the blocks that were taken. Raises OSError."""
        for block in self._blocks[:count]:
            first, frames = int(block["first_frame"]), int(block["frames"])
            if first < 0 or frames > block["samples"].shape[0]:
                continue  # spoiled by a process that died while it wrote into shared memory
            if first > self.wav.frames:
                self.silences.append(Silence(self.wav.frames, first))
            self.wav.write_at(first, block["samples"][:frames].tobytes())

    def end_at(self, frames: int) -> None:
        """Make the file exactly so long. Raises OSError."""
        if frames > self.wav.frames:
            self.silences.append(Silence(self.wav.frames, frames))
        self.wav.cut_or_pad(frames)
