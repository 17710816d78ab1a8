"""The song file: a short TOML text that a person can write, read into a Song and written again.

    title = "Ode to Joy"
    metre = "4/4"
    key = "D major"
    melody = "F#4 F#4 G4 A4 | A4 G4 F#4 E4 | D4 D4 E4 F#4 | F#4:3/2 E4:1/2 E4:2"
    chords = "D | A7 | D | D A"

The words of melody and chords are ``song_text``'s; the backing is ``arranging``'s. Whatever is wrong is refused with
file, line, what was found and what is allowed. Not here: where song files lie (``songs_library``).
"""

import json
import math
import re
import tomllib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, TypeVar

from firmware_py.errors import SongError, UsageError
from firmware_py.music.arranging import STYLES, arrange
from firmware_py.music.pitch import parse_key
from firmware_py.music.song import Song
from firmware_py.music.song_text import SongTextError, chord_bars, melody_bars, parse_chords, parse_melody

REQUIRED: Final = ("title", "composer", "year", "free_because", "level", "tempo_bpm", "metre", "key", "melody")
OPTIONAL: Final = ("pickup", "chords", "backing")
MOST_BYTES: Final = 1_000_000
LEVELS: Final = (1, 2, 3)
TEMPO_BPM: Final = (10.0, 400.0)
_METRE: Final = re.compile(r"([1-9][0-9]?)/(1|2|4|8|16)")
_Read = TypeVar("_Read")


def read_song(path: Path) -> Song:
    """Read a song file; the song's name is the file's without ``.toml``. Raises SongError."""
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise SongError(f"{path} cannot be read ({error.strerror}); name a song or a song file") from error
    except UnicodeDecodeError as error:
        raise SongError(f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    if len(raw) > MOST_BYTES:
        raise SongError(f"{path} is larger than {MOST_BYTES // 1000} kB; a song file has a few kB of text")
    return parse_song(text.replace("\r\n", "\n"), path.stem, str(path))


def parse_song(text: str, name: str, source: str = "") -> Song:
    """Read the text of a song file as the song ``name``; ``source`` (default: name) stands first in a SongError."""
    return _SongFile(text, source or name).song(name)


def format_song(song: Song) -> str:
    """Return a song as the text of a song file; ``parse_song`` gives the same song again.

    A backing that was not arranged from the song's chords is not written: the file has what its chords give.
    """
    fields: list[tuple[str, str]] = [
        ("title", _quoted(song.title)),
        ("composer", _quoted(song.composer)),
        ("year", str(song.year)),
        ("free_because", _quoted(song.free_because)),
        ("level", str(song.level)),
        ("tempo_bpm", repr(song.tempo_bpm)),
        ("metre", f'"{song.beats_per_bar}/{song.beat_unit}"'),
        ("key", _quoted(song.key)),
    ]
    if song.pickup:
        fields.append(("pickup", f'"{song.pickup}"'))
    if song.backing:
        fields.append(("backing", _quoted(song.backing)))
    fields.append(("melody", '"""\n' + " |\n".join(melody_bars(song)) + '\n"""'))
    if song.chords:
        bars = chord_bars(song)[1 if song.pickup else 0 :]
        fields.append(("chords", '"""\n' + " |\n".join(bars) + '\n"""'))
    return "".join(f"{key} = {value}\n" for key, value in fields)


class _SongFile:
    """One file while it is read: its values, and the words of a refusal."""

    def __init__(self, text: str, source: str) -> None:
        self.source = source
        self.lines = text.split("\n")
        try:
            self.values: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise SongError(f"{source}: this is not TOML: {error}") from error
        except RecursionError as error:
            raise SongError(f"{source}: this is no song file: its brackets are nested too deeply") from error

    def song(self, name: str) -> Song:
        for key in self.values:
            if key not in REQUIRED + OPTIONAL:
                raise self.refused(key, f"{key} is not known; a song file has {', '.join(REQUIRED + OPTIONAL)}")
        for key in REQUIRED:
            if key not in self.values:
                raise SongError(f"{self.source}: {key} is missing; a song file needs {', '.join(REQUIRED)}")
        beats_per_bar, beat_unit = self.metre()
        bar_beats = Fraction(beats_per_bar * 4, beat_unit)
        pickup = self.pickup(bar_beats)
        melody, bars = self.words("melody", lambda text: parse_melody(text, bar_beats, pickup))
        chords = (
            self.words("chords", lambda text: parse_chords(text, bar_beats, pickup, bars)) if self.has("chords") else ()
        )
        backing = self.backing(bool(chords))
        return Song(
            name=name,
            title=self.text("title"),
            composer=self.text("composer"),
            year=self.whole("year", 1, 2999),
            free_because=self.text("free_because"),
            level=self.whole("level", LEVELS[0], LEVELS[-1]),
            tempo_bpm=self.number("tempo_bpm", *TEMPO_BPM),
            beats_per_bar=beats_per_bar,
            beat_unit=beat_unit,
            key=self.key(),
            melody=melody,
            parts=arrange(
                chords, beats_per_bar=beats_per_bar, beat_unit=beat_unit, end=bars * bar_beats, style=backing
            ),
            pickup=pickup,
            chords=chords,
            backing=backing,
        )

    def has(self, key: str) -> bool:
        return key in self.values

    def refused(self, key: str, says: str, line_of_value: int = 0) -> SongError:
        """Word a refusal, with the line of the key, or the line ``line_of_value`` of its text."""
        start = re.compile(rf"""\s*(?:["']?{re.escape(key)}["']?\s*=|\[+\s*{re.escape(key)}\b)""")
        line = next((n for n, text in enumerate(self.lines, 1) if start.match(text)), None)
        if line is None:
            return SongError(f"{self.source}: {says}")
        if self.lines[line - 1].rstrip().endswith(('= """', '="""', "= '''", "='''")):
            line += 1  # TOML drops the line break behind opening quotes
        return SongError(f"{self.source}, line {line + line_of_value}: {says}")

    def text(self, key: str) -> str:
        value = self.values[key]
        if not isinstance(value, str) or not value.strip():
            raise self.refused(key, f"{key} is {value!r}; it takes some text in quotes")
        return value

    def words(self, key: str, read: Callable[[str], _Read]) -> _Read:
        try:
            return read(self.text(key))
        except SongTextError as error:
            raise self.refused(key, str(error), error.line) from error

    def whole(self, key: str, least: int, most: int) -> int:
        value = self.values[key]
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.refused(key, f"{key} is {value!r}; it takes a whole number, {least}…{most}")
        return value

    def number(self, key: str, least: float, most: float) -> float:
        value = self.values[key]
        if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
            raise self.refused(key, f"{key} is {value!r}; it takes a number, {least:g}…{most:g}")
        return float(value)

    def metre(self) -> tuple[int, int]:
        found = _METRE.fullmatch(self.text("metre"))
        if found is None:
            raise self.refused("metre", f'metre is {self.values["metre"]!r}; write it as "4/4", "3/4" or "6/8"')
        return int(found[1]), int(found[2])

    def pickup(self, bar_beats: Fraction) -> Fraction:
        if not self.has("pickup"):
            return Fraction(0)
        value = self.values["pickup"]
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,3}(/0*[1-9][0-9]{0,3})?", value):
            beats = Fraction(value)
        elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            beats = Fraction(value).limit_denominator(64)
        else:
            beats = Fraction(-1)
        if not 0 <= beats < bar_beats:
            raise self.refused(
                "pickup",
                f'pickup is {value!r}; it takes the quarter notes of the upbeat, 0…{bar_beats}, as in 1 or "1/2"',
            )
        return beats

    def backing(self, with_chords: bool) -> str:
        if not self.has("backing"):
            return STYLES[0] if with_chords else "none"
        value = self.text("backing")
        if value not in STYLES:
            raise self.refused("backing", f"backing is {value!r}; it takes one of {', '.join(STYLES)}")
        return value

    def key(self) -> str:
        try:
            return str(parse_key(self.text("key")))
        except UsageError as error:
            raise self.refused("key", str(error)) from error


def _quoted(text: str) -> str:
    """Return text as a TOML basic string: JSON's escapes are a part of TOML's, but for the delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
