"""Notes on the time line of a session: what a song wants and what a hand played, in the same shape."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """One note.

    onset_s and duration_s are seconds from the first frame of sound.wav; pitch is a MIDI note number, fractions
    allowed (69.0 is A4, 0.01 is one cent); loudness is 0…1.
    """

    onset_s: float
    duration_s: float
    pitch: float
    loudness: float = 1.0

    @property
    def end_s(self) -> float:
        """Seconds from the first frame of sound.wav to the note's end."""
        return self.onset_s + self.duration_s
