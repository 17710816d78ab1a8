"""Beats to seconds and back, through every change of tempo.

Not here: bars (``bars``), and how a song is made faster or slower as a whole (``Song.at_tempo``).
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class TempoChange:
    """From ``onset`` on (quarter notes from the first bar line, above 0) it goes at ``bpm`` quarter notes a minute."""

    onset: Fraction
    bpm: float


class TempoMap:
    """The tempo that a piece begins with, also for what lies before its first bar line, and its changes in order."""

    def __init__(self, bpm: float, changes: Sequence[TempoChange] = ()) -> None:
        self._beats = [0.0]
        self._seconds = [0.0]
        self._bpm = [bpm]
        for change in changes:
            beat = float(change.onset)
            self._seconds.append(self._seconds[-1] + (beat - self._beats[-1]) * 60.0 / self._bpm[-1])
            self._beats.append(beat)
            self._bpm.append(change.bpm)

    def bpm_at(self, beat: Fraction | float) -> float:
        """Return the tempo that holds from a beat on, quarter notes a minute."""
        return self._bpm[max(0, bisect_right(self._beats, float(beat)) - 1)]

    def seconds_at(self, beat: Fraction | float) -> float:
        """Return where a beat lies, in seconds from the first bar line; below 0 before it."""
        at = float(beat)
        n = max(0, bisect_right(self._beats, at) - 1)
        return self._seconds[n] + (at - self._beats[n]) * 60.0 / self._bpm[n]

    def beat_at(self, seconds: float) -> float:
        """Return the beat at so many seconds from the first bar line; the inverse of ``seconds_at``."""
        n = max(0, bisect_right(self._seconds, seconds) - 1)
        return self._beats[n] + (seconds - self._seconds[n]) * self._bpm[n] / 60.0
