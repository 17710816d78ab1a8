"""A Score made into a song: its melody chosen and written down, the other voices its backing, and key and name.

Not here: reading the formats, keeping the song (``music.imported_songs``).
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from firmware_py.errors import SongError
from firmware_py.music.arranging import STYLES, arrange
from firmware_py.music.bars import MetreChange
from firmware_py.music.importing.choosing import choose_melody
from firmware_py.music.importing.key_finding import find_key
from firmware_py.music.importing.quantising import quantised
from firmware_py.music.importing.score import Score, Voice
from firmware_py.music.pitch import Key, note_name, parse_key, scale_mask
from firmware_py.music.song import Part, ScoreChord, ScoreNote, Song
from firmware_py.music.song_file import MOST_SECONDS, WRITTEN
from firmware_py.music.song_text import MOST_NOTES

WIDE: Final = 24  # semitones that an arm finds with ease
UNKNOWN: Final = "unknown"
FREE_BECAUSE: Final = "Imported on this machine; whether it is free is for its owner to know."
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_SIGNS_ALONE: Final = re.compile(r"[+-]\d")


@dataclass(frozen=True)
class Understood:
    """A song from another program's file, and what a person should know about how it was understood."""

    song: Song
    voices: tuple[Voice, ...]
    melody_voice: int
    remarks: tuple[str, ...]


def checked_name(name: str) -> str:
    """Return a song's name as it is asked for. Raises SongError for one that is none."""
    if not _NAME.fullmatch(name) or name in ("free", "last"):
        raise SongError(f"{name[:60]!r} cannot be a song's name; use a-z, 0-9 and -, as in my-song")
    return name


def name_of(title: str) -> str:
    """Return a name made of a title: ``Für Elise`` is ``fur-elise``."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")
    return name if _NAME.fullmatch(name) and name not in ("free", "last") else "song"


def make_song(score: Score, name: str, *, track: str, title: str, source: str) -> Understood:
    """Make a song of what was read. title: where the file names none. Raises SongError."""
    remarks = list(score.remarks)
    choice = choose_melody(score.voices, track, source)
    if len(score.voices) > 1:
        remarks.insert(0, f"the melody is {score.voices[choice.voice].name}, because {choice.because}")
    melody, says = _written(choice.line, score)
    remarks += says
    if choice.dropped:
        remarks.append(
            f"of notes that sound together the highest is the melody: {choice.dropped} lower ones are left out"
        )
    if len(melody) > MOST_NOTES:
        raise SongError(f"{source}: its melody has {len(melody)} notes; at most {MOST_NOTES} can be followed")
    key, says = _key(score, melody)
    song = Song(
        name=name,
        title=(score.title or title)[:200],
        composer=score.composer or UNKNOWN,
        year=score.year,
        free_because=FREE_BECAUSE,
        level=1,
        tempo_bpm=score.tempo_bpm,
        beats_per_bar=score.metre[0],
        beat_unit=score.metre[1],
        key=str(key),
        melody=melody,
        parts=(),
        pickup=_pickup(score, melody),
        tempos=score.tempos,
        metres=_within(score, melody),
        recording=score.recording,
    )
    song = replace(song, tempos=tuple(change for change in song.tempos if change.onset < song.end), level=_level(song))
    if song.seconds(song.end) > MOST_SECONDS:
        raise SongError(
            f"{source}: it lasts {song.seconds(song.end) / 60:.0f} minutes; at most {MOST_SECONDS / 60:.0f}"
        )
    remarks += says
    if (span := song.high - song.low) > WIDE:
        remarks.append(
            f"the melody spans {span} semitones, {note_name(song.low)}…{note_name(song.high)}: "
            f"more than the {WIDE} that an arm finds with ease; a short reach gets some in a nearer octave"
        )
    song = _with_backing(song, score, choice.voice)
    return Understood(song, score.voices, choice.voice, tuple(remarks))


def _written(line: tuple[ScoreNote, ...], score: Score) -> tuple[tuple[ScoreNote, ...], list[str]]:
    if score.exact:
        return tuple(ScoreNote(n.onset, n.duration, n.midi) for n in line), []
    notes, freely = quantised(line)
    says = ["it was played freely; the melody is written on the nearest sixteenth or triplet"] if freely else []
    return tuple(ScoreNote(n.onset, n.duration, n.midi) for n in notes), says


def _key(score: Score, melody: tuple[ScoreNote, ...]) -> tuple[Key, list[str]]:
    """Return the key that the file names, unless the notes say plainly otherwise; of a signature alone, its mode."""
    found = find_key(melody)
    if not score.key:
        return found, [f"it names no key; {found} is taken"]
    if _SIGNS_ALONE.fullmatch(score.key):
        fifths = int(score.key)
        minor = Key(fifths + 3, minor=True)
        return (minor if melody[-1].midi % 12 == minor.tonic else Key(fifths)), []
    key = parse_key(score.key)
    if not score.exact and key == Key(0) and _inside(melody, found) - _inside(melody, key) > 0.1:
        return found, [f"it says C major, as files do that do not know; {found} is taken"]
    return key, []


def _inside(melody: tuple[ScoreNote, ...], key: Key) -> float:
    scale = scale_mask("minor" if key.minor else "major", key)
    return float(sum(n.duration for n in melody if scale >> n.midi % 12 & 1) / sum(n.duration for n in melody))


def _pickup(score: Score, melody: tuple[ScoreNote, ...]) -> Fraction:
    """Return the upbeat: the file's own, or a first note in the second half of the first bar."""
    bar = Fraction(score.metre[0] * 4, score.metre[1])
    first = melody[0].onset
    if score.pickup:
        return score.pickup if first >= bar - score.pickup else bar - first if first > 0 else Fraction(0)
    return bar - first if bar / 2 <= first < bar else Fraction(0)


def _within(score: Score, melody: tuple[ScoreNote, ...]) -> tuple[MetreChange, ...]:
    end = max(note.end for note in melody)
    return tuple(change for change in score.metres if change.onset < end)


def _with_backing(song: Song, score: Score, melody_voice: int) -> Song:
    """Return the song with a backing: its recording, else the other voices, else what its chord symbols give."""
    if song.recording:
        return replace(song, backing="none")
    parts = []
    for n, voice in enumerate(score.voices):
        if n == melody_voice:
            continue
        notes = tuple(
            replace(note, duration=min(note.duration, song.end - note.onset))
            for note in voice.notes
            if note.onset < song.end
        )
        if notes:
            parts.append(Part(voice.name, voice.program, notes, voice.drums))
    if parts:
        return replace(song, parts=tuple(parts), backing=WRITTEN)
    chords = _barred(song, score)
    if not chords:
        return replace(song, backing="none")
    song = replace(song, chords=chords, backing=STYLES[0])
    return replace(
        song,
        parts=arrange(
            chords,
            beats_per_bar=song.beats_per_bar,
            beat_unit=song.beat_unit,
            end=song.end,
            style=song.backing,
            metres=song.metres,
        ),
    )


def _barred(song: Song, score: Score) -> tuple[ScoreChord, ...]:
    """Return the chords as a song file writes them: none in an upbeat, cut at the bar lines, none beyond the end."""
    first = song.bar_grid.end_of(0) if song.pickup else Fraction(0)
    chords = []
    for chord in score.chords:
        at = max(chord.onset, first)
        for _, length, _more in song.bar_grid.pieces(at, min(chord.onset + chord.duration, song.end)):
            chords.append(replace(chord, onset=at, duration=length))
            at += length
    return tuple(chords)


def _level(song: Song) -> int:
    """Return how hard a melody is: 1 for short steps and long notes, 3 for a wide or fast one."""
    shortest_s = sorted(song.seconds_of(n) for n in song.melody)[len(song.melody) // 10]
    span = song.high - song.low
    if span <= 9 and shortest_s >= 0.35:
        return 1
    return 2 if span <= 16 and shortest_s >= 0.2 else 3
