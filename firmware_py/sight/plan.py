"""What a session tells its sight process, as a typed record that travels as JSON on standard input."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from firmware_py.config import CameraSettings
from firmware_py.errors import UsageError
from firmware_py.music.mapping import Mapping
from firmware_py.music.note import Note
from firmware_py.sight.ghost.part import GhostPart, Hold


@dataclass(frozen=True)
class SightPlan:
    """One run of the sight process.

    lanes: name of the session's shared memory. camera: source, rate and width. state: folder that the model files and
    the cache lie in. realtime: frames come in real time and a full ring drops; else as fast as the readers take
    them. synchronous: the finder is waited for, so that the same frames give the same samples. hands: how many may
    play, 1 or 2. prefer: left or right, the one that plays where one does and two are in view; empty: the first one
    seen. ghost: what a ghost player plays. parent_pid: the process to die with; 0: none.
    """

    lanes: str
    camera: CameraSettings = field(default_factory=CameraSettings)
    state: str = ""
    realtime: bool = True
    synchronous: bool = False
    hands: int = 2
    prefer: str = ""
    ghost: GhostPart | None = None
    parent_pid: int = 0

    def to_json(self) -> str:
        """Return one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what ``to_json`` wrote. Raises UsageError saying what is wrong with it."""
        try:
            found: dict[str, Any] = json.loads(text)
            ghost = found.get("ghost")
            return cls(
                **{
                    **found,
                    "camera": CameraSettings(**found["camera"]),
                    "ghost": None if ghost is None else _ghost(ghost),
                }
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise UsageError(
                f"standard input holds no plan of a session ({error}); start it from hand-dance play"
            ) from None


def _ghost(found: dict[str, Any]) -> GhostPart:
    melody = tuple(Note(**note) for note in found["melody"])
    holds = tuple(Hold(**hold) for hold in found.get("holds", ()))
    return GhostPart(**{**found, "melody": melody, "mapping": Mapping(**found["mapping"]), "holds": holds})
