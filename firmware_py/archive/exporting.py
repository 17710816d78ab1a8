"""Sessions taken out of the library: into a ZIP or a folder, whole or in the files that are asked for.

Names begin with the session's start, so that they sort. Nothing that exists is ever replaced, and what could not be
written whole is removed again. Not here: which sessions there are (``library``).
"""

import os
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.errors import SessionFolderError

FORMATS: Final = {
    "pdf": SessionFolder.SCORE,
    "png": SessionFolder.PREVIEW,
    "midi": SessionFolder.MIDI,
    "musicxml": SessionFolder.MUSICXML,
    "csv": SessionFolder.NOTES,
    "json": SessionFolder.REPORT,
    "wav": SessionFolder.SOUND,
    "mic": SessionFolder.MICROPHONE,
    "samples": SessionFolder.SAMPLES,
}
_PACKED_ALREADY: Final = {".pdf", ".png", ".zip"}


@dataclass(frozen=True, slots=True)
class Export:
    """What is to be written: a file of a session, and its name in the ZIP or folder."""

    source: Path
    name: str


def files_to_export(folders: Sequence[SessionFolder], formats: Sequence[str] = ()) -> tuple[Export, ...]:
    """Return what an export holds: ``SESSION/FILE``, or with one format alone ``SESSION.EXTENSION``.

    formats: names from FORMATS; empty for every file. Raises SessionFolderError for a session that lacks one of them.
    """
    found = []
    for folder in folders:
        name = folder.path.name
        if not formats:
            there = sorted(p for p in folder.path.iterdir() if p.is_file() and not p.name.startswith("."))
            found += [Export(path, f"{name}/{path.name}") for path in there]
            continue
        for wanted in dict.fromkeys(formats):
            path = folder.file(FORMATS[wanted])
            if not path.is_file():
                raise SessionFolderError(
                    f"{folder.path} has no {path.name}; make it with hand-dance report {name}, or leave out "
                    f"--format {wanted}"
                )
            found.append(Export(path, f"{name}{path.suffix}" if len(set(formats)) == 1 else f"{name}/{path.name}"))
    return tuple(found)


def export_zip(files: Sequence[Export], target: Path) -> Path:
    """Write a ZIP of these files; return its path. Raises SessionFolderError where it exists or cannot be written."""
    with _written(target), zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED, strict_timestamps=False) as out:
        for file in files:  # a box without a clock plays in 1970, before any ZIP
            packed = file.source.suffix in _PACKED_ALREADY
            out.write(file.source, file.name, zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED)
    return target


def export_folder(files: Sequence[Export], target: Path) -> tuple[Path, ...]:
    """Copy these files into a folder, made where it is missing, and return their places.

    Raises SessionFolderError where one of them exists already, before anything is copied, or cannot be written.
    """
    places = [target / file.name for file in files]
    taken = next((place for place in places if os.path.lexists(place)), None)
    if taken:
        raise SessionFolderError(f"{taken} exists already; name another folder with --to")
    for file, place in zip(files, places, strict=True):
        with _written(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            with file.source.open("rb") as read, place.open("xb") as out:
                shutil.copyfileobj(read, out, 1 << 20)
            shutil.copystat(file.source, place)
    return tuple(places)


@contextmanager
def _written(target: Path) -> Iterator[None]:
    """Say what kept a file from being written, and leave no part of it."""
    try:
        yield
    except FileExistsError as error:
        raise SessionFolderError(f"{target} exists already; name another place with --to") from error
    except BaseException as error:
        with suppress(OSError):
            target.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise SessionFolderError(
                f"{target} cannot be written ({error.strerror or error}); name another place with --to"
            ) from error
        raise
