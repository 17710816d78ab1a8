"""The plan of one sound process: everything it needs to know before it plays, as JSON from its supervisor.

Not here: when the session begins and ends, and the levels (the control cell of ``lanes``).
"""

import json
from dataclasses import asdict, dataclass
from typing import Self

from firmware_py.errors import UsageError
from firmware_py.music.mapping import Mapping


@dataclass(frozen=True)
class SoundPlan:
    """What the sound process is told.

    lanes: name of the session's shared memory. audio: auto, alsa, alsa:DEVICE, paced or offline. delay_ns: D. patch:
    its name; patch_folder: the user's own patches, empty for none. backing: file of ``sound.backing``, empty for
    none. voices: hands that sound, 1 or 2. realtime: ask for SCHED_FIFO and locked memory. parent_pid: the process to
    die with; 0: none. devices: those of ALSA that auto tries before its default.
    """

    lanes: str
    audio: str
    mapping: Mapping
    patch: str = "air"
    rate_hz: int = 48_000
    period_frames: int = 128
    periods: int = 3
    delay_ns: int = 60_000_000
    backing: str = ""
    patch_folder: str = ""
    voices: int = 2
    realtime: bool = True
    parent_pid: int = 0
    devices: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Return the plan as one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a plan. Raises UsageError where it is none."""
        try:
            found = json.loads(text)
            lists = {"devices": tuple(found.get("devices", ()))}
            return cls(**{**found, **lists, "mapping": Mapping(**found["mapping"])})
        except (ValueError, TypeError, KeyError) as error:
            raise UsageError(
                f"this is no plan of a sound process ({error}); give it what SoundPlan.to_json wrote"
            ) from error
