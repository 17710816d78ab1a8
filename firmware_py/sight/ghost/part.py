"""What a ghost is asked to play, and how well: the part from the session, the player from the command line.

Not here: turning both into movement (``performance``).
"""

import dataclasses
from dataclasses import dataclass, fields
from typing import Final, Self

from firmware_py.errors import UsageError
from firmware_py.music.mapping import Mapping
from firmware_py.music.note import Note

STRIKES: Final = ("leave", "fist")
PLAYERS: Final = ("perfect", "held", "random", "silent", "first-half")


@dataclass(frozen=True)
class Hold:
    """A hand held still from start_s to end_s of the script; share: 0 far … 1 near of the ghost's own reach."""

    start_s: float
    end_s: float
    share: float


@dataclass(frozen=True)
class GhostPart:
    """The part that a session hands to its ghost.

    melody: what should sound, on the session's time line. mapping: how the instrument hears a hand's area. delay_s:
    the instrument sounds a hand so long after the camera saw it, so the ghost moves earlier by as much. seconds:
    length of the script, from t0. holds: a hand held still, by which its reach is found; not moved by delay_s.
    """

    melody: tuple[Note, ...] = ()
    mapping: Mapping = dataclasses.field(default_factory=Mapping)
    delay_s: float = 0.0
    seconds: float = 10.0
    holds: tuple[Hold, ...] = ()


@dataclass(frozen=True)
class GhostPlayer:
    """Who plays: ``ghost:KEY=VALUE,…`` on the command line, each key one field.

    player: one of ``PLAYERS``. late: seconds behind the song. cents: out of tune, all along. tremble: amplitude of an
    unsteady hand, in cents. missing: share of the notes left out, 0…1. strike: what parts a repeated note from the one
    before, leave (the picture) or fist (the hand closes, for an instrument that is articulated by openness). seed: of
    everything random. plain: 1 leaves out face, furniture, noise, blur and changing light. far, near: the reach of its
    arm, as shares of the frame; 0: just the one that the instrument expects.
    """

    player: str = "perfect"
    late: float = 0.0
    cents: float = 0.0
    tremble: float = 0.0
    missing: float = 0.0
    seed: int = 1
    plain: int = 0
    far: float = 0.0
    near: float = 0.0
    strike: str = "leave"

    @classmethod
    def parse(cls, spec: str) -> Self:
        """Read ``KEY=VALUE,KEY=VALUE``; empty is the perfect player.

        Raises UsageError naming the key, what was found and what is allowed.
        """
        allowed = {field.name: field for field in fields(cls)}
        values: dict[str, str | int | float] = {}
        for piece in filter(None, (piece.strip() for piece in spec.split(","))):
            key, equals, text = piece.partition("=")
            if key not in allowed or not equals:
                raise UsageError(f"the ghost knows no {piece!r}; give KEY=VALUE with a key of {', '.join(allowed)}")
            values[key] = _value(key, text)
        return cls(**values)  # type: ignore[arg-type]


_WORDS: Final = {"player": PLAYERS, "strike": STRIKES}
_RANGES: Final[dict[str, tuple[float, float]]] = {
    "late": (-2.0, 5.0),
    "cents": (-2400.0, 2400.0),
    "tremble": (0.0, 1200.0),
    "missing": (0.0, 1.0),
    "seed": (0, 2**32 - 1),
    "plain": (0, 1),
    "far": (0.0, 0.5),
    "near": (0.0, 0.9),
}


def _value(key: str, text: str) -> str | int | float:
    if key in _WORDS:
        if text not in _WORDS[key]:
            raise UsageError(f"the ghost cannot be {text!r}; {key} is one of {', '.join(_WORDS[key])}")
        return text
    low, high = _RANGES[key]
    whole = isinstance(low, int)
    try:
        number = int(text) if whole else float(text)
    except ValueError:
        number = float("nan")
    if not low <= number <= high:
        kind = "a whole number" if whole else "a number"
        raise UsageError(f"the ghost's {key} is {text!r}; it is {kind} from {low:g} to {high:g}")
    return number
