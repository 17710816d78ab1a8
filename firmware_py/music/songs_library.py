"""The songs one can ask for by name: those shipped beside this package, and any song file by its path.

Also how a song is played: its tempo and transposition, and the mapping that fits a hand's reach to its range.
Not here: the file format (``song_file``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Final

from firmware_py.config import SCALES, PlaySettings
from firmware_py.errors import ConfigError, SongError
from firmware_py.music.folding import OCTAVE, folded, told_apart
from firmware_py.music.mapping import OPEN_ABOVE, SHUT_BELOW, Mapping
from firmware_py.music.passage import WHOLE, Passage, passage
from firmware_py.music.pitch import C_MAJOR, scale_mask
from firmware_py.music.reach import AREA_FAR, AREA_NEAR, Reach
from firmware_py.music.song import Song
from firmware_py.music.song_file import read_song
from firmware_py.music.song_text import chord_bars, melody_bars

SHIPPED: Final = Path(__file__).parent.parent / "songs"
FREE_PLAY: Final = "free"  # the name under which one plays without a song
_FOREIGN: Final = (".mid", ".midi", ".kar", ".xml", ".musicxml", ".mxl", ".txt", ".wav", ".flac", ".mp3", ".ogg")
FREE_RANGE: Final = (57.0, 81.0)  # A3…A5


@dataclass(frozen=True, slots=True)
class SongSummary:
    """One line about a song. seconds is its length at its own tempo; low and high are MIDI numbers of the melody.

    low and high are 0 for a recording without a melody.
    """

    name: str
    title: str
    composer: str
    year: int
    free_because: str
    level: int
    key: str
    metre: str
    tempo_bpm: float
    bars: int
    notes: int
    seconds: float
    low: int
    high: int
    parts: tuple[str, ...]
    imported: bool = False


@dataclass(frozen=True, slots=True)
class BarLine:
    """One bar as a song file writes it; an upbeat has the number 0."""

    number: int
    melody: str
    chords: str
    metre: str = ""


def known_songs(folders: Sequence[Path] = ()) -> tuple[str, ...]:
    """Return the names of the shipped songs and of those in further folders, in alphabetical order."""
    return tuple(sorted(_files(folders)))


def load_song(name_or_path: str | Path, folders: Sequence[Path] = ()) -> Song:
    """Return a song by its name, or by the path of a song file (anything with a slash or ending in ``.toml``).

    folders: where songs are looked for before the shipped ones. Raises SongError: an unknown song names the known ones.
    """
    asked = str(name_or_path)
    if Path(asked).suffix.lower() in _FOREIGN:
        raise SongError(f"{asked} is another program's file; make a song of it first: hand-dance songs import {asked}")
    if isinstance(name_or_path, Path) or "/" in asked or asked.endswith(".toml"):
        return read_song(Path(asked))
    files = _files(folders)
    if asked not in files:
        near = get_close_matches(asked.lower(), files, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise SongError(f"song {asked!r} is not known{hint}; there are {', '.join(sorted(files))}, or name a song file")
    path = files[asked]
    return _shipped_song(path) if path.parent == SHIPPED else read_song(path)


def as_played(
    song: Song, *, tempo_percent: float = 100.0, transpose: int = 0, practised: Passage = WHOLE, span: int = 0
) -> Song:
    """Return the song, or a passage of it, at so many per cent of its own tempo and so many semitones up.

    span: semitones that its melody is folded into, 0: as written.
    """
    part = passage(folded(song, span).song if span else song, practised)
    return part.transposed(transpose).at_tempo(part.tempo_bpm * tempo_percent / 100.0)


def mapping_for(song: Song | None, settings: PlaySettings, reach: Reach | None = None) -> Mapping:
    """Return the mapping that spreads a player's reach over the song's range and a margin on either side.

    reach: what is known of this player; areas that are set count for more. Without a song (free play) the range is
    A3…A5 and scales stand on C. Raises ConfigError where the reach is no reach.
    """
    reach = reach_for(settings, reach)
    low, high = FREE_RANGE if song is None or not song.melody else (float(song.low), float(song.high))
    if song is not None and song.melody:
        low, high = low - settings.margin_semitones, high + settings.margin_semitones
        if high - low < 1.0:
            low, high = low - 0.5, high + 0.5  # a song of one note still needs a way to miss it
    return Mapping(
        area_far=reach.area_far,
        area_near=reach.area_near,
        low=max(0.0, low),
        high=min(127.0, high),
        scale=scale_for(song, settings.scale),
        quantise=settings.quantise / 100.0,
        glide_s=settings.glide_ms / 1000.0,
        a4_hz=settings.a4_hz,
        height_to_loudness=settings.height_to_loudness / 100.0,
        shut_below=SHUT_BELOW if settings.articulation == "openness" else 0.0,
        open_above=OPEN_ABOVE if settings.articulation == "openness" else 0.0,
    )


def reach_for(settings: PlaySettings, known: Reach | None = None) -> Reach:
    """Return the reach that is played with: areas that are set, else what is known of the player, else the usual one.

    Raises ConfigError where that is no reach.
    """
    area_far = settings.area_far or (known.area_far if known else AREA_FAR)
    area_near = settings.area_near or (known.area_near if known else AREA_NEAR)
    if not 0.0 < area_far < area_near:
        raise ConfigError(
            f"play.area_far is {area_far:g} and play.area_near {area_near:g}; "
            "the hand far away must look smaller than near: swap them or calibrate the reach"
        )
    return Reach(area_far, area_near)


def span_for(song: Song, settings: PlaySettings, known: Reach | None = None) -> int:
    """Return the semitones that a song's melody must be folded into to suit a player's reach; 0: it may stay."""
    if settings.fold == "off" or not song.melody:
        return 0
    span = max(OCTAVE, told_apart(reach_for(settings, known)))
    return span if song.high - song.low > span else 0


def scale_for(song: Song | None, scale: str) -> int:
    """Return a scale of ``config.SCALES`` as 12 bits, bit 0 is C: on the song's tonic, ``song`` its own notes."""
    if scale not in SCALES:
        raise ConfigError(f"play.scale is {scale!r}; it takes one of {', '.join(SCALES)}")
    if scale == "song":
        return song.own_scale if song is not None and song.melody else scale_mask("chromatic")
    return scale_mask(scale, song.parsed_key if song is not None else C_MAJOR)


def summary(song: Song, *, imported: bool = False) -> SongSummary:
    """Return what a list of songs shows."""
    return SongSummary(
        name=song.name,
        title=song.title,
        composer=song.composer,
        year=song.year,
        free_because=song.free_because,
        level=song.level,
        key=song.key,
        metre=f"{song.beats_per_bar}/{song.beat_unit}",
        tempo_bpm=song.tempo_bpm,
        bars=song.bars,
        notes=len(song.melody),
        seconds=song.seconds(song.end),
        low=song.low if song.melody else 0,
        high=song.high if song.melody else 0,
        parts=("Recording",) if song.recording else tuple(part.name for part in song.parts),
        imported=imported,
    )


def bar_lines(song: Song) -> tuple[BarLine, ...]:
    """Return what was understood of a song, bar by bar; nothing of a recording without a melody."""
    if not song.melody:
        return ()
    first = 0 if song.pickup else 1
    return tuple(
        BarLine(
            n + first, melody, chords if song.chords else "", "{0.beats}/{0.unit}".format(song.bar_grid.metre_of(n))
        )
        for n, (melody, chords) in enumerate(zip(melody_bars(song), chord_bars(song), strict=True))
    )


def _files(folders: Sequence[Path]) -> dict[str, Path]:
    return {path.stem: path for folder in (SHIPPED, *reversed(folders)) for path in sorted(folder.glob("*.toml"))}


@cache
def _shipped_song(path: Path) -> Song:
    return read_song(path)
