"""A package of an update: one ZIP file of wheels, stored, with a manifest and its signature.

``manifest.json`` names the release, the machine and the Python that it is for, and each wheel with its size and
SHA-256; ``manifest.json.sig`` is its signature. Nothing of a package is believed before that is checked, and nothing
is unpacked by the names in it. Not here: making one (``packing``).
"""

import hashlib
import json
import platform
import re
import struct
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Self

from firmware_py.box.releases import NAME
from firmware_py.box.signature import SIGNERS, check_signature
from firmware_py.errors import HandDanceError, PackageError

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.json.sig"
FORMAT: Final = 1
MACHINE: Final = platform.machine()
PYTHON: Final = "{}.{}".format(*sys.version_info[:2])
MOST_BYTES: Final = 1 << 30
_MOST_FILES: Final = 200
_MOST_MANIFEST: Final = 128 * 1024
_WHEEL: Final = re.compile(r"[0-9A-Za-z_][0-9A-Za-z_.+-]{0,150}\.whl")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_END: Final = struct.Struct("<4s4H2LH")
_END_64: Final = b"PK\x06\x07"
_BLOCK: Final = 1 << 20
_DAMAGED: Final = "it is damaged or no package of Hand Dance ({}); copy it again, or make it again: make package"


@dataclass(frozen=True)
class Wheel:
    """One file of a package; size in bytes."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a package holds and what it is for."""

    release: str
    machine: str
    python: str
    wheels: tuple[Wheel, ...]

    def as_bytes(self) -> bytes:
        """Return it as it is signed."""
        files = [vars(wheel) for wheel in self.wheels]
        told = {"format": FORMAT, "release": self.release, "machine": self.machine, "python": self.python}
        return json.dumps({**told, "files": files}, indent=1).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read a manifest; raises PackageError for whatever is not exactly one."""
        try:
            found = json.loads(content)
            kind = found["format"]
            wheels = tuple(_wheel(each) for each in found["files"])
            manifest = cls(found["release"], found["machine"], found["python"], wheels)
            if not NAME.fullmatch(manifest.release) or len({wheel.name for wheel in wheels}) != len(wheels):
                raise ValueError("names")
        except (ValueError, KeyError, TypeError, RecursionError):
            raise PackageError(_DAMAGED.format("its manifest cannot be understood")) from None
        if kind != FORMAT:
            raise PackageError(f"its format is {kind!r}, known here is {FORMAT}; update by an older release first")
        return manifest


def _wheel(found: Mapping[str, Any]) -> Wheel:
    wheel = Wheel(found["name"], found["size"], found["sha256"])
    if not _WHEEL.fullmatch(wheel.name) or type(wheel.size) is not int or not _SHA256.fullmatch(wheel.sha256):
        raise ValueError("a file")
    return wheel


def unpack(file: Path, folder: Path, signers: Path = SIGNERS) -> Manifest:
    """Check a package and put its wheels into a folder; raises PackageError, and then nothing of it is to be used."""
    try:
        with file.open("rb") as opened:
            _check_end(opened)
            with zipfile.ZipFile(opened) as package:
                manifest = _checked_manifest(package, signers)
                folder.mkdir(parents=True, exist_ok=True)
                for wheel in manifest.wheels:
                    _copy(package, wheel, folder)
    except FileNotFoundError:
        raise PackageError(f"there is no file {file}; name the package that make package made") from None
    except HandDanceError:
        raise
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, struct.error, ValueError) as error:
        raise PackageError(_DAMAGED.format(error)) from None
    return manifest


def _check_end(opened: IO[bytes]) -> None:
    """Look at how many entries there are before anybody reads them all: of a small ZIP file, without a comment."""
    size = opened.seek(0, 2)
    if size > MOST_BYTES:
        raise PackageError(f"it has {size} bytes; allowed are {MOST_BYTES}: make it again: make package")
    tail_bytes = _END.size + 20
    if size < tail_bytes:
        raise PackageError(_DAMAGED.format(f"it has {size} bytes"))
    opened.seek(-tail_bytes, 2)
    tail = opened.read(tail_bytes)
    mark, disk, start, here, entries, directory_bytes, _, comment = _END.unpack(tail[20:])
    if mark != b"PK\x05\x06" or (disk, start, comment) != (0, 0, 0) or here != entries or tail[:4] == _END_64:
        raise PackageError(_DAMAGED.format("it is cut off, or no ZIP file as they are made here"))
    if entries > _MOST_FILES + 2 or directory_bytes > entries * 512:
        raise PackageError(_DAMAGED.format(f"it has {entries} files; allowed are {_MOST_FILES + 2}"))
    opened.seek(0)


def _checked_manifest(package: zipfile.ZipFile, signers: Path) -> Manifest:
    entries = package.infolist()
    for entry in entries:
        if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
            raise PackageError(_DAMAGED.format("its files are compressed"))
    content = _small(package, MANIFEST)
    check_signature(content, _small(package, SIGNATURE), signers)
    manifest = Manifest.from_bytes(content)
    wanted = sorted([MANIFEST, SIGNATURE, *(wheel.name for wheel in manifest.wheels)])
    if sorted(entry.filename for entry in entries) != wanted:
        raise PackageError(_DAMAGED.format("its files are not those of its manifest"))
    if (manifest.machine, manifest.python) != (MACHINE, PYTHON):
        raise PackageError(
            f"it is for {manifest.machine} and Python {manifest.python}, and this is {MACHINE} with Python {PYTHON}; "
            "make it on such a machine: make package"
        )
    return manifest


def _small(package: zipfile.ZipFile, name: str) -> bytes:
    try:
        entry = package.getinfo(name)
    except KeyError:
        raise PackageError(f"it is not signed, or no package of Hand Dance: there is no {name} in it") from None
    if entry.file_size > _MOST_MANIFEST:
        raise PackageError(_DAMAGED.format(f"{name} has {entry.file_size} bytes"))
    return package.read(entry)


def _copy(package: zipfile.ZipFile, wheel: Wheel, folder: Path) -> None:
    found = hashlib.sha256()
    size = 0
    with package.open(wheel.name) as source, (folder / wheel.name).open("xb") as target:
        while block := source.read(min(_BLOCK, wheel.size + 1 - size)):
            found.update(block)
            size += len(block)
            target.write(block)
    if size != wheel.size or found.hexdigest() != wheel.sha256:
        raise PackageError(_DAMAGED.format(f"{wheel.name} is not the file that was signed"))
