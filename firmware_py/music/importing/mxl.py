"""Compressed MusicXML (.mxl): the one score in the zip file, read in memory and never put on the disk.

Not here: what the score says (``musicxml_reading``).
"""

import struct
import textwrap
import zipfile
import zlib
from io import BytesIO
from typing import Final

from firmware_py.errors import SongError
from firmware_py.music.importing.safe_xml import MOST_BYTES, parse_xml

MOST_PACKED_BYTES: Final = 8_000_000
MOST_FILES: Final = 1_000
_CONTAINER: Final = "META-INF/container.xml"
_MOST_CONTAINER_BYTES: Final = 100_000
_LONGEST_REASON: Final = 120


def score_in(raw: bytes, source: str) -> tuple[bytes, str]:
    """Return the score of a .mxl file and its name in there. Raises SongError."""
    if len(raw) > MOST_PACKED_BYTES:
        raise SongError(
            f"{source}: {len(raw) / 1e6:.0f} MB is more than a song has; at most {MOST_PACKED_BYTES // 10**6}"
        )
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            names = archive.namelist()
            if len(names) > MOST_FILES:
                raise SongError(f"{source}: it holds {len(names)} files; a score needs two")
            name = _score_name(archive, names, source)
            return _unpacked(archive, name, MOST_BYTES, source), name
    except SongError:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        NotImplementedError,
        RuntimeError,
        OSError,
        EOFError,
        ValueError,
        LookupError,
    ) as error:
        why = textwrap.shorten(str(error), _LONGEST_REASON)  # zipfile quotes a name, which in a broken file has no end
        raise SongError(f"{source}: this is no sound .mxl file ({why}); export it again") from error


def _score_name(archive: zipfile.ZipFile, names: list[str], source: str) -> str:
    if _CONTAINER in names:
        root = parse_xml(_unpacked(archive, _CONTAINER, _MOST_CONTAINER_BYTES, source), f"{source}, {_CONTAINER}")
        for element in root.iter():
            if element.tag.rpartition("}")[2] != "rootfile":
                continue
            name = element.get("full-path", "")
            kind = element.get("media-type", "application/vnd.recordare.musicxml+xml")
            if "musicxml" not in kind and not name.endswith((".xml", ".musicxml")):
                continue
            if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or ":" in name:
                raise SongError(
                    f"{source}: its score is said to lie at {name[:80]!r}, outside of the file; export it again"
                )
            if name not in names:
                raise SongError(f"{source}: its score {name[:80]!r} is not in it; export it again")
            return name
    found = [n for n in names if n.endswith((".xml", ".musicxml")) and not n.startswith("META-INF/")]
    if any(n.endswith(".mscx") for n in names):
        raise SongError(f"{source}: this is MuseScore's own file; export it as MusicXML there")
    if len(found) != 1:
        raise SongError(f"{source}: there is no score in it; export it as MusicXML again")
    return found[0]


def _unpacked(archive: zipfile.ZipFile, name: str, most: int, source: str) -> bytes:
    """Return a file's bytes; no more are unpacked than allowed, whatever its header says."""
    with archive.open(name) as file:
        raw = file.read(most + 1)
    if len(raw) > most:
        raise SongError(f"{source}: {name[:80]!r} in it unpacks to more than {most / 1e6:g} MB, which is no song")
    return raw
