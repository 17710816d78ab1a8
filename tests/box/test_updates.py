"""The box updates itself, in a container: kept where the release is good, taken back where it is not or was cut off.

``make update-test``, as root; HAND_DANCE_UPDATE_CUTS says how many cuts at any instant. Packages are real ones, made by
``systemd/package`` and signed; bad ones have a file of the program changed. The root is kept over its power cuts.
"""

import hashlib
import json
import os
import random
import shutil
import subprocess
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firmware_py.box.packing import pack
from firmware_py.box.signature import public_half
from tests.box.container import PLAYED_BY_SIGNALS, Container
from tests.box.inside import INSTRUMENT
from tests.box.machine import PLACE

CUTS = int(os.environ.get("HAND_DANCE_UPDATE_CUTS", "10"))
ROOT = Path(__file__).parents[2]
UPDATER = "hand-dance-update"
BAD = {
    "never ready": ("firmware_py/cli/run.py", 'raise SystemExit("this release cannot start")\n'),
    "dies": ("firmware_py/session/appliance.py", "import threading\nthreading.Timer(8, os._exit, (1,)).start()\n"),
    "hangs": ("firmware_py/session/notify.py", "Notifier.alive = lambda self: None\n"),
    "redder": (
        "firmware_py/doctor/program.py",
        "settings = lambda _: [Finding('settings', 'x', Level.RED, 'y', 'z')]\n",
    ),
    "no command": ("firmware_py/systemd/hand-dance.service", "[Service]\nExecStart=\nExecStart=/nowhere/hand-dance\n"),
}


class KeptContainer(Container):
    """A container whose changes stay when its power is cut, with a folder of packages at /mnt."""

    def __init__(self, folder: Path, packages: Path) -> None:
        super().__init__(folder, {INSTRUMENT: PLAYED_BY_SIGNALS})
        self._folder = folder
        self._binds.append(f"--bind-ro={packages}:/mnt")

    def power_on(self) -> None:
        super().power_on()
        self.hears_state("ready")

    def _root(self) -> tuple[str, list[str]]:
        upper, work, root = (self._folder / name for name in ("upper", "work", "root"))
        for each in (upper, work, root):
            each.mkdir(exist_ok=True)
        layers = f"lowerdir={PLACE / 'root'},upperdir={upper},workdir={work}"
        return f"mount -t overlay overlay -o {layers} {root}", [f"--directory={root}"]

    def cut(self) -> None:
        """End it as a power cut does, and start it again."""
        self._end()
        self.power_on()

    def current(self) -> str:
        return self.run("basename $(readlink /opt/hand-dance/current)")

    def running(self) -> str:
        """Return the release whose program the instrument is."""
        pid = self.run(f"systemctl show --property=MainPID --value {INSTRUMENT}")
        return self.run(f"tr '\\0' '\\n' </proc/{pid}/cmdline").split("/opt/hand-dance/releases/")[1].split("/")[0]

    def listed(self) -> dict:
        return json.loads(self.run("hand-dance update --list --json"))


@pytest.fixture(scope="session")
def wheels(built: None) -> Path:
    """Everything a package holds, built from the project as it is."""
    files = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "firmware_py", "ext", "systemd", "setup.py", "pyproject.toml"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    key = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in files)).hexdigest()
    place = PLACE / "wheels"
    stamp = place / "key"
    if not stamp.exists() or stamp.read_text() != key:
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([ROOT / "systemd/package", "wheels", place], check=True)
        stamp.write_text(key)
    return place


class Packages:
    """Makes packages, each of a second of its own."""

    def __init__(self, wheels: Path, folder: Path) -> None:
        self.wheels, self.folder = wheels, folder
        self._made = 0
        self.key = folder.parent / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key], check=True)

    def make(self, bad: str = "") -> tuple[str, str]:
        """Return a package's path in the container, and the name of its release."""
        self._made += 1
        to = self.folder.parent / f"wheels-{self._made}"
        to.mkdir()
        for wheel in self.wheels.glob("*.whl"):
            if bad and wheel.name.startswith("hand_dance-"):
                _spoil(wheel, to / wheel.name, *BAD[bad])
            else:
                os.link(wheel, to / wheel.name)
        path = pack(to, self.key, self.folder, datetime(2027, 1, 1, 0, 0, self._made, tzinfo=UTC))
        shutil.rmtree(to)
        return f"/mnt/{path.name}", path.name.removeprefix("hand-dance-").rpartition("-")[0]


def _spoil(wheel: Path, to: Path, name: str, text: str) -> None:
    """Copy a wheel with something added to the end of one file."""
    with zipfile.ZipFile(wheel) as good, zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as bad:
        for entry in good.infolist():
            content = good.read(entry)
            bad.writestr(entry, content + text.encode() if entry.filename == name else content)


@pytest.fixture(scope="module")
def packages(wheels: Path) -> Iterator[Packages]:
    place = PLACE / "packages"  # not in memory, and where wheels can be linked
    shutil.rmtree(place, ignore_errors=True)
    (place / "made").mkdir(parents=True)
    yield Packages(wheels, place / "made")
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def box(packages: Packages) -> Iterator[KeptContainer]:
    place = PLACE / "kept"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    with KeptContainer(place, packages.folder) as one:
        one.run(f"echo 'hand-dance {public_half(packages.key)}' >/etc/hand-dance/update-signers")
        yield one
    shutil.rmtree(place)


def under_way(box: KeptContainer, package: str) -> None:
    """Begin an update and let it go on by itself."""
    box.run(f"mkdir -p -m 700 /opt/hand-dance/incoming && cp {package} /opt/hand-dance/incoming/hand-dance-update.zip")
    box.catch_up(UPDATER)
    box.run(f"systemctl start --no-block {UPDATER}")


def test_a_power_cut_on_trial_brings_the_old_release_back_and_a_good_one_is_kept(box, packages, say) -> None:
    before = box.current()
    package, name = packages.make()
    under_way(box, package)
    box.hears("is on trial", UPDATER)
    box.cut()
    assert (box.current(), box.running()) == (before, before)
    assert "cut off before it had proven itself" in box.listed()["last"]["says"]
    assert "was taken back" in box.run(f"systemctl show --property=StatusText --value {INSTRUMENT}")

    begun = time.monotonic()
    answer = box.ask(f"hand-dance update {package}", within_s=900)
    assert answer.code == 0, answer.out
    say(f"\nan update, installed beside, switched and watched: {time.monotonic() - begun:.0f} s; {answer.out}")
    assert (box.current(), box.running()) == (name, name)
    assert box.listed() | {"last": None} == {"current": name, "trial": False, "releases": [name, before], "last": None}
    assert box.run("systemctl --failed --no-legend --plain") == ""
    box.cut()
    assert box.running() == name


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_release_is_taken_back_by_itself(box, packages, bad, say) -> None:
    before = box.running()
    package, name = packages.make(bad)
    begun = time.monotonic()
    answer = box.ask(f"hand-dance update {package}", within_s=900)
    say(f"\n{bad}: {answer.out.splitlines()[-1]} ({time.monotonic() - begun:.0f} s)")
    assert answer.code == 1, answer.out
    assert f"the update to {name} was taken back" in answer.out
    box.hears_state("ready")
    assert (box.current(), box.running()) == (before, before)
    assert name not in box.listed()["releases"]
    assert "was taken back" in box.run("hand-dance doctor release")


def test_what_is_not_signed_here_is_refused(box, packages) -> None:
    before = box.running()
    package, _ = packages.make()
    box.run("mv /etc/hand-dance/update-signers /etc/hand-dance/kept")
    answer = box.ask(f"hand-dance update {package}")
    box.run("mv /etc/hand-dance/kept /etc/hand-dance/update-signers")
    assert answer.code == 2
    assert "trusts nobody's updates yet" in answer.out
    assert box.running() == before


def test_an_updater_that_is_killed_on_trial_leaves_what_ran_before(box, packages) -> None:
    before = box.running()
    package, _ = packages.make()
    box.catch_up()
    under_way(box, package)
    box.hears("is on trial", UPDATER)
    box.run(f"systemctl kill --signal=KILL {UPDATER}")
    box.hears("was taken back, because it was cut off", UPDATER)
    box.hears_state("ready")
    assert (box.current(), box.running()) == (before, before)
    box.run(f"systemctl reset-failed {UPDATER}")


def test_an_update_waits_for_a_session_and_the_session_is_whole(box, packages) -> None:
    package, name = packages.make()
    box.catch_up()
    box.press()
    box.hears_state("playing")
    under_way(box, package)
    box.hears("a session is being played; the update waits", UPDATER)
    box.press()
    box.hears("^finishing: stop was pressed")
    box.hears(f"^{name} runs", UPDATER)
    sessions = box.look()["sessions"].values()
    assert [one["end"] for one in sessions] == ["stop was pressed"]


def test_one_goes_back_and_a_package_on_the_boot_partition_is_taken_at_the_next_start(box, packages) -> None:
    after, before = box.listed()["releases"]
    assert box.ask("hand-dance update --back", within_s=900).code == 0
    assert box.running() == before
    package, name = packages.make()
    box.run(f"cp {package} /boot/firmware/hand-dance-update.zip && sync")
    box.cut()
    box.hears(f"^{name} runs", UPDATER)
    assert box.run("ls /boot/firmware") == "hand-dance-update.tried\nhand-dance-update.txt"
    assert box.run("cat /boot/firmware/hand-dance-update.txt").strip() == f"kept: {name} runs"
    assert box.running() == name
    assert after != name


def test_power_cut_at_any_instant_of_an_update_leaves_a_whole_release(box, packages, say) -> None:
    dice = random.Random(int(os.environ.get("HAND_DANCE_SEED", "1")))
    met = {"old": 0, "new": 0}
    for _ in range(CUTS):
        before = box.running()
        package, name = packages.make()
        under_way(box, package)
        time.sleep(dice.uniform(0.0, 90.0))  # the instant is any
        box.cut()
        box.run(f"while systemctl is-active {UPDATER} | grep -q activating; do sleep 1; done")  # one that goes on
        running = box.running()
        assert running in (before, name)
        assert box.current() == running
        met["new" if running == name else "old"] += 1
    say(f"\n{CUTS} power cuts in updates: {met['old']} times the old release runs, {met['new']} times the new one")
