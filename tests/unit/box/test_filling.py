"""A release filled from wheels: a real environment, by the system's own venv and pip, without network."""

import subprocess
import zipfile
from pathlib import Path

import pytest

from firmware_py.box.filling import fill
from firmware_py.errors import UpdateError

META = "Metadata-Version: 2.1\nName: hand-dance\nVersion: 0.2.0\n"
INSIDE = {
    "firmware_py/__init__.py": "def main(): print('0.2.0')",
    "firmware_py/systemd/hand-dance.service": "[Service]\n",
    "hand_dance-0.2.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "hand_dance-0.2.0.dist-info/entry_points.txt": "[console_scripts]\nhand-dance = firmware_py:main\n",
}


def wheel(folder: Path, metadata: str = META, **without: str) -> None:
    with zipfile.ZipFile(folder / "hand_dance-0.2.0-py3-none-any.whl", "w") as made:
        names = [*INSIDE, "hand_dance-0.2.0.dist-info/METADATA"]
        for name, text in INSIDE.items():
            if name not in without.values():
                made.writestr(name, text)
        made.writestr(names[-1], metadata)
        made.writestr("hand_dance-0.2.0.dist-info/RECORD", "".join(f"{name},,\n" for name in names))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "release").mkdir()
    (tmp_path / "wheels").mkdir()
    return tmp_path / "release"


def test_a_release_runs_from_its_own_folder_and_brings_its_units(folder, tmp_path) -> None:
    wheel(tmp_path / "wheels")
    fill(folder, tmp_path / "wheels")
    assert subprocess.run([folder / "bin/hand-dance"], capture_output=True, text=True).stdout == "0.2.0\n"
    assert (folder / "systemd/hand-dance.service").read_text() == "[Service]\n"
    assert not (folder / "systemd").readlink().is_absolute()
    assert "include-system-site-packages = true" in (folder / "pyvenv.cfg").read_text()


def test_a_package_that_lacks_what_its_program_needs_is_told_by_name(folder, tmp_path) -> None:
    wheel(tmp_path / "wheels", META + "Requires-Dist: no-such-thing-anywhere>=1\n")
    with pytest.raises(UpdateError, match=r"cannot be installed \(.*no-such-thing-anywhere"):
        fill(folder, tmp_path / "wheels")


def test_a_program_without_its_units_or_no_program_is_refused(folder, tmp_path) -> None:
    with pytest.raises(UpdateError, match="holds 0 wheels of hand_dance"):
        fill(folder, tmp_path / "wheels")
    wheel(tmp_path / "wheels", one="firmware_py/systemd/hand-dance.service")
    (tmp_path / "other").mkdir()
    with pytest.raises(UpdateError, match="without its units or its command"):
        fill(tmp_path / "other", tmp_path / "wheels")
