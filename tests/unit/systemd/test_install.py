"""The install script put to work on an empty folder, with a Python that writes down what it was asked for."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from firmware_py.box.releases import Releases
from firmware_py.config import Config, load_config

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "systemd" / "install"

# Makes the environment and the program in name only; everything else the real one does.
PYTHON = f"""#!/bin/sh
echo "$*" >>"$LOG"
case "$*" in
*" venv "*) for folder; do :; done; mkdir -p "$folder/bin"; cp "$0" "$folder/bin/python" ;;
*" pip "*)
    [ -z "${{OFFLINE:-}}" ] || exit 1
    for what; do :; done
    build=${{what%\\[pi\\]}}
    (cd "$build" && find . -type f) >"$LOG.built"
    cat "$build/constraints.txt" >>"$LOG.built"
    release=$(dirname "$(dirname "$0")")
    mkdir -p "$release/lib/python3.11/site-packages/firmware_py"
    cp -R "$build/systemd" "$release/lib/python3.11/site-packages/firmware_py/"
    cp "$0" "$release/bin/hand-dance" ;;
*) exec {sys.executable} "$@" ;;
esac
"""


class Box:
    """A folder that stands for a machine's root."""

    def __init__(self, place: Path) -> None:
        self.root = place / "box"
        self.log = place / "log"
        self.python = place / "python"
        self.python.write_text(PYTHON)
        self.python.chmod(0o755)
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "DESTDIR": str(self.root),
            "PYTHON": str(self.python),
            "LOG": str(self.log),
        }

    def make(self, what: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [SCRIPT, what], env={**self.environment, **environment}, capture_output=True, text=True, timeout=60
        )

    def files(self) -> set[str]:
        return {str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()}

    @property
    def releases(self) -> Releases:
        return Releases(self.root / "opt/hand-dance")

    @property
    def settings(self) -> Path:
        return self.root / "etc/hand-dance/config.toml"


@pytest.fixture
def box(tmp_path):
    return Box(tmp_path)


@pytest.fixture
def installed(box):
    done = box.make("install")
    assert done.returncode == 0, done.stderr
    return box


def tracked(*patterns):
    done = subprocess.run(["git", "-C", ROOT, "ls-files", *patterns], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines())


def outside(box):
    """The files that no release holds."""
    return {name for name in box.files() if not name.startswith("opt/hand-dance/releases/")}


def test_program_units_user_and_settings_are_put_where_they_belong(installed):
    units = {f"etc/systemd/system/{Path(name).name}" for name in tracked("systemd/hand-dance*.*")}
    assert len(units) == 15
    links = {unit for unit in units if (installed.root / unit).is_symlink()}
    assert units - links == {"etc/systemd/system/hand-dance-guard.service"}
    wanted = {path.name: str(path.readlink()) for path in installed.root.glob("etc/systemd/system/*.wants/*")}
    started = (SCRIPT.parent / "services").read_text().split()
    assert wanted == {name: f"/etc/systemd/system/{name}" for name in started}, "tied to no release's folder"
    assert {str((installed.root / unit).readlink()) for unit in links} == {
        f"/opt/hand-dance/current/systemd/{Path(unit).name}" for unit in links
    }
    assert outside(installed) == {
        "etc/systemd/system/hand-dance-guard.service",
        "etc/sysusers.d/hand-dance.conf",
        "etc/tmpfiles.d/hand-dance.conf",
        "etc/NetworkManager/dispatcher.d/90-hand-dance",
        "etc/systemd/system.conf.d/hand-dance.conf",
        "etc/udev/rules.d/60-hand-dance.rules",
        "etc/hand-dance/config.toml",
        "opt/hand-dance/bin/python",
        "opt/hand-dance/bin/hand-dance",
        "opt/hand-dance/guard",
        "usr/local/bin/hand-dance",
    }
    assert "--system-site-packages" in installed.log.read_text()


def test_what_is_installed_is_a_release_like_every_other(installed):
    name = installed.releases.current()
    assert name.startswith("0.1.0-")
    assert installed.releases.trial() is None
    current = installed.root / "opt/hand-dance/current"
    assert (current / "systemd/hand-dance.service").read_bytes() == (SCRIPT.parent / "hand-dance.service").read_bytes()
    assert str((current / "systemd").readlink()) == "lib/python3.11/site-packages/firmware_py/systemd"


def test_the_stable_commands_run_those_of_the_current_release(installed, tmp_path):
    script = installed.root / "opt/hand-dance/bin/hand-dance"
    place = installed.root / "opt/hand-dance"
    script.write_text(script.read_text().replace("/opt/hand-dance", str(place)))
    said = place / "current/bin/hand-dance"
    said.write_text('#!/bin/sh\necho "$0 $*"\n')
    done = subprocess.run([script, "run", "a b"], capture_output=True, text=True)
    assert done.stdout == f"{place}/releases/{installed.releases.current()}/bin/hand-dance run a b\n"


def test_the_settings_put_there_change_nothing(installed):
    assert load_config({}, {}, (installed.settings,)) == Config()


def test_a_second_install_is_a_release_beside_the_first_and_keeps_the_settings(installed):
    before, first = outside(installed), installed.releases.current()
    installed.settings.write_text('[play]\nsong = "twinkle"\n')
    assert installed.make("install").returncode == 0
    assert outside(installed) == before
    assert installed.settings.read_text() == '[play]\nsong = "twinkle"\n'
    assert installed.releases.current() != first
    assert installed.releases.before() == first


def test_a_unit_that_the_new_release_has_not_is_taken_away(installed):
    units = installed.root / "etc/systemd/system"
    for gone in ("hand-dance-page.service", "multi-user.target.wants/hand-dance-page.service"):
        (units / gone).symlink_to("/opt/hand-dance/current/systemd/hand-dance-page.service")
    settle = installed.releases.place / "current/systemd/settle"
    done = subprocess.run([settle], env=installed.environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert not [path for path in units.rglob("*") if "page" in path.name]
    assert (units / "hand-dance.service").is_symlink()


def test_what_another_release_wanted_elsewhere_is_wanted_in_one_place(installed):
    units = installed.root / "etc/systemd/system"
    for before in ("multi-user.target.wants/hand-dance.service", "timers.target.wants/hand-dance-post.timer"):
        (units / before).parent.mkdir(exist_ok=True)
        (units / before).symlink_to("/etc/systemd/system/" + Path(before).name)
    settle = installed.releases.place / "current/systemd/settle"
    done = subprocess.run([settle], env=installed.environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    wanted = [str(link.relative_to(units)) for link in units.glob("*.wants/*")]
    assert wanted.count("hand-dance.target.wants/hand-dance.service") == 1
    assert "hand-dance.target.wants/hand-dance-post.timer" in wanted
    assert "multi-user.target.wants/hand-dance.target" in wanted
    assert not [link for link in wanted if link.startswith(("timers", "multi-user.target.wants/hand-dance.service"))]


def test_a_power_cut_on_the_way_from_one_release_to_another_leaves_everything_wanted(installed, tmp_path):
    """It is cut here where the first of the old links is taken away."""
    units = installed.root / "etc/systemd/system"
    shutil.rmtree(units / "hand-dance.target.wants")
    started = (SCRIPT.parent / "services").read_text().split()
    for name in started:
        (units / "multi-user.target.wants" / name).unlink(missing_ok=True)
        (units / "multi-user.target.wants" / name).symlink_to(f"/etc/systemd/system/{name}")
    cut = tmp_path / "cut" / "rm"
    cut.parent.mkdir()
    cut.write_text("#!/bin/sh\nexit 1\n")
    cut.chmod(0o755)
    environment = installed.environment | {"PATH": f"{cut.parent}:{os.environ['PATH']}"}
    settle = installed.releases.place / "current/systemd/settle"
    assert subprocess.run([settle], env=environment, capture_output=True).returncode == 1, "nothing was taken away"
    wanted = {link.name for link in units.glob("*.wants/*")}
    assert wanted >= set(started)
    assert (units / "hand-dance.target.wants/hand-dance.service").is_symlink()


def test_what_was_installed_before_there_were_releases_makes_way(box):
    program = box.root / "opt/hand-dance"
    for old in ("bin/pip", "lib/python3.11/site-packages/x.py", "pyvenv.cfg"):
        (program / old).parent.mkdir(parents=True, exist_ok=True)
        (program / old).touch()
    assert box.make("install").returncode == 0
    assert sorted(path.name for path in program.iterdir()) == ["bin", "current", "guard", "releases"]
    assert sorted(path.name for path in (program / "bin").iterdir()) == ["hand-dance", "python"]


def test_the_program_is_built_from_all_its_sources_and_from_nothing_built_before(installed):
    built = set((installed.log.parent / "log.built").read_text().splitlines())
    sources = tracked(
        "firmware_py", "ext", "systemd", "setup.py", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"
    )
    assert {f"./{name}" for name in sources} <= built
    assert not [name for name in built if name.endswith(".so")]


def test_numpy_stays_at_the_major_version_that_the_system_has(installed):
    import numpy

    major = int(numpy.__version__.partition(".")[0])
    assert (installed.log.parent / "log.built").read_text().splitlines()[-1] == f"numpy<{major + 1}"


def test_uninstall_leaves_what_was_played_and_the_settings(installed):
    played = installed.root / "var/lib/hand-dance/sessions/one/sound.wav"
    played.parent.mkdir(parents=True)
    played.touch()
    own = installed.root / "etc/systemd/system/hand-dance.service.d/own.conf"
    own.parent.mkdir()
    own.touch()
    done = installed.make("uninstall")
    assert done.returncode == 0
    assert installed.files() == {
        "etc/hand-dance/config.toml",
        "etc/systemd/system/hand-dance.service.d/own.conf",
        "var/lib/hand-dance/sessions/one/sound.wav",
    }
    assert "/var/lib/hand-dance" in done.stdout
    assert "/etc/hand-dance" in done.stdout
    assert not [path for path in installed.root.rglob("*") if path.is_symlink()]
    assert installed.make("uninstall").returncode == 0


def test_without_network_nothing_is_changed_and_one_line_says_so(installed):
    before = {name: (installed.root / name).read_bytes() for name in installed.files()}
    done = installed.make("install", OFFLINE="1")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("systemd/install: the program could not be built or fetched")
    assert {name: (installed.root / name).read_bytes() for name in installed.files()} == before


def test_an_old_python_is_refused_with_what_to_do(box):
    old = box.python.parent / "old"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = box.make("install", PYTHON=str(old))
    assert done.returncode == 1
    assert "is not Python 3.11 or later; use Debian 12 or newer" in done.stderr
    assert not box.root.exists()


def test_who_is_not_root_is_told_to_be(box):
    nobody = box.python.parent / "bin"
    nobody.mkdir()
    (nobody / "id").write_text("#!/bin/sh\necho 1000\n")
    (nobody / "id").chmod(0o755)
    done = box.make("uninstall", DESTDIR="", PATH=f"{nobody}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert done.stderr == "systemd/install: this changes the system and needs root; run: sudo make uninstall\n"


def test_another_word_is_refused(box):
    done = box.make("instal")
    assert done.returncode == 1
    assert done.stderr == "systemd/install: 'instal' is neither install nor uninstall\n"


@pytest.mark.parametrize("name", ["install", "hand-dance", "settle", "guard", "of-current", "package", "keep-on"])
def test_the_strictest_shell_can_read_it(name):
    script = SCRIPT.with_name(name)
    shell = shutil.which("dash") or "sh"
    assert subprocess.run([shell, "-n", script], capture_output=True, text=True).stderr == ""
    assert script.read_text().startswith("#!/bin/sh\n")
    assert os.access(script, os.X_OK)


def test_the_command_of_the_box_plays_as_the_instruments_user_over_its_state(tmp_path):
    for name in ("runuser", "sudo"):
        (tmp_path / name).write_text(f'#!/bin/sh\necho {name} "$@"\n')
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        [SCRIPT.with_name("hand-dance"), "sessions", "--json"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert "exec /opt/hand-dance/bin/hand-dance" in SCRIPT.with_name("hand-dance").read_text()
    who = "runuser" if os.geteuid() == 0 else "sudo"
    assert done.stdout == (
        f"{who} -u hand-dance -- env HOME=/var/lib/hand-dance HAND_DANCE_PATHS_STATE=/var/lib/hand-dance "
        "/opt/hand-dance/bin/hand-dance sessions --json\n"
    )


def test_what_a_box_must_keep_is_moved_to_the_data_partition_once(installed):
    played = installed.root / "var/lib/hand-dance/sessions/one/sound.wav"
    played.parent.mkdir(parents=True)
    played.touch()
    keep_on = [SCRIPT.with_name("keep-on"), "/data"]
    for _ in range(2):
        done = subprocess.run(keep_on, env=installed.environment, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
    lines = (installed.root / "etc/fstab").read_text().splitlines()
    kept = [line.split()[1] for line in lines]
    assert kept == [
        "/var/lib/hand-dance",
        "/opt/hand-dance",
        "/etc/hand-dance",
        "/etc/NetworkManager/system-connections",
        "/etc/credstore",
        "/etc/credstore.encrypted",
    ]
    assert all(line.split()[0] == f"/data/hand-dance{folder}" for line, folder in zip(lines, kept, strict=True))
    moved = installed.root / "data/hand-dance"
    assert (moved / "var/lib/hand-dance/sessions/one/sound.wav").exists()
    assert Releases(moved / "opt/hand-dance").current() == installed.releases.current()


def test_whatever_a_unit_writes_to_for_good_is_kept_where_root_is_never_written_to(installed):
    """A new folder in ReadWritePaths or StateDirectory must be thought of in keep-on, or be named here."""
    kept = set(SCRIPT.with_name("keep-on").read_text().split())
    units = "".join(path.read_text() for path in SCRIPT.parent.glob("*.service") if "settle" not in path.name)
    written = {
        part.lstrip("-")
        for line in re.findall(r"^ReadWritePaths=(.*(?:\\\n.*)*)$", units, re.M)
        for part in line.split()
    }
    written |= {f"/var/lib/{name}" for name in re.findall(r"^StateDirectory=(.*)$", units, re.M)}
    forgotten = {"\\", "/var/lib/systemd"} | {path for path in written if path.startswith(("/run", "/boot"))}
    assert written - forgotten <= kept


def test_keep_on_says_what_it_needs(box):
    done = subprocess.run([SCRIPT.with_name("keep-on")], env=box.environment, capture_output=True, text=True)
    assert (done.returncode, "name the folder" in done.stderr) == (1, True)
    done = subprocess.run([SCRIPT.with_name("keep-on"), "/data"], env=box.environment, capture_output=True, text=True)
    assert (done.returncode, "install one first" in done.stderr) == (1, True)


def test_the_image_takes_every_package_that_an_install_takes():
    make = (ROOT / "Makefile").read_text()
    wanted = {
        name
        for key in ("DEMO", "BOX", "PI")
        for name in re.findall(rf"^{key}_PACKAGES := (.*)$", make, re.M)[0].split()
    }
    layer = (SCRIPT.parent / "image/layer/hand-dance.yaml").read_text()
    assert {name for name in wanted if "$" not in name} <= set(re.findall(r"^    - ([a-z0-9-]+)$", layer, re.M))
