"""One moment of a session, as whoever watches it is told: twenty times a second, from the supervisor's own loop."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Moment:
    """What a progress line shows: seconds from the song's first beat, what sounds (MIDI, NaN: silence), its level.

    words: what the player is asked for now. delay_s: D, once it is decided.
    """

    song_s: float
    sounding: float
    level: float
    words: str = ""
    delay_s: float | None = None
