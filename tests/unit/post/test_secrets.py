"""The secret is planted, everything goes wrong, and then every log, message, traceback and file is searched for it."""

import base64
import logging
import sys
import traceback

import pytest

from firmware_py.cli import main
from firmware_py.config import Config, MailSettings, PathSettings
from firmware_py.errors import MailError
from firmware_py.post.mailer import open_outbox, queue_session
from firmware_py.post.smtp import SmtpTransport

PLANTED = "Zq7-planted-Zq7"
LOGINS = ["plain", "login", "xoauth2"]


@pytest.fixture
def environment(tmp_path, server, authority_file, password_file, make_session, monkeypatch):
    """A box whose secret is planted, with a letter that is due, told by its environment as a service would be."""
    password_file.write_text(PLANTED)
    settings = {
        "PATHS_STATE": tmp_path / "state",
        "MAIL_TRANSPORT": "smtp",
        "MAIL_HOST": "localhost",
        "MAIL_PORT": server.port,
        "MAIL_USER": "box",
        "MAIL_PASSWORD_FILE": password_file,
        "MAIL_CA_FILE": authority_file,
        "MAIL_SENDER": "box@example.org",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"HAND_DANCE_{name}", str(value))
    server.extensions = ["SIZE 30000000", "AUTH PLAIN LOGIN XOAUTH2"]
    queue_session(Config(paths=PathSettings(state=str(tmp_path / "state"))), make_session(), "ana@example.org")


def forms(secret):
    """Return the secret as itself and in every shape that it is said in."""
    shapes = [secret, f"\0box\0{secret}", f"user=box\x01auth=Bearer {secret}\x01\x01"]
    return [secret, *(base64.b64encode(each.encode()).decode() for each in shapes)]


@pytest.fixture
def search(tmp_path, capsys, caplog, environment):
    caplog.set_level(logging.DEBUG)

    def look(more=""):
        told = capsys.readouterr()
        files = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
        assert any(path.name == "letters.sqlite" for path in files)
        places = {
            "what is printed": told.out.encode(),
            "what is said": told.err.encode(),
            "the log": caplog.text.encode(),
            "errors and tracebacks": more.encode(),
            **{str(path): path.read_bytes() for path in files},
        }
        for place, content in places.items():
            for form in forms(PLANTED):
                assert form.encode() not in content, f"the secret is in {place}"
        return told.out

    return look


QUOTE = f"535 5.7.8 you said {PLANTED} and {base64.b64encode(PLANTED.encode()).decode()}"
FAULTS = {
    "refused and quoted": {"AUTH": QUOTE},
    "quoted later": {"MAIL": f"550 {PLANTED}"},
    "quoted in the greeting of the body": {"DATA": f"451 {forms(PLANTED)[2]}"},
    "hung up at the login": {"AUTH": "hang up"},
    "nothing": {},
}


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("fault", FAULTS)
def test_the_secret_is_nowhere_whatever_goes_wrong(fault, login, server, search, monkeypatch):
    monkeypatch.setenv("HAND_DANCE_MAIL_LOGIN", login)
    server.login, server.bearer = ("box", PLANTED), PLANTED
    server.faults.at.update(FAULTS[fault])
    main(["post", "--json"])
    told = search()
    assert ('"delivered"' in told) == (fault == "nothing")
    main(["post", "--list"])
    search()


@pytest.mark.parametrize("login", LOGINS)
def test_the_secret_is_in_no_traceback_either(login, server, search, authority_file, password_file):
    server.login, server.bearer = ("box", "changed"), "changed"
    mail = MailSettings(
        host="localhost",
        port=server.port,
        user="box",
        login=login,
        password_file=str(password_file),
        ca_file=str(authority_file),
    )
    with pytest.raises(MailError) as raised:
        SmtpTransport(mail).connect()
    search("".join(traceback.format_exception(raised.value)) + repr(raised.value) + repr(raised.value.__context__))


@pytest.mark.parametrize("spoil", ["mode", "two lines", "no text"])
def test_a_secret_file_that_is_wrong_is_named_and_not_quoted(spoil, search, password_file, tmp_path):
    if spoil == "mode":
        password_file.chmod(0o644)
    elif spoil == "two lines":
        password_file.write_text(f"{PLANTED}\n{PLANTED}\n")
    else:
        password_file.write_bytes(PLANTED.encode() + b"\xff")
    assert main(["post"]) == 1
    told = search()
    assert str(password_file) in told
    with open_outbox(Config(paths=PathSettings(state=str(tmp_path / "state")))) as outbox:
        assert str(password_file) in outbox.letters()[0].reason


def test_the_secret_is_taken_from_a_systemd_credential(server, search, password_file, tmp_path, monkeypatch):
    (tmp_path / "credentials").mkdir()
    password_file.rename(tmp_path / "credentials" / "hand-dance.mail-password")
    monkeypatch.setenv("HAND_DANCE_MAIL_PASSWORD_FILE", "")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    server.login = ("box", PLANTED)
    assert main(["post", "--json"]) == 0
    assert '"delivered"' in search()


def test_no_setting_takes_the_secret_itself(monkeypatch, capsys):
    monkeypatch.setenv("HAND_DANCE_MAIL_PASSWORD", PLANTED)
    assert main(["post", "--list"]) == 2
    assert PLANTED not in capsys.readouterr().err
    assert PLANTED not in " ".join(sys.argv)
