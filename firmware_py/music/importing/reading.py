"""The one way in for files of other programs: what a file is, is told by its content, and it is read as a song.

Not here: keeping what was read (``music.imported_songs``), our own song files (``music.song_file``).
"""

from dataclasses import replace
from pathlib import Path
from typing import Final

from firmware_py.errors import SongError
from firmware_py.music.importing.making import FREE_BECAUSE, UNKNOWN, Understood, make_song, name_of
from firmware_py.music.importing.midi_reading import read_midi
from firmware_py.music.importing.musicxml_reading import read_musicxml
from firmware_py.music.importing.mxl import score_in
from firmware_py.music.importing.recording import seconds_of
from firmware_py.music.importing.ultrastar_reading import looks_like, read_ultrastar
from firmware_py.music.song import Recording, Song

MOST_BYTES: Final = 20_000_000  # of anything that is read whole
_SNIFFED_BYTES: Final = 4096


def is_foreign(path: Path) -> bool:
    """Tell whether a path names a file that is not one of our own song files."""
    return path.suffix.lower() != ".toml"


def read_foreign(path: Path, *, name: str = "", track: str = "", audio: str = "") -> Understood:
    """Read a Standard MIDI, MusicXML, .mxl, UltraStar or sound file.

    name: the song's; empty: made of its title. track: the melody's, by number or name; empty: the likeliest. audio: a
    recording as backing, in place of what the file has or names. Raises SongError that names the file and the place.
    """
    source = path.name[:80]
    kind = _kind(path)
    if kind == "sound":
        if track:
            raise SongError(f"{source} is a recording, which has no tracks; leave --track away")
        return _plain_recording(path, name)
    raw = _bytes(path)
    recording = Path(audio) if audio else None
    gap_s = 0.0
    remarks: tuple[str, ...] = ()
    if kind == "midi":
        score = read_midi(raw, source)
    elif kind == "ultrastar":
        found = read_ultrastar(raw, source)
        score, gap_s = found.score, found.gap_s
        if recording is None and found.audio:
            recording = _beside(path, found.audio, source)
            if not recording.is_file():
                remarks = (f"its recording {recording.name!r} is not beside it; it has no backing (--audio names one)",)
                recording = None
        elif recording is None:
            remarks = ("it names no recording; it has no backing (--audio names one)",)
    else:
        if kind == "mxl":
            raw, inside = score_in(raw, source)
            source = f"{source}, {inside[:80]}"
        score = read_musicxml(raw, source)
    if recording is not None:
        score = replace(score, recording=Recording(str(recording), gap_s, seconds_of(recording)))
    title = score.title or _title_of(path)
    understood = make_song(score, name or name_of(title), track=track, title=title, source=source)
    return replace(understood, remarks=understood.remarks + remarks)


def _kind(path: Path) -> str:
    try:
        with path.open("rb") as file:
            head = file.read(_SNIFFED_BYTES)
    except OSError as error:
        raise SongError(f"{path} cannot be read ({error.strerror}); name a file") from error
    except ValueError as error:
        raise SongError(f"{str(path)[:80]!r} is no path; name a file") from error
    if not head:
        raise SongError(f"{path} is empty")
    if head.startswith(b"MThd") or (head.startswith(b"RIFF") and head[8:12] == b"RMID"):
        return "midi"
    if head.startswith(b"PK\x03\x04"):
        return "mxl"
    text = head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0")
    if text.startswith(b"<"):
        return "xml"
    if looks_like(head.decode("utf-8-sig", errors="replace").replace("\r", "\n")):
        return "ultrastar"
    if path.suffix.lower() in (".mid", ".midi", ".kar"):
        return "midi"
    if path.suffix.lower() in (".xml", ".musicxml"):
        return "xml"
    if path.suffix.lower() == ".mxl":
        return "mxl"
    if path.suffix.lower() == ".txt":
        return "ultrastar"
    return "sound"


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SongError(f"{path} cannot be read ({error.strerror}); name a file") from error
    if len(raw) > MOST_BYTES:
        raise SongError(f"{path.name[:80]}: it is larger than {MOST_BYTES // 10**6} MB, which is no song")
    return raw


def _beside(path: Path, name: str, source: str) -> Path:
    """Return the file that a text names, which must lie beside it."""
    if name.startswith(("/", "\\", "~")) or ":" in name or "\0" in name or ".." in name.replace("\\", "/").split("/"):
        raise SongError(
            f"{source}: it names its recording as {name[:80]!r}; only a file beside it is taken, or --audio"
        )
    return path.parent / name.replace("\\", "/")


def _title_of(path: Path) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in path.stem).replace("_", " ").split())[:80] or "Song"


def _plain_recording(path: Path, name: str) -> Understood:
    """Return a recording as a song without a melody: bars of one second, for want of any."""
    seconds = seconds_of(path)
    title = _title_of(path)
    song = Song(
        name=name or name_of(title),
        title=title,
        composer=UNKNOWN,
        year=0,
        free_because=FREE_BECAUSE,
        level=1,
        tempo_bpm=60.0,
        beats_per_bar=1,
        beat_unit=4,
        key="C major",
        melody=(),
        parts=(),
        backing="none",
        recording=Recording(str(path), 0.0, seconds),
    )
    return Understood(song, (), -1, ("it is a recording without notes: one plays freely over it, without marks",))
