"""Chimes: what the box says with sound when nobody plays, by the same voices as the backing.

Played before and after sessions only, in a thread of the supervisor: during a session the device belongs to the sound
process, and nothing but music is recorded. A chime that cannot be heard stops nothing. Not here: when which is played.
"""

import threading
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_py._tones import add_note
from firmware_py.config import SoundSettings
from firmware_py.errors import AudioDeviceError
from firmware_py.sound.backing import PLUCKED, STRUCK
from firmware_py.sound.output import Output, open_output
from firmware_py.sound.speech import Speech

TAIL_S: Final = 0.35  # the voices have died away by then
OFF_DB: Final = -89.9
LONGEST_S: Final = 3.0  # a chime, and a device that is slow to begin
LONGEST_SPOKEN_S: Final = 7.0  # and a sentence
BEFORE_WORDS_S: Final = 0.1
WORDS_OVER_CHIME_DB: Final = 6.0  # a voice of the same peak is softer


class Chime(StrEnum):
    """What there is to say."""

    READY = "ready"
    START = "start"
    STOP = "stop"
    TAKEN = "taken"
    FAULT = "fault"
    MAIL_SENT = "mail-sent"
    MAIL_WAITING = "mail-waiting"
    NO_NETWORK = "no-network"
    CARD_NEARLY_FULL = "card-nearly-full"


# Notes as (seconds from the beginning, MIDI number): rising is a beginning, falling an end, the same note twice a yes,
# a clash twice a fault.
_NOTES: Final[dict[Chime, tuple[int, tuple[tuple[float, int], ...]]]] = {
    Chime.READY: (STRUCK, ((0.0, 72), (0.14, 76), (0.28, 79), (0.42, 84))),
    Chime.START: (PLUCKED, ((0.0, 74), (0.12, 81))),
    Chime.STOP: (STRUCK, ((0.0, 79), (0.16, 76), (0.32, 72))),
    Chime.TAKEN: (STRUCK, ((0.0, 88), (0.1, 88))),
    Chime.FAULT: (PLUCKED, ((0.0, 55), (0.0, 56), (0.3, 55), (0.3, 56))),
    # A letter flies up; one that waits stays on its note; without a network it falls back; a full card knocks low.
    Chime.MAIL_SENT: (STRUCK, ((0.0, 72), (0.09, 77), (0.18, 81), (0.27, 84))),
    Chime.MAIL_WAITING: (STRUCK, ((0.0, 76), (0.25, 76))),
    Chime.NO_NETWORK: (STRUCK, ((0.0, 76), (0.2, 79), (0.4, 72))),
    Chime.CARD_NEARLY_FULL: (PLUCKED, ((0.0, 60), (0.16, 60), (0.32, 60))),
}
_NOTE_S: Final = 0.18


def render_chime(chime: Chime, *, rate_hz: int, level_db: float) -> NDArray[np.int16]:
    """Return a chime: int16, shape (n, 2), its peak at ``level_db`` against full scale, silent at both ends."""
    kind, notes = _NOTES[chime]
    sound = np.zeros((round((notes[-1][0] + _NOTE_S + TAIL_S) * rate_hz), 2), np.float32)
    for at_s, midi in notes:
        add_note(
            sound,
            round(at_s * rate_hz),
            kind=kind,
            midi=float(midi),
            seconds=_NOTE_S,
            gain=0.5,
            pan=0.0,
            rate_hz=rate_hz,
        )
    sound *= np.float32(10 ** (level_db / 20) / np.abs(sound).max())
    return np.rint(sound * 32767).astype(np.int16)


class Chimes:
    """Plays chimes on the box's own sound device, one after the other."""

    def __init__(self, settings: SoundSettings, speech: Speech | None = None) -> None:
        """speech: what says it in words too; None: nothing does."""
        self._settings = settings
        self._speech = speech
        self._device = "alsa" if settings.audio == "auto" else settings.audio
        self._silent = settings.chimes_db <= OFF_DB or settings.audio in ("paced", "offline")
        self._thread: threading.Thread | None = None

    def play(self, chime: Chime) -> None:
        """Begin to play it; returns at once, or when the one before has been heard."""
        self.wait()
        if not self._silent:
            self._thread = threading.Thread(target=self._sound, args=(chime,), name="chime", daemon=True)
            self._thread.start()

    def wait(self) -> None:
        """Return when the device is free again; one that does not answer is left alone after ``LONGEST_S``."""
        if self._thread is not None:
            self._thread.join(LONGEST_SPOKEN_S if self._speech else LONGEST_S)
            self._thread = None

    def close(self) -> None:
        """Let the last one be heard."""
        self.wait()

    def _sound(self, chime: Chime) -> None:
        settings = self._settings
        try:
            output = open_output(
                self._device, rate_hz=settings.rate_hz, period_frames=settings.period_frames, periods=settings.periods
            )
        except AudioDeviceError:
            return  # the next session will say so, and that there is no sound can be heard
        try:
            write(self._rendered(chime), output)
        finally:
            output.close()

    def _rendered(self, chime: Chime) -> NDArray[np.int16]:
        """Return the chime, and its words behind it where there are any."""
        rate_hz, level_db = self._settings.rate_hz, self._settings.chimes_db
        sound = render_chime(chime, rate_hz=rate_hz, level_db=level_db)
        if self._speech is None:
            return sound
        words = self._speech.said(chime, rate_hz=rate_hz, level_db=min(-1.0, level_db + WORDS_OVER_CHIME_DB))
        pause = np.zeros((round(BEFORE_WORDS_S * rate_hz), 2), np.int16)
        return sound if words is None else np.concatenate([sound, pause, words])


def write(sound: NDArray[np.int16], output: Output) -> None:
    """Hand sound (int16, shape (n, 2)) to an output block by block, and silence until it has been heard."""
    frames, buffer = output.period_frames, output.periods
    blocks = -(-len(sound) // frames) + buffer
    padded = np.zeros((blocks * frames, 2), np.int16)
    padded[: len(sound)] = sound
    for block in padded.reshape(blocks, frames, 2):
        if output.lost:
            return
        output.write(block)
