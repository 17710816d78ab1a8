"""Looks how the machine is connected, and gives the radio to the access point or takes it away: once for each call.

Run by hand-dance-access-point.service as ``python -m firmware_py.box access-point``: every two minutes, and when a
network has come. All through nmcli; a machine without NetworkManager has no access point. Not here: what is decided
(``access_point``).
"""

import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware_py.box.access_point import CONNECTION, AccessPoint, Networks, Turn, fields, guests_in, turn
from firmware_py.box.durable import write_whole
from firmware_py.box.system import told

log: Final = logging.getLogger(__name__)
MARK: Final = "run/hand-dance-online"
"""What systemd/network-is-back leaves for whoever waits for a network."""
_AT_IT_S: Final = 60.0  # joining a network takes less
_WIRELESS: Final = "802-11-wireless"
_KINDS: Final = ("wifi", "ethernet", "gsm", "bridge", "bond", "vlan")

Tell = Callable[[Sequence[str], float], str | None]
NMCLI: Final[Tell] = told("nmcli")


@dataclass(frozen=True)
class Access:
    """The machine's networks; tests give another root folder, another nmcli and another clock.

    nmcli: runs nmcli with arguments, within so many seconds; None where it failed. clock: seconds since 1970.
    """

    root: Path = Path("/")
    nmcli: Tell = NMCLI
    clock: Callable[[], float] = time.time

    def tend(self, *, wanted: bool) -> Turn:
        """Do what is to be done now, and return it."""
        now = self.look()
        if now is None:
            return Turn.LEAVE
        what = turn(now, wanted=wanted)
        if what is Turn.UP:
            return self._up()
        if what is Turn.DOWN:
            self.nmcli(["--wait", "20", "connection", "down", "id", CONNECTION], 30.0)
            log.info("the access point is off")
        return what

    def look(self) -> Networks | None:
        """Return how the machine is connected; None where NetworkManager does not say."""
        devices = self._lines("DEVICE,TYPE,STATE,CONNECTION", "device", "status")
        known = self._lines("NAME,TYPE", "connection", "show")
        if devices is None or known is None:
            return None
        own = next((line[0] for line in devices if line[3] == CONNECTION), "")
        others = [line for line in devices if line[1] in _KINDS and line[0] != own]
        return Networks(
            radio=any(line[1] == "wifi" and line[2] != "unavailable" for line in devices),
            online=any(line[2] == "connected" for line in others),
            joining=any(line[2].startswith("connecting") for line in others) or self._just_told(),
            known=any(line[1] == _WIRELESS and line[0] != CONNECTION for line in known),
            up_s=max(0.0, self._age_s(self._since) or 0.0) if own else None,
            guests=self._guests(own),
        )

    def _just_told(self) -> bool:
        """Whether NetworkManager told of a network just now, to which this look may be due, and may be at it still."""
        age_s = self._age_s(self.root / MARK)
        return age_s is not None and 0.0 <= age_s < _AT_IT_S

    def _up(self) -> Turn:
        try:
            point = AccessPoint.of((self.root / "etc/machine-id").read_text())
        except OSError as error:
            log.warning("without a machine id there is no access point (%s); make one: systemd-machine-id-setup", error)
            return Turn.LEAVE
        # In memory: nothing of it stays on the card.
        file = self.root / "run/NetworkManager/system-connections" / f"{CONNECTION}.nmconnection"
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(file, point.keyfile().encode(), 0o600)
        self.nmcli(["connection", "reload"], 20.0)
        if self.nmcli(["--wait", "45", "connection", "up", "id", CONNECTION], 60.0) is None:
            return Turn.LEAVE  # told already; the next look tries again
        self._since.parent.mkdir(parents=True, exist_ok=True)
        self._since.touch()
        os.utime(self._since, (self.clock(), self.clock()))
        log.info("no network is there: the access point %s is on", point.ssid)
        return Turn.UP

    @property
    def _since(self) -> Path:
        return self.root / "run/hand-dance-access-point/since"

    def _age_s(self, file: Path) -> float | None:
        """Return how long ago a file was written, by a clock that may have been set since; None: it is not there."""
        try:
            return self.clock() - file.stat().st_mtime
        except OSError:
            return None

    def _guests(self, device: str) -> int:
        if not device:
            return 0
        try:
            leases = self.root / f"var/lib/NetworkManager/dnsmasq-{device}.leases"
            return guests_in(leases.read_text(errors="replace"), self.clock())
        except OSError:
            return 0

    def _lines(self, names: str, *what: str) -> list[Sequence[str]] | None:
        said = self.nmcli(["--terse", "--fields", names, *what], 20.0)
        if said is None:
            return None
        lines = [fields(line) for line in said.splitlines()]
        return [line for line in lines if len(line) == names.count(",") + 1]
