"""The notes of a backing part as text, one line for those that begin together: onset, length, pitches, loudness.

    0 1 C3+E3+G3
    1 1/2 C3 96

Onset and length are quarter notes from the first bar line; a pitch is a note name, or a number as drums have; the last
number, where there is one, is a MIDI velocity. Not here: the file around it (``song_file``).
"""

import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby
from typing import Final

from firmware_py.errors import UsageError
from firmware_py.music.pitch import Key, parse_note, spell
from firmware_py.music.song import VELOCITY, ScoreNote
from firmware_py.music.song_text import SongTextError

MOST_PART_NOTES: Final = 40_000  # in all parts of a song together
_FRACTION: Final = re.compile(r"[0-9]{1,9}(?:/0*[1-9][0-9]{0,3})?")
_NUMBER: Final = re.compile(r"[0-9]{1,3}")


def parse_part(text: str, end: Fraction, room: int = MOST_PART_NOTES) -> tuple[ScoreNote, ...]:
    """Read a part's notes; those beyond ``end`` are cut there. Raises SongTextError that names the line's words."""
    notes: list[ScoreNote] = []
    for number, line in enumerate(text.split("\n")):
        words = line.split()
        if not words:
            continue
        if not 3 <= len(words) <= 4:
            raise SongTextError(
                f"{line.strip()!r} is no note; write onset, length and pitch, as in 0 1/2 C3+E3", number
            )
        onset, length = (_fraction(word, number) for word in words[:2])
        if length <= 0:
            raise SongTextError(f"{words[1]!r} is no length; write quarter notes above 0", number)
        velocity = _number(words[3], number, 1) if len(words) == 4 else VELOCITY
        for word in words[2].split("+"):
            midi = _midi(word, number)
            if len(notes) == room:
                raise SongTextError(f"the parts have more than {MOST_PART_NOTES} notes; leave some away", number)
            if onset < end:
                notes.append(ScoreNote(onset, min(length, end - onset), midi, velocity))
    return tuple(notes)


def part_lines(notes: Sequence[ScoreNote], key: Key, *, drums: bool) -> list[str]:
    """Return a part's notes as text that ``parse_part`` reads again, in their order."""
    lines = []
    for (onset, length, velocity), together in groupby(notes, lambda n: (n.onset, n.duration, n.velocity)):
        pitches = "+".join(str(n.midi) if drums else str(spell(n.midi, key)) for n in together)
        lines.append(f"{onset} {length} {pitches}" + (f" {velocity}" if velocity != VELOCITY else ""))
    return lines


def _fraction(word: str, line: int) -> Fraction:
    if not _FRACTION.fullmatch(word):
        raise SongTextError(f"{word!r} is no number of quarter notes; write one like 3 or 7/2", line)
    return Fraction(word)


def _number(word: str, line: int, least: int) -> int:
    if not _NUMBER.fullmatch(word) or not least <= int(word) <= 127:
        raise SongTextError(f"{word!r} is out of place; a number {least}…127 is wanted", line)
    return int(word)


def _midi(word: str, line: int) -> int:
    if word.isdigit():
        return _number(word, line, 0)
    try:
        return parse_note(word).midi
    except UsageError as error:
        raise SongTextError(str(error), line) from error
