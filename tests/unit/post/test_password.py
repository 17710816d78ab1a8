import os

import pytest

from firmware_py.post.password import CREDENTIAL, SEALED, password
from firmware_py.post.transports import ServerRefusedError


def test_a_password_is_read_without_its_line_end(tmp_path):
    path = tmp_path / "p"
    path.write_text("s3cret wörd \n")
    path.chmod(0o600)
    assert password(str(path)) == "s3cret wörd "


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_file_that_others_can_read_is_refused_with_what_to_do(tmp_path, mode):
    path = tmp_path / "p"
    path.write_text("s3cret")
    path.chmod(mode)
    with pytest.raises(ServerRefusedError, match=f"mode {mode:04o}, allowed is 0600.*chmod 600") as refused:
        password(str(path))
    assert "s3cret" not in str(refused.value)


def test_the_systemd_credential_is_used_where_no_file_is_named(tmp_path, monkeypatch):
    (tmp_path / CREDENTIAL).write_text("s3cret")
    (tmp_path / CREDENTIAL).chmod(0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert password("") == "s3cret"


def test_a_sealed_one_is_used_where_nobody_put_another(tmp_path, monkeypatch):
    (tmp_path / SEALED).write_text("sealed")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert password("") == "sealed"
    (tmp_path / CREDENTIAL).write_text("by hand")
    assert password("") == "by hand"


def test_no_password_at_all_says_where_to_put_one(monkeypatch):
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(ServerRefusedError, match=r"mail\.password_file"):
        password("")


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"one\ntwo", b"x" * 5000, b"a\0b"])
def test_anything_but_one_line_of_text_is_refused(tmp_path, content):
    path = tmp_path / "p"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ServerRefusedError):
        password(str(path))


def test_a_folder_a_pipe_and_nothing_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "nothing"):
        with pytest.raises(ServerRefusedError):
            password(str(path))
