"""The box's own wireless network, for as long as it has no other: its name, its password, and when it is there.

Its name and password come from the machine's id, so that nothing is kept and whoever looks after the box can be told
them (``hand-dance doctor``). Not here: asking NetworkManager and telling it (``access``).
"""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self

from firmware_py.box.wifi import PREFIX

CONNECTION: Final = f"{PREFIX}access-point"
ADDRESS: Final = "10.41.0.1"
TURN_S: Final = 600.0
"""So long it stays, with nobody in it, before a known network that may be back gets its turn with the radio."""
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another one
_CHANNELS: Final = (1, 6, 11)
"""Allowed in every country and clear of each other. Left to choose, NetworkManager also takes 12, 13 and 14, on which
nothing may begin to send before the radio has been told its country: there would be no access point."""


@dataclass(frozen=True)
class AccessPoint:
    """A wireless network of this box's own: name, password, and the channel of 2.4 GHz that it is on."""

    ssid: str
    password: str = field(repr=False)
    channel: int

    @classmethod
    def of(cls, machine_id: str) -> Self:
        """Return the one of a machine, by its /etc/machine-id, of which no part tells anything."""
        digest = hashlib.sha256(f"hand-dance access point {machine_id.strip()}".encode()).digest()
        text = "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest)
        return cls(f"Hand Dance {text[:4]}", text[4:14], _CHANNELS[digest[14] % len(_CHANNELS)])

    def keyfile(self) -> str:
        """Return NetworkManager's keyfile; it holds the password: root's, mode 0600."""
        return "\n".join(
            [
                "[connection]",
                f"id={CONNECTION}",
                f"uuid={uuid.uuid5(uuid.NAMESPACE_URL, CONNECTION)}",
                "type=wifi",
                "autoconnect=false",
                "",
                "[wifi]",
                "mode=ap",
                "band=bg",  # what every telephone has
                f"channel={self.channel}",
                "ssid=" + "".join(f"{byte};" for byte in self.ssid.encode()),
                "",
                "[wifi-security]",
                "key-mgmt=wpa-psk",
                "proto=rsn;",
                "pairwise=ccmp;",
                "group=ccmp;",
                f"psk={self.password}",
                "",
                "[ipv4]",
                "method=shared",
                f"address1={ADDRESS}/24",
                "",
                "[ipv6]",
                "method=disabled",
                "",
            ]
        )


class Turn(StrEnum):
    """What is to be done with the radio."""

    UP = "up"
    DOWN = "down"
    LEAVE = "leave"


@dataclass(frozen=True)
class Networks:
    """How the machine is connected.

    radio: there is a wireless device. online: something other than the access point is connected. joining: a device is
    about to be. known: there is a wireless network that could be joined. up_s: so long the access point has been there,
    None where it is not. guests: how many are in it.
    """

    radio: bool
    online: bool
    joining: bool
    known: bool
    up_s: float | None
    guests: int


def turn(now: Networks, *, wanted: bool) -> Turn:
    """Return what to do now. wanted: whether the settings ask for an access point at all."""
    if now.up_s is None:
        begin = wanted and now.radio and not now.online and not now.joining
        return Turn.UP if begin else Turn.LEAVE
    if now.online or not wanted:
        return Turn.DOWN
    if now.known and not now.guests and now.up_s >= TURN_S:
        return Turn.DOWN  # the next look is two minutes later: NetworkManager has joined, or it comes up again
    return Turn.LEAVE


def guests_in(leases: str, now_s: float) -> int:
    """Count the addresses that dnsmasq lent and that still hold, at so many seconds since 1970."""
    ends = [line.split(" ", 1)[0] for line in leases.splitlines()]
    return sum(1 for end in ends if end.isdecimal() and (int(end) == 0 or int(end) > now_s))  # 0: for ever


def fields(line: str) -> Sequence[str]:
    r"""Split a line of ``nmcli --terse``, which writes ``\:`` for a colon within a field and ``\\`` for a backslash."""
    found, part, escaped = [], "", False
    for sign in line:
        if escaped or sign not in "\\:":
            part += sign
            escaped = False
        elif sign == "\\":
            escaped = True
        else:
            found.append(part)
            part = ""
    return [*found, part]
