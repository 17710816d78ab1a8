import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from firmware_py.config import Config, MailSettings
from firmware_py.errors import MailError, MailRefusedError
from firmware_py.post.mailer import transport_for
from firmware_py.post.sendmail import SendmailTransport
from firmware_py.post.transports import ServerDownError, ServerRefusedError


@pytest.fixture
def program(tmp_path):
    """A program that keeps its words and what it read, and ends as it is told."""

    def make(code=0, says="", before_reading="pass"):
        path = tmp_path / "a program"
        path.write_text(
            f"#!{sys.executable}\n"
            "import sys, json\n"
            f"{before_reading}\n"
            "content = sys.stdin.buffer.read()\n"
            f"json.dump(sys.argv[1:], open({str(tmp_path / 'words')!r}, 'w'))\n"
            f"open({str(tmp_path / 'read')!r}, 'wb').write(content)\n"
            f"print({says!r}, file=sys.stderr)\n"
            f"sys.exit({code})\n"
        )
        path.chmod(0o755)
        return f"'{path}' -i"

    return make


def send(command, letter, **more):
    return SendmailTransport(command, **more).connect().send(letter)


def test_the_program_gets_sender_recipient_and_the_letter_with_its_own_line_ends(program, letter, tmp_path):
    assert "took it" in send(program(), letter)
    assert (tmp_path / "words").read_text() == '["-i", "-f", "box@example.org", "--", "ana@example.org"]'
    assert (tmp_path / "read").read_bytes() == b"".join(letter.chunks()).replace(b"\r\n", b"\n")


def test_whoever_gets_a_copy_is_named_to_the_program_too(program, letter, tmp_path):
    send(program(), replace(letter, copy_to="owner@example.org"))
    assert (tmp_path / "words").read_text().endswith('"--", "ana@example.org", "owner@example.org"]')


@pytest.mark.parametrize(
    ("code", "wanted"),
    [(75, MailError), (71, MailError), (1, MailError), (67, MailRefusedError), (77, ServerRefusedError)],
)
def test_its_exit_code_says_what_becomes_of_the_letter(program, letter, code, wanted):
    with pytest.raises(MailError, match=f"exit {code}: because") as raised:
        send(program(code, "because"), letter)
    assert type(raised.value) is wanted


def test_a_program_that_ends_without_reading_is_heard(program, letter):
    with pytest.raises(MailRefusedError, match="exit 65"):
        send(program(before_reading="sys.exit(65)"), letter)


def test_a_program_that_hangs_is_ended(program, letter):
    with pytest.raises(ServerDownError, match=r"did not take the letter within 0\.5 s"):
        send(program(before_reading="import signal; signal.pause()"), letter, limit_s=0.5)
    assert threading.active_count() < 20


def test_a_letter_that_breaks_off_is_never_taken_for_a_whole_one(program, letter, tmp_path):
    size = letter.attachments[0].size
    with letter.attachments[0].path.open("r+b") as file:
        file.truncate(size - 1000)
    with pytest.raises(MailError, match="changed while it was being sent"):
        send(program(), letter)
    assert not (tmp_path / "read").exists()


@pytest.mark.parametrize("command", ["", "'", "/nowhere/sendmail -i"])
def test_no_such_program_needs_a_person(letter, command):
    with pytest.raises(ServerRefusedError, match=r"mail\.command"):
        send(command, letter)


UNDER_THE_SERVICE = """
import ctypes, sys
from firmware_py.errors import MailError
from firmware_py.post.sendmail import SendmailTransport
PR_SET_NO_NEW_PRIVS = 38
assert ctypes.CDLL(None, use_errno=True).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
try:
    SendmailTransport(sys.argv[1]).connect()
    print("connected")
except MailError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(("mode", "words"), [(0o755, "connected"), (0o4755, "ServerRefusedError"), (0o2755, "lan")])
def test_where_no_program_can_gain_rights_one_that_is_made_to_is_refused_with_the_way_that_works(
    program, tmp_path, mode, words
):
    command = program()
    (tmp_path / "a program").chmod(mode)
    said = subprocess.run(
        [sys.executable, "-c", UNDER_THE_SERVICE, command], capture_output=True, text=True, check=True
    )
    assert words in said.stdout
    assert mode == 0o755 or ('preset = "lan"' in said.stdout and "msmtp" in said.stdout)


def test_the_configuration_names_the_program_and_its_limit():
    way = transport_for(Config(mail=MailSettings(transport="sendmail", command="msmtp", preset="gmail")))
    assert isinstance(way, SendmailTransport)
    assert way.connect().limit_bytes == 25_000_000
