"""The finder's model files: where they lie, how they are fetched, and the proof that they are the right ones.

They are taken out of a published wheel, checked by SHA-256 and kept under the user's data folder, never in this
package. Not here: running them (``network``).
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware_py.errors import ModelFilesError

WHEEL_VARIABLE: Final = "HAND_DANCE_MODELS_WHEEL"
REQUIREMENT: Final = "mediapipe==0.10.18"
_FETCH_S: Final = 600.0

_PUBLISHED: Final[dict[str, tuple[str, str]]] = {
    # file: (its place in the wheel, SHA-256)
    "palm_detection_lite.tflite": (
        "mediapipe/modules/palm_detection/palm_detection_lite.tflite",
        "e9a4aaddf90dda56a87235303cf00e4c2d3fb28725f68fd88772997dac905c18",
    ),
    "palm_detection_full.tflite": (
        "mediapipe/modules/palm_detection/palm_detection_full.tflite",
        "1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54",
    ),
    "hand_landmark_lite.tflite": (
        "mediapipe/modules/hand_landmark/hand_landmark_lite.tflite",
        "048edd3645c9bf7397d19a9f6e3a42957d6e414c9bea6598030a2e9b624156e6",
    ),
    "hand_landmark_full.tflite": (
        "mediapipe/modules/hand_landmark/hand_landmark_full.tflite",
        "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3",
    ),
}


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Paths of the four networks, each one checked."""

    palm_lite: Path
    palm_full: Path
    landmark_lite: Path
    landmark_full: Path


def folder(state: Path) -> Path:
    """Return where the model files of this state folder lie, whether or not they are there."""
    return state / "models"


def find(state: Path) -> ModelFiles:
    """Return the model files under ``state``, each one's SHA-256 checked (about 10 ms).

    Raises ModelFilesError that names the file, what was found and what to do.
    """
    place = folder(state)
    for name, (_, expected) in _PUBLISHED.items():
        found = _sha256(place / name)
        if found is None:
            raise ModelFilesError(
                f"the finder's model file {place / name} is missing; fetch it with: hand-dance models "
                f"(needs the network once, or {WHEEL_VARIABLE}=FILE naming the {REQUIREMENT} wheel)"
            )
        if found != expected:
            raise ModelFilesError(
                f"the finder's model file {place / name} is not the published one: SHA-256 {found}, expected "
                f"{expected}; fetch it again with: hand-dance models"
            )
    return _files(place)


def fetch(state: Path, wheel: Path | None = None) -> list[Path]:
    """Put the model files under ``state`` and return their paths; what is there and right is left alone.

    wheel: a wheel file on this machine to take them from; None: the file that ``HAND_DANCE_MODELS_WHEEL`` names,
    else the Python package index this machine's pip is set to. Raises ModelFilesError when they cannot be had or
    are not the published ones; a file is in place whole or not at all.
    """
    place = folder(state)
    paths = [place / name for name in _PUBLISHED]
    if all(_sha256(place / name) == expected for name, (_, expected) in _PUBLISHED.items()):
        return paths
    named = os.environ.get(WHEEL_VARIABLE)
    if wheel is None and named:
        wheel = Path(named).expanduser()
    if wheel is not None:
        _unpack(wheel, place)
        return paths
    with tempfile.TemporaryDirectory(prefix="hand-dance-models-") as scratch:
        _unpack(_download(Path(scratch)), place)
    return paths


def _files(place: Path) -> ModelFiles:
    return ModelFiles(
        palm_lite=place / "palm_detection_lite.tflite",
        palm_full=place / "palm_detection_full.tflite",
        landmark_lite=place / "hand_landmark_lite.tflite",
        landmark_full=place / "hand_landmark_full.tflite",
    )


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _download(scratch: Path) -> Path:
    command = [
        *(sys.executable, "-m", "pip", "download", REQUIREMENT, "--dest", str(scratch), "--quiet", "--no-input"),
        *("--disable-pip-version-check", "--no-deps", "--only-binary=:all:", "--platform", "manylinux_2_17_x86_64"),
        *("--python-version", "3.11", "--implementation", "cp", "--abi", "cp311"),
    ]  # one wheel for every machine: only the networks inside it are used, and they are the same in all
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_FETCH_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ModelFilesError(_cannot_fetch(str(error))) from error
    wheels = sorted(scratch.glob("*.whl"))
    if done.returncode != 0 or not wheels:
        said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise ModelFilesError(_cannot_fetch(said[-1] if said else f"pip ended with {done.returncode}"))
    return wheels[0]


def _cannot_fetch(why: str) -> str:
    return (
        f"the finder's model files could not be fetched ({why}); connect this machine to the network and run "
        f"hand-dance models again, or set {WHEEL_VARIABLE}=FILE to a copy of the {REQUIREMENT} wheel"
    )


def _unpack(wheel: Path, place: Path) -> None:
    try:
        place.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(wheel) as archive:
            contents = {name: archive.read(member) for name, (member, _) in _PUBLISHED.items()}
    except FileNotFoundError as error:
        raise ModelFilesError(f"there is no wheel at {wheel}; name the {REQUIREMENT} wheel file") from error
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise ModelFilesError(
            f"{wheel} is not a whole {REQUIREMENT} wheel or {place} cannot be written ({error})"
        ) from error
    for name, (_, expected) in _PUBLISHED.items():
        found = hashlib.sha256(contents[name]).hexdigest()
        if found != expected:
            raise ModelFilesError(f"{name} in {wheel} has SHA-256 {found}, expected {expected}; use {REQUIREMENT}")
    for name, content in contents.items():
        _put(place / name, content)


def _put(path: Path, content: bytes) -> None:
    handle, scratch = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(scratch).chmod(0o644)
        os.replace(scratch, path)
    except OSError as error:
        Path(scratch).unlink(missing_ok=True)
        raise ModelFilesError(
            f"{path} could not be written ({error.strerror}); make room or check its rights"
        ) from error
