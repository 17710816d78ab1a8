"""Releases made of nothing, an instrument that does what a test says, and a key that signs."""

import os
import subprocess
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from firmware_py.box.instrument import Instrument
from firmware_py.box.package import MACHINE, MANIFEST, PYTHON, SIGNATURE, Manifest, Wheel
from firmware_py.box.packing import _wheel
from firmware_py.box.releases import Releases
from firmware_py.box.signature import public_half, sign

OLD, NEW, NEWER = (f"0.{number}.0-2026010112000{number}" for number in (1, 2, 3))


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    """A box on which OLD runs."""
    found = Releases(tmp_path / "opt")
    installed(found, OLD, 1)
    (found.place / "current").symlink_to(f"releases/{OLD}")
    return found


def installed(releases: Releases, name: str, minute: int) -> None:
    folder = releases.begun(name)
    (folder / "systemd").mkdir()
    (folder / "systemd/services").write_text("hand-dance.service\nhand-dance-post.path\nhand-dance-update.service\n")
    (folder / "whole").touch()
    os.utime(folder / "whole", (minute * 60, minute * 60))


class Systemctl:
    """A systemctl of one service, whose releases are well or not.

    broken: release → what is wrong with it: "start", "crash" (it dies while it is watched), or a thing that is red.
    played: answers for how many looks a session is still played.
    """

    def __init__(self, releases: Releases, told: Path) -> None:
        self.releases, self.told = releases, told
        self.broken: dict[str, str] = {}
        self.played = 0
        self.said: list[str] = []
        self.runs = ""
        self.fails = ""
        self.on: Callable[[str], object] = lambda _: None

    def __call__(self, arguments: Sequence[str], _within_s: float) -> tuple[int, str]:
        line = " ".join(arguments)
        if arguments[0] == "show":
            return 0, self._shown()
        self.said.append(line)
        self.on(line)
        if line == self.fails:
            return 1, "no"
        if line == "restart hand-dance.service":
            self.runs = self.releases.current()
            if self.broken.get(self.runs) == "start":
                return 1, "Job for hand-dance.service failed.\nSee journalctl"
        if line == "start hand-dance-doctor.service":
            wrong = self.broken.get(self.releases.current(), "")
            checks = [f'{{"name": "{n}", "level": "{"red" if n == wrong else "green"}"}}' for n in ("sound", "models")]
            (self.told / "doctor.json").write_text(f'{{"checks": [{", ".join(checks)}]}}')
        return 0, ""

    def _shown(self) -> str:
        self.played -= 1
        state = "playing: ode-to-joy" if self.played >= 0 else "ready"
        restarts = 0
        if self.broken.get(self.runs) == "crash":
            self.restarts = restarts = getattr(self, "restarts", 0) + 1
        return f"ActiveState=active\nMainPID={7 + restarts}\nNRestarts={restarts}\nStatusText={state}"


@pytest.fixture
def systemctl(releases: Releases, tmp_path: Path) -> Systemctl:
    return Systemctl(releases, tmp_path / "told")


@pytest.fixture
def instrument(systemctl: Systemctl, releases: Releases) -> Instrument:
    return Instrument(systemctl, releases.place, systemctl.told)


class Clock:
    """A clock that goes on when somebody waits."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def wait(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("key") / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True, stdin=subprocess.DEVNULL)
    return file


@pytest.fixture
def signers(key: Path, tmp_path: Path) -> Path:
    file = tmp_path / "signers"
    file.write_text(f"# the workshop\nhand-dance {public_half(key)}\n")
    return file


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "built"
    folder.mkdir()
    (folder / "hand_dance-0.2.0-cp311-cp311-linux_x86_64.whl").write_bytes(b"program" * 999)
    (folder / "numpy-2.0.0-cp311-cp311-manylinux.whl").write_bytes(b"numbers")
    return folder


def packed(
    wheels: Path,
    key: Path,
    to: Path,
    *,
    release: str = NEW,
    machine: str = MACHINE,
    python: str = PYTHON,
    entries: Callable[[dict[str, bytes]], None] = lambda _: None,
    manifest: Callable[[bytes], bytes] = lambda content: content,
    files: Callable[[tuple[Wheel, ...]], tuple[Wheel, ...]] = lambda wheels: wheels,
    compression: int = zipfile.ZIP_STORED,
) -> Path:
    """Make a package as ``packing`` does, and wrong wherever a test wants it so."""
    found = files(tuple(_wheel(file) for file in sorted(wheels.iterdir())))
    content = manifest(Manifest(release, machine, python, found).as_bytes())
    inside = {MANIFEST: content, SIGNATURE: sign(content, key)}
    inside |= {file.name: file.read_bytes() for file in sorted(wheels.iterdir())}
    entries(inside)
    with zipfile.ZipFile(to, "w", compression) as package:
        for name, data in inside.items():
            package.writestr(name, data)
    return to
