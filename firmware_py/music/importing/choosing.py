"""Which voice of a file is the melody, and how a voice of several notes at once becomes one line.

Not here: what becomes of the other voices (``making``).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from typing import Final

from firmware_py.errors import SongError
from firmware_py.music.importing.score import Voice
from firmware_py.music.pitch import note_name
from firmware_py.music.song import ScoreNote

_MELODY_NAMES: Final = re.compile(
    r"melod|vocal|voice|voix|\bvoz\b|lead|sing|gesang|stimme|canto|cantus|chant|soprano|sopran|solo|theme|\btune\b",
    re.IGNORECASE,
)
_NOT_MELODY_NAMES: Final = re.compile(r"back|bass|choir|chor\b|harmony|drum|perc|pad\b", re.IGNORECASE)
_OUR_WORDS: Final = re.compile(r", (voice|staff|channel) \S+")  # that tell voices of one name apart
_ONE_AT_A_TIME: Final = 0.85  # share of the notes that begin alone, in a line
_LONG_ENOUGH: Final = 0.15  # of the notes of the fullest voice, so that a fanfare of four notes is no melody
_LEGATO: Final = Fraction(1, 4)  # a note may overlap the next one by so many quarter notes
SHOWN_VOICES: Final = 16


@dataclass(frozen=True, slots=True)
class Choice:
    """The voice that is the melody, counted from 0, its notes as one line, and how many notes were left away."""

    voice: int
    line: tuple[ScoreNote, ...]
    dropped: int
    because: str


def choose_melody(voices: Sequence[Voice], track: str, source: str) -> Choice:
    """Choose a voice: the one that ``track`` names (number from 1, or a part of its name), else the likeliest.

    Likeliest is one whose name says so, else one with a single note at a time, and of those the highest.
    Raises SongError where there is none, or the one that was asked for is drums.
    """
    sounding = [n for n, voice in enumerate(voices) if voice.notes]
    if not sounding:
        raise SongError(f"{source}: there is no note in it; a song needs a melody")
    if track:
        chosen = _asked(voices, track, source)
        if voices[chosen].drums:
            raise SongError(
                f"{source}: {_named(voices, chosen)} is percussion, which has no melody; {_there_are(voices)}"
            )
        if not voices[chosen].notes:
            raise SongError(f"{source}: {_named(voices, chosen)} has no notes; {_there_are(voices)}")
        return _choice(voices, chosen, "it was asked for")
    pitched = [n for n in sounding if not voices[n].drums]
    if not pitched:
        raise SongError(
            f"{source}: there is only percussion in it, which has no melody; a voice with pitches is needed"
        )
    fullest = max(len(voices[n].notes) for n in pitched)
    full = [n for n in pitched if len(voices[n].notes) >= _LONG_ENOUGH * fullest]
    named = [n for n in full if _is_called_melody(voices[n])]
    if named:
        best = max(named, key=lambda n: (_line_share(voices[n]), _height(voices[n])))
        return _choice(voices, _upper(voices, full, best), "of its name")
    lines = [n for n in full if _line_share(voices[n]) >= _ONE_AT_A_TIME]
    if lines:
        best = max(lines, key=lambda n: (_height(voices[n]), -n))
        upper = _upper(voices, full, best)
        return _choice(voices, upper, "it is the highest single line" if upper == best else "it is the upper voice")
    return _choice(voices, max(full, key=lambda n: (_height(voices[n]), -n)), "it is the highest; its top notes count")


def one_line(notes: Sequence[ScoreNote]) -> tuple[ScoreNote, ...]:
    """Return the upper line of notes that may overlap: in order, none reaching into the next."""
    line: list[ScoreNote] = []
    for note in sorted(notes, key=lambda n: (n.onset, -n.midi, -n.duration)):
        if line:
            before = line[-1]
            if note.onset == before.onset:
                continue
            overlap = before.end - note.onset
            if note.midi <= before.midi and overlap > min(_LEGATO, note.duration / 2):
                continue
            if overlap > 0:
                line[-1] = ScoreNote(before.onset, note.onset - before.onset, before.midi, before.velocity)
        line.append(note)
    return tuple(line)


def describe(voices: Sequence[Voice]) -> list[str]:
    """Return a line about each voice, with the number that ``--track`` takes."""
    lines = []
    for n, voice in enumerate(voices[:SHOWN_VOICES], 1):
        if voice.drums or not voice.notes:
            kind = "percussion" if voice.drums else "no notes"
        else:
            low, high = min(v.midi for v in voice.notes), max(v.midi for v in voice.notes)
            alone = "one at a time" if _line_share(voice) >= _ONE_AT_A_TIME else "several at once"
            kind = f"{len(voice.notes)} notes, {note_name(low)}…{note_name(high)}, {alone}"
        lines.append(f"{n}: {voice.name} ({kind})")
    if len(voices) > SHOWN_VOICES:
        lines.append(f"and {len(voices) - SHOWN_VOICES} more")
    return lines


def _choice(voices: Sequence[Voice], chosen: int, because: str) -> Choice:
    notes = voices[chosen].notes
    line = one_line(notes)
    return Choice(chosen, line, len(notes) - len(line), because)


def _asked(voices: Sequence[Voice], track: str, source: str) -> int:
    if track.isascii() and track.isdigit() and 1 <= int(track[:9]) <= len(voices):
        return int(track) - 1
    exact = [n for n, voice in enumerate(voices) if voice.name.casefold() == track.casefold()]
    found = exact or [n for n, voice in enumerate(voices) if track.casefold() in voice.name.casefold()]
    if len(found) == 1:
        return found[0]
    several = "several tracks are called" if found else "there is no track"
    raise SongError(f"{source}: {several} {track[:40]!r}; {_there_are(voices)}")


def _there_are(voices: Sequence[Voice]) -> str:
    return f"name one by --track: {'; '.join(describe(voices))}"


def _named(voices: Sequence[Voice], n: int) -> str:
    return f"track {n + 1} ({voices[n].name})"


def _is_called_melody(voice: Voice) -> bool:
    name = _OUR_WORDS.sub("", voice.name)
    return bool(_MELODY_NAMES.search(name)) and not _NOT_MELODY_NAMES.search(name)


def _upper(voices: Sequence[Voice], full: Sequence[int], n: int) -> int:
    """Return the upper one of the voices that share a staff with this one."""
    staff = voices[n].of_one_staff
    return max(
        (m for m in full if staff and voices[m].of_one_staff == staff), key=lambda m: _height(voices[m]), default=n
    )


def _height(voice: Voice) -> float:
    return float(median(note.midi for note in voice.notes))


def _line_share(voice: Voice) -> float:
    return len(one_line(voice.notes)) / len(voice.notes)
