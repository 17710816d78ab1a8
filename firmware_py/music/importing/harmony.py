"""MusicXML's chord symbols in a song file's words; what those lack becomes the nearest chord that sounds under it.

Not here: what a chord sounds (``music.chords``).
"""

from typing import Final
from xml.etree.ElementTree import Element

from firmware_py.errors import SongError
from firmware_py.music.chords import parse_chord

_KINDS: Final = {
    "major": "",
    "minor": "m",
    "augmented": "aug",
    "diminished": "dim",
    "dominant": "7",
    "major-seventh": "maj7",
    "minor-seventh": "m7",
    "diminished-seventh": "dim7",
    "augmented-seventh": "aug",
    "half-diminished": "m7b5",
    "major-minor": "m",
    "major-sixth": "6",
    "minor-sixth": "m6",
    "dominant-ninth": "7",
    "major-ninth": "maj7",
    "minor-ninth": "m7",
    "dominant-11th": "7sus4",
    "major-11th": "maj7",
    "minor-11th": "m7",
    "dominant-13th": "7",
    "major-13th": "maj7",
    "minor-13th": "m7",
    "suspended-second": "",
    "suspended-fourth": "sus4",
    "power": "",
}
_SIGNS: Final = {"-1": "b", "1": "#"}


def chord_symbol(harmony: Element) -> str:
    """Return a ``<harmony>`` as a chord symbol; empty for no chord, and for one that cannot be told."""
    root = _note(harmony, "root")
    kind = (harmony.findtext("kind") or "").strip()
    if not root or kind in ("none", "other") or kind not in _KINDS:
        return ""
    bass = _note(harmony, "bass")
    symbol = root + _KINDS[kind] + (f"/{bass}" if bass and bass != root else "")
    try:
        parse_chord(symbol)
    except SongError:
        return ""
    return symbol


def _note(harmony: Element, which: str) -> str:
    step = (harmony.findtext(f"{which}/{which}-step") or "").strip()
    alter = (harmony.findtext(f"{which}/{which}-alter") or "0").strip().split(".")[0]
    return step + _SIGNS.get(alter, "") if step in tuple("ABCDEFG") else ""
