"""What root does, in a folder that stands for the machine, with commands that are written down."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from firmware_py.box import __main__ as entrance
from firmware_py.box import grant
from firmware_py.box.grant import Root
from firmware_py.box.sealing import seal
from firmware_py.box.wifi import Network
from firmware_py.box.wishes import Wish, ask
from firmware_py.errors import SetupError
from firmware_py.post.password import CREDENTIAL, SEALED, password
from firmware_py.session.networks import read_network

CODE = "WIFI:T:WPA;S:home;P:wifi-secret;;"
FILE = b'[wifi]\r\nssid = "home"\r\npassword = "wifi-secret"\r\n[mail]\r\npassword = "mail-secret"\r\nhost = "x"\r\n'


@pytest.fixture
def machine(tmp_path: Path) -> Root:
    (tmp_path / "wishes").mkdir()
    run = lambda command: _COMMANDS.append(list(command)) or True  # noqa: E731
    return Root(tmp_path, tmp_path / "wishes", run, seal=lambda _name, _secret: None)


_COMMANDS: list[list[str]] = []


@pytest.fixture(autouse=True)
def commands():
    _COMMANDS.clear()
    return _COMMANDS


@pytest.fixture
def boot(tmp_path: Path) -> Path:
    file = tmp_path / "hand-dance.toml"
    file.write_bytes(FILE)
    return file


def test_set_up_keeps_the_secrets_for_root_alone_and_erases_them_where_they_lay(machine, boot, monkeypatch) -> None:
    before = boot.stat()
    assert machine.set_up([boot])
    keyfile = machine.connections / Network("home").file_name
    assert keyfile.read_text() == Network("home", "wifi-secret").keyfile()
    credential = machine.root / "etc/credstore" / CREDENTIAL
    assert [file.stat().st_mode & 0o777 for file in (keyfile, credential)] == [0o600, 0o600]
    assert b"secret" not in boot.read_bytes()
    assert (boot.stat().st_ino, boot.stat().st_size) == (before.st_ino, before.st_size)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credential.parent))
    assert password("") == "mail-secret"


def test_a_machine_that_can_seal_keeps_the_mail_password_sealed_and_no_other_beside_it(machine, boot) -> None:
    sealing = replace(machine, seal=lambda name, secret: f"{name} {secret[::-1]}".encode())
    plain, sealed = machine.root / "etc/credstore" / CREDENTIAL, machine.root / "etc/credstore.encrypted" / SEALED
    machine.set_up([boot])
    boot.write_bytes(FILE)
    sealing.set_up([boot])
    assert not plain.exists()
    assert (sealed.read_text(), sealed.stat().st_mode & 0o777) == (f"{SEALED} terces-liam", 0o600)
    boot.write_bytes(FILE)
    machine.set_up([boot])
    assert (plain.read_text(), sealed.exists()) == ("mail-secret", False)


def test_the_seal_is_systemds_own(tmp_path, monkeypatch, caplog) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}")
    assert seal(SEALED, "mail-secret") is None
    creds = tmp_path / "systemd-creds"
    creds.write_text('#!/bin/sh\necho "$@"\nread -r secret || [ "$secret" ] && echo "${#secret}"\n')
    creds.chmod(0o755)
    assert seal(SEALED, "mail-secret") == f"--with-key=host --name={SEALED} encrypt - -\n11\n".encode()
    creds.write_text("#!/bin/sh\necho no key >&2\nexit 1\n")
    assert seal(SEALED, "mail-secret") is None
    assert "no key" in caplog.text
    assert "mail-secret" not in caplog.text


def test_a_second_start_changes_nothing(machine, boot, commands) -> None:
    machine.set_up([boot])
    kept = {file: file.read_bytes() for file in machine.root.rglob("*") if file.is_file()}
    commands.clear()
    assert machine.set_up([boot])
    assert {file: file.read_bytes() for file in machine.root.rglob("*") if file.is_file()} == kept
    assert commands == []


def test_no_set_up_file_is_no_fault(machine, tmp_path) -> None:
    assert machine.set_up([tmp_path / "none.toml"])


def test_nothing_is_erased_before_it_is_kept(machine, boot, caplog) -> None:
    (machine.root / "etc").write_text("in the way")
    assert not machine.set_up([boot])
    assert boot.read_bytes() == FILE
    assert "cannot be followed" in caplog.text
    assert "secret" not in caplog.text


def test_a_file_cut_in_half_is_told_and_left(machine, boot, caplog) -> None:
    boot.write_bytes(FILE[:40])
    assert not machine.set_up([boot])
    assert "write it again" in caplog.text
    assert boot.read_bytes() == FILE[:40]


def test_a_code_held_up_is_joined_by_root(machine, commands, caplog) -> None:
    caplog.set_level(logging.INFO)
    assert read_network(CODE, machine.wishes) == "the box joins the wireless network home"
    machine.grant()
    name = Network("home").name
    assert (machine.connections / f"{name}.nmconnection").stat().st_mode & 0o777 == 0o600
    assert commands[0] == ["nmcli", "connection", "reload"]
    assert commands[-1][-4:] == ["connection", "up", "id", name]
    assert "secret" not in caplog.text
    assert list(machine.wishes.iterdir()) == []


def test_a_code_that_cannot_be_followed_never_reaches_root(machine) -> None:
    with pytest.raises(SetupError):
        read_network("WIFI:T:WPA;S:home;P:short;;", machine.wishes)
    assert read_network("mailto:ana@example.org", machine.wishes) is None
    assert list(machine.wishes.iterdir()) == []


def test_root_checks_again_what_it_is_asked_for(machine, commands, caplog) -> None:
    for text in ("WIFI:T:WPA;S:home;P:x;;", "rm -rf /", "WIFI:T:WPA;S:a\nb;P:wifi-secret;;"):
        ask(Wish.JOIN_NETWORK, text, machine.wishes)
        machine.grant()
    assert commands == []
    assert not machine.connections.exists()
    assert caplog.text.count("join-network cannot be done") == 3


def test_a_reset_forgets_our_networks_and_no_other(machine, commands) -> None:
    ask(Wish.JOIN_NETWORK, CODE, machine.wishes)
    machine.grant()
    other = machine.connections / "preconfigured.nmconnection"
    other.touch()
    ask(Wish.RESET_NETWORK, folder=machine.wishes)
    machine.grant()
    assert list(machine.connections.iterdir()) == [other]
    assert commands[-1] == ["nmcli", "connection", "reload"]


def test_being_turned_off_comes_last(machine, commands) -> None:
    ask(Wish.POWER_OFF, folder=machine.wishes)
    ask(Wish.JOIN_NETWORK, CODE, machine.wishes)
    machine.grant()
    assert commands[-1] == ["systemctl", "--no-block", "poweroff"]


def test_a_command_that_is_not_there_or_fails_is_told(caplog, tmp_path) -> None:
    assert not grant._run([str(tmp_path / "nmcli"), "connection"])
    assert not grant._run(["false", "now"])
    assert grant._run(["true", "now"])
    assert "false now ended with 1" in caplog.text


def test_another_word_is_refused(capsys) -> None:
    assert entrance.main(["format"]) == 2
    assert "setup, wishes" in capsys.readouterr().err
