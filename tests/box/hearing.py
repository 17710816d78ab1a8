"""What is heard in a stretch of sound: a chime, a melody in tune or not, a recording and what came after its end."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firmware_py.music.note import Note
from firmware_py.music.pitch import midi_to_hz
from firmware_py.sound.chimes import Chime, render_chime

IN_TUNE_CENTS = 50.0
LIKE_ITSELF = 0.7
AUDIBLE = 2  # of 32 767
AS_LIKELY = 0.98  # as the likeliest place
STANDS_OUT = 20.0  # times the median of the spectrum


@dataclass(frozen=True)
class Heard:
    """A chime: seconds from the first frame to its begin, and how like itself it was (1: the same wave)."""

    at_s: float
    likeness: float


@dataclass(frozen=True)
class InTune:
    """Of a melody's notes, how many were at their place and how many could be; and what was there of the others."""

    right: int
    could_be: int
    missed: tuple[str, ...]

    def __str__(self) -> str:
        missed = f", but for {', '.join(self.missed)}" if self.missed else ""
        return f"{self.right} of {self.could_be} notes in tune{missed}"


def chime_in(sound: NDArray[np.int16], chime: Chime, rate_hz: int) -> Heard:
    """Find where a chime is most likely; sound and chime are compared wave by wave, whatever their loudness."""
    return _found(sound, _rendered(chime, rate_hz), rate_hz)


def is_heard(sound: NDArray[np.int16], chime: Chime, rate_hz: int) -> bool:
    """Whether a chime is there: like itself, and at its place more so than any other."""
    place = chime_in(sound, chime, rate_hz)
    first = round(place.at_s * rate_hz)
    there = sound[first : first + len(_rendered(chime, rate_hz))]
    likeliest = max(Chime, key=lambda each: chime_in(there, each, rate_hz).likeness)
    return likeliest is chime and place.likeness > LIKE_ITSELF


def _rendered(chime: Chime, rate_hz: int) -> NDArray[np.int16]:
    return render_chime(chime, rate_hz=rate_hz, level_db=-12.0)


def sound_after(sound: NDArray[np.int16], recording: NDArray[np.int16], rate_hz: int) -> tuple[float, float]:
    """Return how many seconds from the end of a recording of this sound to the last of what was heard.

    And how like itself the recording was in there. Of a silent recording all that was heard is after its end.
    """
    audible = np.flatnonzero(np.abs(sound).max(axis=1) > AUDIBLE)
    if not len(audible):
        return 0.0, 1.0
    if not np.abs(recording).max(initial=0) > AUDIBLE:
        return (audible[-1] - audible[0]) / rate_hz, 1.0
    place = recording_in(sound, recording, rate_hz)
    return max(0.0, audible[-1] / rate_hz - place.at_s - len(recording) / rate_hz), place.likeness


def recording_in(sound: NDArray[np.int16], recording: NDArray[np.int16], rate_hz: int) -> Heard:
    """Find a recording in what was heard while it was made."""
    return _found(sound, recording, rate_hz)


def _found(sound: NDArray[np.int16], searched: NDArray[np.int16], rate_hz: int) -> Heard:
    """Find where a stretch of sound is in another, first of all where it is as likely in several places."""
    wanted = searched.astype(np.float64).mean(axis=1)
    heard = sound.astype(np.float64).mean(axis=1)
    size = 1 << int(np.ceil(np.log2(len(heard) + len(wanted))))
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size)), size)[: len(heard)]
    power = np.concatenate([[0.0], np.cumsum(heard**2)])
    ends = np.minimum(np.arange(len(heard)) + len(wanted), len(heard))
    loudness = np.sqrt(np.maximum(power[ends] - power[: len(heard)], 1.0) * np.sum(wanted**2))
    likeness = product / loudness
    at = int(np.argmax(likeness > AS_LIKELY * likeness.max()))
    at += int(np.argmax(likeness[at : at + 100]))
    return Heard(at / rate_hz, float(likeness[at]))


def melody_in_tune(sound: NDArray[np.float64], rate_hz: int, melody: Iterable[Note]) -> InTune:
    """Look for each of a melody's notes in the sound at its place.

    A note is there if the strongest partial within a semitone of it is within IN_TUNE_CENTS of it and stands out. No
    wider: a tone away there may be a note of the backing.
    """
    could_be = 0
    missed = []
    for note in melody:
        begin = round((note.onset_s + 0.4 * note.duration_s) * rate_hz)
        part = sound[begin : begin + round(0.5 * note.duration_s * rate_hz)]
        if len(part) < 0.4 * note.duration_s * rate_hz:
            continue
        could_be += 1
        spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 1 << 18))
        wanted = midi_to_hz(note.pitch) * (1 << 18) / rate_hz
        near = slice(int(wanted * 2 ** (-1 / 12)), int(wanted * 2 ** (1 / 12)) + 1)
        peak = near.start + int(np.argmax(spectrum[near]))
        cents = 1200 * np.log2(peak / wanted)
        stands_out = spectrum[peak] / max(np.median(spectrum[: 1 << 15]), 1e-9)
        if stands_out <= STANDS_OUT or abs(cents) > IN_TUNE_CENTS:
            missed.append(f"{note.pitch:.0f} at {note.onset_s:.1f} s ({cents:+.0f} cents, {stands_out:.0f}x)")
    return InTune(could_be - len(missed), could_be, tuple(missed))
