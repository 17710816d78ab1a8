"""Notes on the time line of a session: what a song wants and what a hand played, in the same shape."""

from dataclasses import dataclass

from firmware_py.music.vibrato import Vibrato


@dataclass(frozen=True, slots=True)
class Note:
    """One note.

    onset_s and duration_s are seconds from the first frame of sound.wav; pitch is a MIDI note number, fractions
    allowed (69.0 is A4, 0.01 is one cent); loudness is 0…1; vibrato: of a note that was played with one.
    """

    onset_s: float
    duration_s: float
    pitch: float
    loudness: float = 1.0
    vibrato: Vibrato | None = None

    @property
    def end_s(self) -> float:
        """Seconds from the first frame of sound.wav to the note's end."""
        return self.onset_s + self.duration_s
