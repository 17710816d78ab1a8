"""The players that this box knows: ``players.json`` in the state folder, by name.

Each with a hand, a reach, a mail address and a language.

Whole or not at all, on the disk before it is told; what a later version keeps of a player besides stays as it is. Not
here: measuring a reach (``sight.reach``), what a good address is (``post.address``).
"""

import contextlib
import fcntl
import json
import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from firmware_py.errors import SessionFolderError
from firmware_py.music.reach import Reach

FILE: Final = "players.json"
SCHEMA: Final = 1

Hand = Literal["", "left", "right"]


@dataclass(frozen=True)
class Player:
    """One player.

    hand: the one that plays, empty for either. reach: None while it was never found. address: where their letters go,
    empty for the box's own. language: that of their letters, by its code, empty for the box's own.

    The player without a name is everybody who gives none. more: what another version keeps, by its own names.
    """

    name: str
    hand: Hand = ""
    reach: Reach | None = None
    address: str = ""
    language: str = ""
    more: dict[str, Any] = field(default_factory=dict)


class Players:
    """The players of one state folder.

    ``note`` is what should be said to a person: that the file was broken and where it was put; empty: nothing.
    """

    def __init__(self, state: Path) -> None:
        self._path = state / FILE
        self.note = ""

    def named(self, name: str) -> Player:
        """Return the player of this name, upper or lower case, composed or not; one who is not known has no reach."""
        return self._read().get(_key(name)) or Player(_shown(name))

    def all(self) -> tuple[Player, ...]:
        """Return everybody who is known, by name."""
        return tuple(player for _, player in sorted(self._read().items()))

    def keep(
        self,
        name: str,
        *,
        reach: Reach | None = None,
        hand: Hand | None = None,
        address: str | None = None,
        language: str | None = None,
    ) -> Player:
        """Keep what is given of a player; None leaves it as it is, empty takes it away. Returns the player as kept.

        Raises SessionFolderError where that cannot be written.
        """
        try:
            with self._alone():
                known = self._read()
                player = known.get(_key(name)) or Player(_shown(name))
                player = replace(
                    player,
                    reach=reach or player.reach,
                    hand=player.hand if hand is None else hand,
                    address=player.address if address is None else address,
                    language=player.language if language is None else language,
                )
                self._write({**known, _key(name): player})
        except OSError as error:
            raise self._unwritable(error) from error
        return player

    def remove(self, name: str) -> Player | None:
        """Forget a player; returns who it was, None where nobody of that name is known.

        Raises SessionFolderError where that cannot be written.
        """
        try:
            with self._alone():
                known = self._read()
                player = known.pop(_key(name), None)
                if player is not None:
                    self._write(known)
        except OSError as error:
            raise self._unwritable(error) from error
        return player

    def _unwritable(self, error: OSError) -> SessionFolderError:
        return SessionFolderError(
            f"{self._path} cannot be written ({error.strerror}); free some space or mount it writable"
        )

    def _read(self) -> dict[str, Player]:
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            self.note = f"{self._path} cannot be read ({error.strerror}); nobody's reach is known: make it readable"
            return {}
        try:
            found = json.loads(content)
            if found["schema"] != SCHEMA:
                raise ValueError(f"schema {found['schema']!r}, this version reads {SCHEMA}")
            return {_key(name): _player(name, one) for name, one in found["players"].items()}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            self._set_aside(f"{type(error).__name__}: {error}")
            return {}

    def _set_aside(self, why: str) -> None:
        """Put a file that cannot be understood out of the way, never over another one."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        aside = self._path.with_name(f"{FILE}.broken-{stamp}")
        try:
            self._path.rename(aside)
        except OSError:
            aside = self._path
        self.note = f"{self._path} is no list of players ({why}); it lies in {aside}, and a new one is begun"

    def _write(self, players: dict[str, Player]) -> None:
        content = json.dumps(
            {"schema": SCHEMA, "players": {one.name: _told(one) for _, one in sorted(players.items())}},
            indent=2,
            ensure_ascii=False,
        )
        part = self._path.with_name(f".{FILE}.{os.getpid()}.part")
        try:
            with part.open("w", encoding="utf-8") as out:
                out.write(content + "\n")
                out.flush()
                os.fsync(out.fileno())
            os.replace(part, self._path)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold off other programs from reading to writing, so that neither loses what the other kept."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(self._path.with_name(f".{FILE}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _player(name: str, found: dict[str, Any]) -> Player:
    """Read one player; raises ValueError or TypeError for what cannot be one."""
    more = dict(found)
    hand, areas = more.pop("hand", ""), more.pop("reach", None)
    if hand not in ("", "left", "right"):
        raise ValueError(f"{name!r} plays with hand {hand!r}")
    address, language = more.pop("address", ""), more.pop("language", "")
    if not isinstance(address, str) or not isinstance(language, str):
        raise TypeError(f"{name!r} has address {address!r} and language {language!r}, not text")
    if areas is None:
        return Player(name, hand, None, address, language, more)
    reach = Reach(float(areas["area_far"]), float(areas["area_near"]))
    if not 0.0 < reach.area_far < reach.area_near <= 1.0:
        raise ValueError(f"{name!r} reaches from {reach.area_far:g} to {reach.area_near:g}")
    return Player(name, hand, reach, address, language, more)


def _told(player: Player) -> dict[str, Any]:
    told: dict[str, Any] = {**player.more, "hand": player.hand}
    told |= {key: value for key in ("address", "language") if (value := getattr(player, key))}
    if player.reach:
        told["reach"] = vars(player.reach)
    return told


def _shown(name: str) -> str:
    return unicodedata.normalize("NFC", " ".join(name.split()))


def _key(name: str) -> str:
    return _shown(name).casefold()


def player_key(name: str) -> str:
    """Return what tells players apart: the name without upper and lower case, spare blanks and ways to compose it."""
    return _key(name)
