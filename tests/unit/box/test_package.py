"""Packages: one that is whole and signed is unpacked; every other one is refused in a sentence, and nothing is used."""

import json
import os
import struct
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware_py.box import signature
from firmware_py.box.package import MACHINE, MANIFEST, MOST_BYTES, SIGNATURE, Manifest, unpack
from firmware_py.box.packing import main, pack
from firmware_py.box.releases import NAME
from firmware_py.errors import PackageError, UpdateError
from tests.unit.box.conftest import NEW, packed

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)


def test_what_is_packed_is_unpacked_byte_for_byte(wheels, key, signers, tmp_path) -> None:
    package = pack(wheels, key, tmp_path / "dist", NOW)
    assert package.name == f"hand-dance-0.2.0-20260131120000-{MACHINE}.zip"
    manifest = unpack(package, tmp_path / "in", signers)
    assert manifest.release == "0.2.0-20260131120000"
    there = {file.name: file.read_bytes() for file in (tmp_path / "in").iterdir()}
    assert there == {file.name: file.read_bytes() for file in wheels.iterdir()}


def test_make_package_says_what_a_box_needs_to_take_it(wheels, key, tmp_path, capsys) -> None:
    assert main([str(wheels), str(key), str(tmp_path / "dist")]) == 0
    assert f"echo 'hand-dance {signature.public_half(key)}' | sudo tee -a" in capsys.readouterr().out
    assert main([str(wheels)]) == 2
    (wheels / "hand_dance-0.3.0-py3-none-any.whl").touch()
    assert main([str(wheels), str(key), str(tmp_path / "dist")]) == 1
    assert "holds 2 wheels of hand_dance and one is needed" in capsys.readouterr().err


def swapped(name: str, data: bytes):
    return lambda inside: inside.update({name: data})


def field(name: str, value: object):
    return lambda content: json.dumps({**json.loads(content), name: value}).encode()


def file_field(name: str, value: object):
    def changed(content: bytes) -> bytes:
        told = json.loads(content)
        told["files"][0][name] = value
        return json.dumps(told).encode()

    return changed


WHEEL = "hand_dance-0.2.0-cp311-cp311-linux_x86_64.whl"
REFUSED = {
    "unsigned": ({"entries": lambda inside: inside.pop(SIGNATURE)}, "there is no manifest.json.sig in it"),
    "no manifest": ({"entries": lambda inside: inside.pop(MANIFEST)}, "there is no manifest.json in it"),
    "empty signature": ({"entries": swapped(SIGNATURE, b"")}, "signed by nobody whom"),
    "signature of nothing": ({"entries": swapped(SIGNATURE, b"-----BEGIN SSH SIGNATURE-----\n")}, "signed by nobody"),
    "other manifest": ({"entries": swapped(MANIFEST, b"{}")}, "signed by nobody whom"),
    "huge signature": ({"entries": swapped(SIGNATURE, b"x" * 200_000)}, "has 200000 bytes"),
    "wheel changed": ({"entries": swapped(WHEEL, b"progrem" * 999)}, "not the file that was signed"),
    "wheel short": ({"entries": swapped(WHEEL, b"program" * 998)}, "not the file that was signed"),
    "wheel long": ({"entries": swapped(WHEEL, b"program" * 9999)}, "not the file that was signed"),
    "wheel missing": ({"entries": lambda inside: inside.pop(WHEEL)}, "not those of its manifest"),
    "file besides": ({"entries": swapped("../../etc/passwd", b"root::0:0::/:")}, "not those of its manifest"),
    "compressed": ({"compression": zipfile.ZIP_DEFLATED}, "its files are compressed"),
    "other machine": ({"machine": "riscv64"}, "it is for riscv64 and Python"),
    "other Python": ({"python": "3.9"}, "Python 3.9, and this is"),
    "later format": ({"manifest": field("format", 2)}, "its format is 2, known here is 1"),
    "release is a path": ({"release": "../../../etc-20260101120000"}, "manifest cannot be understood"),
    "release without a time": ({"release": "0.2.0"}, "manifest cannot be understood"),
    "name is a path": ({"manifest": file_field("name", "../evil.whl")}, "manifest cannot be understood"),
    "name is absolute": ({"manifest": file_field("name", "/etc/evil.whl")}, "manifest cannot be understood"),
    "name is an option": ({"manifest": file_field("name", "--target=x.whl")}, "manifest cannot be understood"),
    "name is no wheel": ({"manifest": file_field("name", "setup.py")}, "manifest cannot be understood"),
    "size is true": ({"manifest": file_field("size", True)}, "manifest cannot be understood"),
    "size is too small": ({"manifest": file_field("size", 5)}, "not the file that was signed"),
    "size is negative": ({"manifest": file_field("size", -5)}, "not the file that was signed"),
    "no sum": ({"manifest": file_field("sha256", "")}, "manifest cannot be understood"),
    "a file twice": ({"files": lambda wheels: (*wheels, wheels[0])}, "manifest cannot be understood"),
    "a list": ({"manifest": lambda _: b"[]"}, "manifest cannot be understood"),
    "no text": ({"manifest": lambda _: b"\xff\xfe"}, "manifest cannot be understood"),
    "deep": ({"manifest": lambda _: b"[" * 60_000}, "manifest cannot be understood"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_package_that_is_not_as_it_should_be_is_refused_in_one_sentence(case, wheels, key, signers, tmp_path) -> None:
    wrong, says = REFUSED[case]
    package = packed(wheels, key, tmp_path / "package.zip", **wrong)
    with pytest.raises(PackageError) as refused:
        unpack(package, tmp_path / "in", signers)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.exit_code == 2
    beside = {"built", "package.zip", "signers", "in"}
    assert {file.name for file in tmp_path.iterdir()} <= beside


def test_who_signed_must_be_trusted_here_and_for_this(wheels, key, signers, tmp_path) -> None:
    package = packed(wheels, key, tmp_path / "package.zip")
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
    signers.write_text(f"hand-dance {signature.public_half(other)}\n")
    with pytest.raises(PackageError, match="signed by nobody whom"):
        unpack(package, tmp_path / "in", signers)
    signers.write_text("")
    with pytest.raises(PackageError, match="this box trusts nobody's updates yet"):
        unpack(package, tmp_path / "in", signers)
    signers.unlink()
    with pytest.raises(PackageError, match="this box trusts nobody's updates yet"):
        unpack(package, tmp_path / "in", signers)


def test_a_signature_that_was_made_for_something_else_is_none(wheels, key, signers, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(signature, "_FOR", "git")
    package = packed(wheels, key, tmp_path / "package.zip")
    monkeypatch.undo()
    with pytest.raises(PackageError, match="signed by nobody whom"):
        unpack(package, tmp_path / "in", signers)


def test_without_ssh_keygen_one_is_told_what_to_install(wheels, key, signers, tmp_path, monkeypatch) -> None:
    package = packed(wheels, key, tmp_path / "package.zip")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UpdateError, match="apt install openssh-client"):
        unpack(package, tmp_path / "in", signers)


def test_a_key_that_is_none_signs_nothing(tmp_path) -> None:
    (tmp_path / "id").write_text("no key")
    with pytest.raises(UpdateError, match="name another SSH key"):
        signature.sign(b"x", tmp_path / "id")
    with pytest.raises(UpdateError, match="ssh-keygen -y"):
        signature.public_half(tmp_path / "id")


def end(entries: int, directory_bytes: int, *, before: bytes = b"", comment: int = 0) -> bytes:
    return before.ljust(20, b"\0") + struct.pack(
        "<4s4H2LH", b"PK\x05\x06", 0, 0, entries, entries, directory_bytes, 0, comment
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it has 0 bytes"),
        (b"x" * 1000, "it is cut off, or no ZIP"),
        (end(65_000, 65_000 * 60), "it has 65000 files"),
        (end(10, 900_000_000), "it has 10 files"),
        (end(1, 50, before=b"PK\x06\x07"), "it is cut off, or no ZIP"),
        (end(1, 50, comment=5), "it is cut off, or no ZIP"),
        (end(3, 900), "damaged or no package"),
    ],
)
def test_what_is_no_small_zip_file_is_refused_before_it_is_read(content, says, signers, tmp_path) -> None:
    package = tmp_path / "package.zip"
    package.write_bytes(content)
    with pytest.raises(PackageError, match=says):
        unpack(package, tmp_path / "in", signers)


def test_a_file_that_is_too_large_or_not_there_is_refused(signers, tmp_path) -> None:
    with pytest.raises(PackageError, match="there is no file"):
        unpack(tmp_path / "none.zip", tmp_path / "in", signers)
    package = tmp_path / "package.zip"
    package.touch()
    os.truncate(package, MOST_BYTES + 1)
    with pytest.raises(PackageError, match="allowed are"):
        unpack(package, tmp_path / "in", signers)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, key) -> tuple[bytes, Path, Path]:
    place = tmp_path_factory.mktemp("whole")
    (place / "built").mkdir()
    (place / "built/hand_dance-0.2.0-py3-none-any.whl").write_bytes(b"program" * 20)
    signers = place / "signers"
    signers.write_text(f"hand-dance {signature.public_half(key)}\n")
    return packed(place / "built", key, place / "package.zip").read_bytes(), signers, place


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_wherever_a_package_is_cut_or_a_byte_is_wrong_it_is_refused_or_the_same(whole, data) -> None:
    content, signers, place = whole
    at = data.draw(st.integers(0, len(content) - 1))
    wrong = data.draw(st.one_of(st.none(), st.integers(1, 255)))
    damaged = content[:at] if wrong is None else content[:at] + bytes([content[at] ^ wrong]) + content[at + 1 :]
    file, to = place / "damaged.zip", place / "in"
    file.write_bytes(damaged)
    for left in to.glob("*"):
        left.unlink()
    try:
        manifest = unpack(file, to, signers)
    except PackageError:
        return
    assert manifest.release == NEW
    assert [path.read_bytes() for path in to.iterdir()] == [b"program" * 20]


@given(st.binary(max_size=300))
def test_any_manifest_is_read_or_refused(content) -> None:
    try:
        manifest = Manifest.from_bytes(content)
    except PackageError:
        return
    assert NAME.fullmatch(manifest.release)
