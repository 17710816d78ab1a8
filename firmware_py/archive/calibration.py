"""What was measured of this box once and is kept: ``calibration.json`` in the state folder. Not here: the measuring."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from firmware_py.errors import SessionFolderError

FILE: Final = "calibration.json"


@dataclass(frozen=True)
class DeviceDelay:
    """How long one sound device takes, measured by a chirp from its speaker to a microphone.

    device, microphone: ALSA's names. round_trip_ms: from handing a frame to the device to its arrival. beyond_ms: the
    part of it that the device does not tell of, so that all is heard so much later than the program reckons. spread_ms:
    between the chirps. confidence: how far the chirp stood out, as a multiple of what chance gives. chirps: heard.
    """

    device: str
    microphone: str
    round_trip_ms: float
    beyond_ms: float
    spread_ms: float
    confidence: float
    chirps: int
    measured_utc: str

    def beyond_s_of(self, output: str) -> float:
        """Return ``beyond_ms`` in seconds for an output of this description, 0 where another device was measured."""
        return self.beyond_ms / 1000 if output.startswith(f"ALSA {self.device}, ") else 0.0


def keep_device_delay(state: Path, delay: DeviceDelay) -> Path:
    """Put it into the state folder's calibration.json, whole or not at all; what else stands there stays.

    Raises SessionFolderError where that cannot be written.
    """
    path = state / FILE
    part = path.with_name(f".{FILE}.{os.getpid()}.part")
    try:
        state.mkdir(parents=True, exist_ok=True)
        with part.open("w") as out:
            json.dump({**_kept(path), "device_delay": asdict(delay)}, out, indent=2)
            out.write("\n")
            out.flush()
            os.fsync(out.fileno())
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise SessionFolderError(
            f"{path} cannot be written ({error.strerror}); free some space or mount it writable"
        ) from error
    return path


def device_delay(state: Path) -> DeviceDelay | None:
    """Return what is kept, None where nothing is, or nothing that this version understands: measure again."""
    try:
        found = DeviceDelay(**_kept(state / FILE)["device_delay"])
    except (KeyError, TypeError):
        return None
    return found if isinstance(found.beyond_ms, int | float) else None


def _kept(path: Path) -> dict[str, dict[str, Any]]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
