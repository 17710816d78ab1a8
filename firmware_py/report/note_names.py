"""Names of notes and keys as the player's language has them in print: C♯5 and E♭ major, cis² and Es-Dur, do♯4.

German counts octaves from the great one (c¹ is middle C, H is what is B in English), French by its own numbers (do3 is
middle C, la3 the note to tune by), English and Spanish by those of scientific pitch. Not here: which sign a key writes
(``music.pitch.spell``).
"""

from typing import Final

from firmware_py.languages.words import Words
from firmware_py.music.pitch import Spelling, parse_key, spell

_SIGNS: Final = {-2: "♭♭", -1: "♭", 0: "", 1: "♯", 2: "♯♯"}
_SYLLABLES: Final = {
    "es": dict(zip("CDEFGAB", ("do", "re", "mi", "fa", "sol", "la", "si"), strict=True)),
    "fr": dict(zip("CDEFGAB", ("do", "ré", "mi", "fa", "sol", "la", "si"), strict=True)),
}
_SPOKEN_SIGNS: Final = {
    "es": {-2: " doble bemol", -1: " bemol", 0: "", 1: " sostenido", 2: " doble sostenido"},
    "fr": {-2: " double bémol", -1: " bémol", 0: "", 1: " dièse", 2: " double dièse"},
}
_MODES: Final = {"en": ("major", "minor"), "es": ("mayor", "menor"), "fr": ("majeur", "mineur")}
_FRENCH_OCTAVE: Final = -1  # against scientific pitch
_RAISED: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOWERED: Final = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def printed_note(words: Words, spelling: Spelling) -> str:
    """Return the name of a note with its octave."""
    step = _step(words.language, spelling)
    match words.language:
        case "de":
            return _german_octave(step, spelling.octave)
        case "fr":
            return f"{step}{spelling.octave + _FRENCH_OCTAVE}"
        case _:
            return f"{step}{spelling.octave}"


def printed_key(words: Words, name: str) -> str:
    """Return the name of a key. name: as ``str(Key)`` writes it; raises UsageError for anything else."""
    key = parse_key(name)
    tonic = spell(60 + key.tonic, key)
    if words.language == "de":
        step = _step("de", tonic)
        return f"{step.lower()}-Moll" if key.minor else f"{step}-Dur"
    language = words.language if words.language in _MODES else "en"
    mode = _MODES[language][key.minor]
    if language in _SYLLABLES:
        return f"{_SYLLABLES[language][tonic.step]}{_SPOKEN_SIGNS[language][tonic.alter]} {mode}"
    return f"{_step(language, tonic)} {mode}"


def _step(language: str, spelling: Spelling) -> str:
    """Return the name of a note without its octave."""
    if language == "de":
        return _german(spelling)
    return _SYLLABLES.get(language, {}).get(spelling.step, spelling.step) + _SIGNS[spelling.alter]


def _german(spelling: Spelling) -> str:
    """Return the German name, with a capital: Cis, Es, As, B for a lowered H, Heses for one lowered twice."""
    step = "H" if spelling.step == "B" else spelling.step
    if spelling.alter >= 0:
        return step + "is" * spelling.alter
    if (step, spelling.alter) == ("H", -1):
        return "B"
    first = "s" if step in "AE" else "es"
    return step + first + ("es" if step != "A" else "as") * (-spelling.alter - 1)


def _german_octave(step: str, octave: int) -> str:
    """Return a German name in its octave: C₁, C, c, c¹, c² from the second octave of scientific pitch upwards."""
    if octave >= 3:
        return step.lower() + (str(octave - 3).translate(_RAISED) if octave > 3 else "")
    return step + (str(2 - octave).translate(_LOWERED) if octave < 2 else "")
