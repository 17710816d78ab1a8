"""What root does for the instrument, and nothing else: set-up at boot, and granting its wishes.

Run by hand-dance-setup.service and hand-dance-wishes.service as ``python -m firmware_py.box setup|wishes``. What is
asked for is checked here again: the asker's checks count for nothing. Not here: reading any of it (``boot_file``,
``wifi``, ``wishes``).
"""

import logging
import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware_py.box.boot_file import read_set_up
from firmware_py.box.durable import write_whole
from firmware_py.box.sealing import seal
from firmware_py.box.wifi import PREFIX, Network
from firmware_py.box.wishes import FOLDER, Wish, taken
from firmware_py.config import BOOT_FILES
from firmware_py.errors import SetupError

log: Final = logging.getLogger(__name__)
COMMAND_S: Final = 60.0
MAIL_PASSWORD: Final = "hand-dance.mail-password"  # noqa: S105 - the credential's name
SEALED_PASSWORD: Final = f"{MAIL_PASSWORD}.sealed"
_MOST_BYTES: Final = 256 * 1024

Run = Callable[[Sequence[str]], bool]


def _run(command: Sequence[str]) -> bool:
    """Run a command of the system's; returns whether it did what it should, and logs why not."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_S, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        log.warning("%s: %s", command[0], error)
        return False
    if done.returncode:
        log.warning("%s %s ended with %d: %s", command[0], command[1], done.returncode, done.stderr.strip())
    return done.returncode == 0


@dataclass(frozen=True)
class Root:
    """The machine, as seen by who may change it; tests give another root folder and other ways to act."""

    root: Path = Path("/")
    wishes: Path = FOLDER
    run: Run = _run
    seal: Callable[[str, str], bytes | None] = seal

    @property
    def connections(self) -> Path:
        """The folder of NetworkManager's keyfiles."""
        return self.root / "etc/NetworkManager/system-connections"

    def set_up(self, files: Sequence[Path] = BOOT_FILES) -> bool:
        """Follow the set-up files of the boot partition; returns whether all that they ask for could be done."""
        well = True
        for file in files:
            try:
                well = self._follow(file) and well
            except (OSError, SetupError) as error:
                log.error("%s cannot be followed: %s", file, error)
                well = False
        return well

    def grant(self) -> None:
        """Grant the wishes that lie there; one that cannot be is logged, and gone."""
        for wish, text in reversed(taken(self.wishes)):  # being turned off is the last
            log.info("asked for: %s", wish.value)
            try:
                self._grant(wish, text)
            except (OSError, SetupError) as error:
                log.error("%s cannot be done: %s", wish.value, error)

    def _grant(self, wish: Wish, text: str) -> None:
        if wish is Wish.POWER_OFF:
            self.run(["systemctl", "--no-block", "poweroff"])
        elif wish is Wish.RESET_NETWORK:
            for file in self.connections.glob(f"{PREFIX}*.nmconnection"):
                file.unlink()
            self.run(["nmcli", "connection", "reload"])
        elif network := Network.of_code(text):
            self._join(network)
            self.run(["nmcli", "radio", "wifi", "on"])
            self.run(["nmcli", "--wait", "45", "connection", "up", "id", network.name])
        else:
            raise SetupError("what was held up names no wireless network")

    def _follow(self, file: Path) -> bool:
        try:
            with file.open("rb") as opened:
                content = opened.read(_MOST_BYTES + 1)
        except FileNotFoundError:
            return True
        if len(content) > _MOST_BYTES:
            raise SetupError(f"it has more than {_MOST_BYTES} bytes; write it again")
        asked = read_set_up(content)
        # Kept first and safely, erased then: a power cut between the two leaves both, and the next start erases.
        if asked.network:
            self._join(asked.network)
            log.info("%s: the wireless network %s is set up", file, asked.network.ssid)
        if asked.mail_password:
            self._keep(asked.mail_password)
            log.info("%s: the mail password is kept as a credential", file)
        if asked.erased != content:
            _overwrite(file, asked.erased)
            log.info("%s: passwords are erased there", file)
        for complaint in asked.complaints:
            log.error("%s: %s", file, complaint)
        return not asked.complaints

    def _keep(self, password: str) -> None:
        """Keep the mail password sealed, or as it is where this machine cannot seal; never one of each."""
        plain = self.root / "etc/credstore" / MAIL_PASSWORD
        sealed = self.root / "etc/credstore.encrypted" / SEALED_PASSWORD
        content = self.seal(SEALED_PASSWORD, password)
        if content is None:
            _write_secret(plain, password.encode())
            sealed.unlink(missing_ok=True)
        else:
            _write_secret(sealed, content)
            plain.unlink(missing_ok=True)

    def _join(self, network: Network) -> None:
        _write_secret(self.connections / network.file_name, network.keyfile().encode())
        self.run(
            ["nmcli", "connection", "reload"]
        )  # before NetworkManager runs this fails, and it reads the file itself


def _write_secret(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, content, 0o600)


def _overwrite(path: Path, content: bytes) -> None:
    """Write over a file of the same length where it lies: a new file would leave the old one's blocks on the card."""
    with path.open("r+b") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
