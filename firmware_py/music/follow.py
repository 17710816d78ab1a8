"""Follow: what a song wants now and next, how long until then, and whether what sounds is it.

One pure answer for all who show it: the progress line, a page, lights. Not here: marks, which are made afterwards of
the whole session (``marks``).
"""

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

from firmware_py.music.judge import RIGHT_CENTS
from firmware_py.music.song import ScoreNote, Song

OCTAVE_CENTS: Final = 1200.0


@dataclass(frozen=True, slots=True)
class Following:
    """Where a song is at one instant.

    now: the note wanted, None in a rest; next: the one after it, None at the end. left_s: seconds until ``now`` ends;
    until_s: until ``next`` begins; each 0 without it. bar: as engraved, of what is played; beat: written beats into
    it, from 1.
    """

    now: ScoreNote | None
    next: ScoreNote | None
    left_s: float
    until_s: float
    bar: int
    beat: int

    def cents_off(self, sounding: float) -> float | None:
        """Return how many cents a pitch (MIDI, NaN in silence) lies above the note wanted, in the nearest octave.

        −600…600; None where nothing is wanted or nothing sounds. Octaves are forgiven here as they are by the marks.
        """
        if self.now is None or not math.isfinite(sounding):
            return None
        return math.remainder(100.0 * (sounding - self.now.midi), OCTAVE_CENTS)

    def is_right(self, sounding: float) -> bool | None:
        """Return whether a pitch is near enough for its full worth; None where nothing is wanted or nothing sounds."""
        cents = self.cents_off(sounding)
        return None if cents is None else abs(cents) <= RIGHT_CENTS


class Follower:
    """Answers for one song, as it is played; ``at`` may be asked for any instant, in any order."""

    def __init__(self, song: Song) -> None:
        self.song = song
        self._onsets_s = [song.seconds(note.onset) for note in song.melody]
        self._ends_s = [song.seconds(note.end) for note in song.melody]

    def at(self, song_s: float) -> Following:
        """Return what is wanted so many seconds after the first bar line, before it: below 0.

        Two notes at once (as only an imported melody may have them) are answered by the one written last.
        """
        song = self.song
        after = bisect_right(self._onsets_s, song_s)
        sounding = bool(after) and song_s < self._ends_s[after - 1]
        following = after < len(song.melody)
        beat = song.tempo_map.beat_at(song_s)
        bar = song.bar_grid.bar_at(beat)
        into = (beat - song.bar_grid.start_of(bar)) / song.bar_grid.metre_of(bar).beat
        return Following(
            now=song.melody[after - 1] if sounding else None,
            next=song.melody[after] if following else None,
            left_s=self._ends_s[after - 1] - song_s if sounding else 0.0,
            until_s=self._onsets_s[after] - song_s if following else 0.0,
            bar=bar + (0 if song.pickup else 1),
            beat=int(into) + 1,
        )
