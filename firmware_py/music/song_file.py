"""The song file: a short TOML text that a person can write, read into a Song and written again.

    title = "Ode to Joy"
    metre = "4/4"
    key = "D major"
    melody = "F#4 F#4 G4 A4 | A4 G4 F#4 E4 | D4 D4 E4 F#4 | F#4:3/2 E4:1/2 E4:2"
    chords = "D | A7 | D | D A"

The words of melody and chords are ``song_text``'s; the backing is ``arranging``'s, or the file's own ``[[parts]]``
(``part_text``), or a recording beside it. Whatever is wrong is refused with file, line, what was found and what is
allowed. Not here: where song files lie (``songs_library``), other programs' files (``importing``).
"""

import json
import math
import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, TypeVar

from firmware_py.errors import SongError, UsageError
from firmware_py.music.arranging import STYLES, arrange
from firmware_py.music.bars import Bars, MetreChange
from firmware_py.music.part_text import MOST_PART_NOTES, parse_part, part_lines
from firmware_py.music.pitch import parse_key
from firmware_py.music.song import Part, Recording, ScoreChord, ScoreNote, Song
from firmware_py.music.song_text import SongTextError, chord_bars, melody_bars, parse_chords, parse_melody
from firmware_py.music.tempo_map import TempoChange

REQUIRED: Final = ("title", "composer", "free_because", "level", "tempo_bpm", "metre", "key", "melody")
OPTIONAL: Final = ("year", "pickup", "chords", "backing", "tempos", "metres", "recording", "parts")
WRITTEN: Final = "written"  # the backing of a song whose parts stand in its file
MOST_BYTES: Final = 1_000_000
MOST_CHANGES: Final = 2_000  # of tempo, and of metre
MOST_SECONDS: Final = 600.0  # of a song: its backing is held in memory while it is made
LEVELS: Final = (1, 2, 3)
TEMPO_BPM: Final = (10.0, 400.0)
_METRE: Final = re.compile(r"([1-9][0-9]?)/(1|2|4|8|16)")
_PART_FIELDS: Final = {"name": "", "program": 0, "drums": False, "notes": ""}
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
    song = parse_song(text.replace("\r\n", "\n"), path.stem, str(path))
    if song.recording:
        return replace(song, recording=replace(song.recording, file=str(path.absolute().parent / song.recording.file)))
    return song


def parse_song(text: str, name: str, source: str = "") -> Song:
    """Read the text of a song file as the song ``name``; ``source`` (default: name) stands first in a SongError."""
    return _SongFile(text, source or name).song(name)


def format_song(song: Song) -> str:
    """Return a song as the text of a song file; ``parse_song`` gives the same song again.

    A backing that was neither arranged from the song's chords nor ``WRITTEN`` is left out: the file has what its chords
    give. Of a recording the bare name is written: it lies beside the file.
    """
    fields: list[tuple[str, str]] = [
        ("title", _quoted(song.title)),
        ("composer", _quoted(song.composer)),
        *([("year", str(song.year))] if song.year else []),
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
    if song.tempos:
        fields.append(("tempos", _listed(f'["{c.onset}", {c.bpm!r}]' for c in song.tempos)))
    if song.metres:
        fields.append(("metres", _listed(f'["{c.onset}", "{c.beats}/{c.unit}"]' for c in song.metres)))
    if song.recording:
        file, start_s, seconds = Path(song.recording.file).name, song.recording.start_s, song.recording.seconds
        fields.append(("recording", f"{{ file = {_quoted(file)}, start_s = {start_s!r}, seconds = {seconds!r} }}"))
    if song.melody:
        fields.append(("melody", '"""\n' + " |\n".join(melody_bars(song)) + '\n"""'))
    if song.chords:
        bars = chord_bars(song)[1 if song.pickup else 0 :]
        fields.append(("chords", '"""\n' + " |\n".join(bars) + '\n"""'))
    text = "".join(f"{key} = {value}\n" for key, value in fields)
    return text + "".join(_part_table(part, song) for part in song.parts if song.backing == WRITTEN)


def _part_table(part: Part, song: Song) -> str:
    lines = "\n".join(part_lines(part.notes, song.parsed_key, drums=part.drums))
    drums = "drums = true\n" if part.drums else ""
    return f'\n[[parts]]\nname = {_quoted(part.name)}\nprogram = {part.program}\n{drums}notes = """\n{lines}\n"""\n'


def _listed(items: Iterable[str]) -> str:
    return "[" + ", ".join(items) + "]"


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
            if key not in self.values and not (key == "melody" and self.has("recording")):
                raise SongError(f"{self.source}: {key} is missing; a song file needs {', '.join(REQUIRED)}")
        beats_per_bar, beat_unit = self.metre()
        metres = self.metres((beats_per_bar, beat_unit))
        grid = Bars(beats_per_bar, beat_unit, metres)
        pickup = self.pickup(grid.length_of(0))
        recording = self.recording() if self.has("recording") else None
        melody: tuple[ScoreNote, ...] = ()
        chords: tuple[ScoreChord, ...] = ()
        bars = 0
        if self.has("melody"):
            melody, bars = self.words("melody", lambda text: parse_melody(text, grid, pickup))
        if self.has("chords"):
            chords = self.words("chords", lambda text: parse_chords(text, grid, pickup, bars))
        backing = self.backing(bool(chords))
        song = Song(
            name=name,
            title=self.text("title"),
            composer=self.text("composer"),
            year=self.whole("year", 1, 2999) if self.has("year") else 0,
            free_because=self.text("free_because"),
            level=self.whole("level", LEVELS[0], LEVELS[-1]),
            tempo_bpm=self.number("tempo_bpm", *TEMPO_BPM),
            beats_per_bar=beats_per_bar,
            beat_unit=beat_unit,
            key=self.key(),
            melody=melody,
            parts=(),
            pickup=pickup,
            chords=chords,
            backing=backing,
            tempos=self.tempos(),
            metres=metres,
            recording=recording,
        )
        if song.seconds(song.end) > MOST_SECONDS:
            raise self.refused(
                "melody", f"the song lasts {song.seconds(song.end):.0f} s; at most {MOST_SECONDS:.0f} s can be played"
            )
        return replace(song, parts=self.parts(song))

    def parts(self, song: Song) -> tuple[Part, ...]:
        if song.backing != WRITTEN:
            return arrange(
                song.chords,
                beats_per_bar=song.beats_per_bar,
                beat_unit=song.beat_unit,
                end=song.end,
                style=song.backing,
                metres=song.metres,
            )
        tables = self.values["parts"]
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise self.refused("parts", "parts is no list of tables; write [[parts]] above each part")
        parts: list[Part] = []
        for number, table in enumerate(tables, 1):
            name, program, drums, notes = (table.get(k, d) for k, d in _PART_FIELDS.items())
            for key in table:
                if key not in _PART_FIELDS:
                    raise self.refused("parts", f"part {number}: {key} is not known; it has {', '.join(_PART_FIELDS)}")
            if not isinstance(name, str) or not isinstance(notes, str) or not isinstance(drums, bool):
                raise self.refused("parts", f"part {number}: name and notes take text in quotes, drums true or false")
            if not isinstance(program, int) or isinstance(program, bool) or not 0 <= program <= 127:
                raise self.refused("parts", f"part {number}: program is {program!r}; it takes a whole number, 0…127")
            try:
                room = MOST_PART_NOTES - sum(len(part.notes) for part in parts)
                parts.append(Part(name, program, parse_part(notes, song.end, room), drums))
            except SongTextError as error:
                raise self.refused(
                    "parts", f"part {number} ({name}), line {error.line} of its notes: {error}"
                ) from error
        return tuple(part for part in parts if part.notes)

    def metres(self, first: tuple[int, int]) -> tuple[MetreChange, ...]:
        changes: list[MetreChange] = []
        for onset, value in self.changes("metres"):
            found = _METRE.fullmatch(value) if isinstance(value, str) else None
            if found is None:
                raise self.refused("metres", f'a metre is {value!r}; write it as "4/4", "3/4" or "6/8"')
            changes.append(MetreChange(onset, int(found[1]), int(found[2])))
        try:
            Bars(*first, changes)
        except ValueError as error:
            raise self.refused("metres", f"{error}; let it change at one") from error
        return tuple(changes)

    def tempos(self) -> tuple[TempoChange, ...]:
        changes: list[TempoChange] = []
        for onset, value in self.changes("tempos"):
            if (
                not isinstance(value, int | float)
                or isinstance(value, bool)
                or not TEMPO_BPM[0] <= value <= TEMPO_BPM[1]
            ):
                least, most = TEMPO_BPM
                raise self.refused("tempos", f"a tempo is {value!r}; it takes a number, {least:g}…{most:g}")
            changes.append(TempoChange(onset, float(value)))
        return tuple(changes)

    def changes(self, key: str) -> list[tuple[Fraction, Any]]:
        """Return the places, in quarter notes, and values of a list of changes, which must rise."""
        if not self.has(key):
            return []
        pairs = self.values[key]
        if not isinstance(pairs, list) or len(pairs) > MOST_CHANGES:
            raise self.refused(key, f'{key} takes a list of at most {MOST_CHANGES} changes, as in [["16", …]]')
        found: list[tuple[Fraction, Any]] = []
        for pair in pairs:
            at = pair[0] if isinstance(pair, list) and len(pair) == 2 else None
            if not isinstance(at, str) or not re.fullmatch(r"[0-9]{1,9}(/0*[1-9][0-9]{0,3})?", at):
                raise self.refused(key, f'{pair!r} is no change; write where, in quarter notes, and what: ["16", …]')
            onset = Fraction(at)
            if onset <= (found[-1][0] if found else 0):
                raise self.refused(key, f"the change at {at} stands behind a later one; write them in order, above 0")
            found.append((onset, pair[1]))
        return found

    def recording(self) -> Recording:
        table = self.values["recording"]
        if not isinstance(table, dict) or set(table) != {"file", "start_s", "seconds"}:
            raise self.refused("recording", "recording takes { file = …, start_s = …, seconds = … }")
        file, start_s, seconds = table["file"], table["start_s"], table["seconds"]
        if not isinstance(file, str) or not file or file in (".", "..") or re.search(r"[/\\\0]", file):
            raise self.refused("recording", f"recording is in {file!r}; it takes the name of a file beside this one")
        for value, least in ((start_s, -MOST_SECONDS), (seconds, 0.0)):
            if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= MOST_SECONDS:
                raise self.refused(
                    "recording", f"recording has {value!r}; it takes seconds, {least:g}…{MOST_SECONDS:g}"
                )
        return Recording(file, float(start_s), float(seconds))

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
        if self.has("parts"):
            if self.values.get("backing", WRITTEN) != WRITTEN:
                raise self.refused("backing", f'backing is not "{WRITTEN}", but there are parts; take one of them away')
            return WRITTEN
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
