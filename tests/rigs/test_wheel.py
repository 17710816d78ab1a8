"""The sdist and the wheel are complete: the wheel is built from the sdist, installed elsewhere and used there."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from it and from nothing else."""
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT], check=True, capture_output=True
    )
    return out


def _names_in_wheel(built: Path) -> list[str]:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        return wheel.namelist()


def _tracked(*patterns: str) -> set[str]:
    done = subprocess.run(["git", "-C", ROOT, "ls-files", *patterns], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines())


def test_the_sdist_holds_every_tracked_file_but_dotfiles(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        found = {name.partition("/")[2] for name in sdist.getnames()}
    tracked = {name for name in _tracked() if not name.startswith(".")}
    assert tracked - found == set()


def test_the_wheel_holds_modules_types_headers_songs_and_patches(built: Path) -> None:
    found = set(_names_in_wheel(built))
    wanted = _tracked("firmware_py") | {
        name.replace("ext/include", "firmware_py/include") for name in _tracked("ext/include")
    }
    wanted |= {
        f"firmware_py/{name}" for name in _tracked("systemd") if "/image/" not in name
    }  # a release brings its units
    assert wanted - found == set()
    for compiled in ("_ring", "_synth", "_tones", "_mask", "_loudness"):
        assert any(name.startswith(f"firmware_py/{compiled}.") and name.endswith(".so") for name in found)


def test_the_installed_wheel_works_outside_the_tree(built: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    wheel = next(built.glob("*.whl"))
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", site, wheel],
        check=True,
    )
    environment = {**os.environ, "PYTHONPATH": str(site), "HAND_DANCE_PATHS_STATE": str(tmp_path / "state")}

    def hand_dance(*arguments: str) -> str:
        command = [sys.executable, "-P", "-m", "firmware_py", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True, timeout=100
        ).stdout

    where = subprocess.run(
        [sys.executable, "-P", "-c", "import firmware_py; print(firmware_py.__file__)"],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert where.startswith(str(site)), "the tree was imported, not the installed wheel"
    assert "ode-to-joy" in [song["name"] for song in json.loads(hand_dance("songs", "--json"))]
    found = json.loads(
        hand_dance("play", "--camera", "ghost:plain=1", "--audio", "offline", "--seconds", "5", "--json")
    )
    assert "score.pdf" in found["files"]
