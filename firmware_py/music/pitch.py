"""Pitch as numbers and as names: MIDI numbers, hertz, note names, keys, scales and how a key spells a note.

Not here: how a hand becomes a pitch (``mapping``) and which notes a song has (``song``).
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from firmware_py.errors import UsageError

A4_MIDI: Final = 69
MIDI_LOWEST: Final = 0
MIDI_HIGHEST: Final = 127
CHROMATIC: Final = 0xFFF

_LINE_OF_FIFTHS: Final = "FCGDAEB"  # a sharp moves seven places on, so every spelling has one place on this line
_PITCH_CLASS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ALTER: Final = {"": 0, "#": 1, "♯": 1, "##": 2, "x": 2, "𝄪": 2, "b": -1, "♭": -1, "bb": -2, "𝄫": -2, "♮": 0}
_SIGN: Final = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}
_STEP_AND_SIGN: Final = r"([A-Ga-g])(##|#|♯|x|𝄪|bb|b|♭|𝄫|♮)?"
_NOTE_NAME: Final = re.compile(_STEP_AND_SIGN + r"(-?\d{1,2})")
_KEY_NAME: Final = re.compile(_STEP_AND_SIGN + r"\s+(major|minor)", re.IGNORECASE)

_STEPS_OF_SCALE: Final = {
    ("chromatic", False): range(12),
    ("chromatic", True): range(12),
    ("major", False): (0, 2, 4, 5, 7, 9, 11),
    ("major", True): (0, 2, 4, 5, 7, 9, 11),
    ("minor", False): (0, 2, 3, 5, 7, 8, 10),
    ("minor", True): (0, 2, 3, 5, 7, 8, 10),
    ("pentatonic", False): (0, 2, 4, 7, 9),
    ("pentatonic", True): (0, 3, 5, 7, 10),
    ("blues", False): (0, 3, 5, 6, 7, 10),
    ("blues", True): (0, 3, 5, 6, 7, 10),
}
SCALE_NAMES: Final = ("chromatic", "major", "minor", "pentatonic", "blues")


def midi_to_hz(midi: float, a4_hz: float = 440.0) -> float:
    """Return the frequency in hertz of a MIDI note number (fractions allowed) in equal temperament."""
    return a4_hz * math.exp2((midi - A4_MIDI) / 12)


def hz_to_midi(hz: float, a4_hz: float = 440.0) -> float:
    """Return the MIDI note number, with its fraction, of a frequency in hertz; raises UsageError unless ``hz > 0``."""
    if not hz > 0 or not math.isfinite(hz):
        raise UsageError(f"{hz!r} Hz is no pitch; a frequency above 0 is needed")
    return A4_MIDI + 12 * math.log2(hz / a4_hz)


@dataclass(frozen=True, slots=True)
class Spelling:
    """A written note: step A…G, alter −2…2 (flats below 0), octave of scientific pitch (C4 is middle C)."""

    step: str
    alter: int
    octave: int

    @property
    def midi(self) -> int:
        """The MIDI number that this spelling sounds at; B#3 is 60, as C4 is."""
        return 12 * (self.octave + 1) + _PITCH_CLASS[self.step] + self.alter

    def __str__(self) -> str:
        return f"{self.step}{_SIGN[self.alter]}{self.octave}"


def parse_note(name: str) -> Spelling:
    """Read a note name in scientific pitch: ``C4``, ``f#3``, ``Bb5``, ``E♭4``, ``C-1``.

    Raises UsageError for anything else, and for a note outside MIDI's 0…127 (C-1…G9).
    """
    found = _NOTE_NAME.fullmatch(name.strip())
    if found is None:
        raise UsageError(f"{name!r} is no note; write a letter A…G, # or b where needed, and the octave: C4, F#3, Bb5")
    step, sign, octave = found.groups()
    spelling = Spelling(step.upper(), _ALTER[sign or ""], int(octave))
    if not MIDI_LOWEST <= spelling.midi <= MIDI_HIGHEST:
        raise UsageError(f"{name!r} lies outside the notes that MIDI knows, C-1…G9")
    return spelling


@dataclass(frozen=True, slots=True)
class Key:
    """A key: the place of its tonic on the line of fifths (C is 0, G 1, F −1) and its mode."""

    tonic_place: int
    minor: bool = False

    @property
    def fifths(self) -> int:
        """The key signature: number of sharps, or of flats below 0; −7…7."""
        return self.tonic_place - 3 if self.minor else self.tonic_place

    @property
    def tonic(self) -> int:
        """The tonic's pitch class, 0…11 with C at 0."""
        return self.tonic_place * 7 % 12

    def transposed(self, semitones: int) -> "Key":
        """Return the key so many semitones up, in the spelling with the fewest accidentals."""
        place = self.tonic_place + 7 * semitones
        centre = 3 if self.minor else 0
        place = (place - centre + 5) % 12 - 5 + centre  # signatures of −5…6
        return Key(self.tonic_place if semitones % 12 == 0 else place, self.minor)

    def __str__(self) -> str:
        step, alter = _step_and_alter(self.tonic_place)
        return f"{step}{_SIGN[alter]} {'minor' if self.minor else 'major'}"


C_MAJOR: Final = Key(0)


def parse_key(name: str) -> Key:
    """Read a key: ``C major``, ``F# minor``, ``B♭ major``; raises UsageError for anything else or over seven signs."""
    found = _KEY_NAME.fullmatch(name.strip())
    if found is None:
        raise UsageError(f"{name!r} is no key; write a tonic and its mode, as in C major, F# minor or Bb major")
    step, sign, mode = found.groups()
    place = _LINE_OF_FIFTHS.index(step.upper()) - 1 + 7 * _ALTER[(sign or "").lower()]
    key = Key(place, mode.lower() == "minor")
    if not -7 <= key.fifths <= 7:
        raise UsageError(f"{name!r} would need {abs(key.fifths)} signs; a key has at most 7: take its enharmonic twin")
    return key


def spell(midi: int, key: Key = C_MAJOR) -> Spelling:
    """Return how a key writes a MIDI number (0…127).

    Notes of the key get its own signs. The others come from the twelve neighbouring places on the line of fifths: in
    a major key the raised fourth and first, the lowered seventh, third and sixth; in a minor key the raised seventh,
    sixth and third (its leading note and melodic form) and the lowered second. What would be a double flat is written
    as the plain note, which is easier to read.
    """
    first = key.fifths - 3 if key.minor else key.fifths - 4
    place = first + (midi * 7 - first) % 12  # 7 · 7 = 49 = 1 (mod 12): multiplying by 7 turns classes into places
    step, alter = _step_and_alter(place)
    if alter < -1:
        step, alter = _step_and_alter(place + 12)
    return Spelling(step, alter, (midi - alter) // 12 - 1)


def note_name(midi: float, key: Key = C_MAJOR) -> str:
    """Return the name of the note nearest to a MIDI number, as in ``F#4``."""
    return str(spell(round(midi), key))


def scale_mask(scale: str, key: Key = C_MAJOR) -> int:
    """Return a scale on the key's tonic as 12 bits, bit 0 is C.

    scale is one of SCALE_NAMES; pentatonic follows the key's mode. Raises UsageError for another name.
    """
    try:
        steps = _STEPS_OF_SCALE[scale, key.minor]
    except KeyError:
        raise UsageError(f"{scale!r} is no scale; there are {', '.join(SCALE_NAMES)}") from None
    return mask_of(key.tonic + step for step in steps)


def mask_of(midis: Iterable[int]) -> int:
    """Return the pitch classes of some MIDI numbers as 12 bits, bit 0 is C."""
    mask = 0
    for midi in midis:
        mask |= 1 << midi % 12
    return mask


def _step_and_alter(place: int) -> tuple[str, int]:
    """Return letter and alteration at a place on the line of fifths (C is 0)."""
    alter, letter = divmod(place + 1, 7)
    return _LINE_OF_FIFTHS[letter], alter
