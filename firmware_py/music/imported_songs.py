"""The songs that a person imported, in the state folder: kept so that a power cut leaves each of them whole or absent.

A song is ``NAME.toml``; the recording it may have, ``NAME.<its hash>.flac``, is there before it and goes after it.
Not here: reading other programs' files (``importing``), finding songs by name (``songs_library``).
"""

import hashlib
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from firmware_py.errors import SongError
from firmware_py.music.importing.making import checked_name
from firmware_py.music.importing.recording import write_flac
from firmware_py.music.song import Recording, Song
from firmware_py.music.song_file import MOST_BYTES, format_song, parse_song

FOLDER: Final = "songs"


def imported_folder(state: Path) -> Path:
    """Return the folder of imported songs in a state folder."""
    return state / FOLDER


def keep_song(song: Song, folder: Path, *, taken: frozenset[str] = frozenset(), instead: bool = False) -> Path:
    """Write a song, and its recording as FLAC, and return the song file.

    taken: names that belong to shipped songs. instead: an imported song of that name is replaced.
    Raises SongError for a name that is taken, and where the folder cannot be written.
    """
    name = checked_name(song.name)
    path = folder / f"{name}.toml"
    if name in taken:
        raise SongError(f"{name} is a song that comes with Hand Dance; give yours another name by --name")
    if path.exists() and not instead:
        raise SongError(f"{name} is there already; give another name by --name, or take its place by --replace")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if song.recording:
            song = replace(song, recording=_kept_recording(name, song.recording, folder))
        text = format_song(song)
        if len(text.encode()) > MOST_BYTES:
            raise SongError(f"{name} would be a file of more than {MOST_BYTES // 1000} kB; leave some tracks away")
        parse_song(text, name)  # what could not be read again is not kept
        _write_whole(path, text.encode())
        _remove_recordings(name, folder, but=Path(song.recording.file).name if song.recording else "")
    except OSError as error:
        if isinstance(error, SongError):
            raise
        raise SongError(f"{folder} cannot be written ({error.strerror}); make room, or name another --state") from error
    return path


def remove_song(name: str, folder: Path) -> None:
    """Remove an imported song and its recording. Raises SongError where there is none of that name."""
    path = folder / f"{checked_name(name)}.toml"
    try:
        path.unlink()
    except FileNotFoundError as error:
        there = ", ".join(sorted(p.stem for p in folder.glob("*.toml"))) or "none"
        raise SongError(f"{name} is no imported song and cannot be removed; imported are: {there}") from error
    except OSError as error:
        raise SongError(f"{path} cannot be removed ({error.strerror})") from error
    _remove_recordings(name, folder)


def _kept_recording(name: str, recording: Recording, folder: Path) -> Recording:
    part = folder / f".{name}.{os.getpid()}.flac"
    try:
        seconds = write_flac(Path(recording.file), part)
        with part.open("rb") as file:
            final = folder / f"{name}.{hashlib.file_digest(file, 'sha256').hexdigest()[:12]}.flac"
            os.fsync(file.fileno())
        os.replace(part, final)
    finally:
        _remove(part)
    return replace(recording, file=str(final), seconds=seconds)


def _write_whole(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.replace(part, path)
    finally:
        _remove(part)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _remove_recordings(name: str, folder: Path, but: str = "") -> None:
    for path in folder.glob(f"{name}.*.flac"):
        if path.name != but:
            _remove(path)


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
