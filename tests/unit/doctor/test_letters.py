"""The way of letters: a server that is not there, refuses the login, or answers; and what waits."""

import os
import socket

import pytest

from firmware_py.config import MailSettings
from firmware_py.doctor import letters
from firmware_py.doctor.finding import Level
from firmware_py.errors import MailError, MailRefusedError
from firmware_py.post.mailer import open_outbox

GREEN, AMBER, RED = Level
SMTP = {"transport": "smtp"}
HOST = "smtp.example.org"


class Line:
    def close(self):
        pass


def _look(patient, monkeypatch, outcome, **settings):
    asked = []

    class Transport:
        def __init__(self, settings, patience):
            asked.append(settings)
            assert patience.connect <= 5

        def connect(self):
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

    monkeypatch.setattr(letters, "SmtpTransport", Transport)
    host = "" if "preset" in settings else HOST
    (found,) = letters.mail(patient(mail=MailSettings(**SMTP, host=host, **settings)))
    return found, asked[0]


def test_a_server_that_takes_the_login_is_green(patient, monkeypatch, tmp_path):
    found, asked = _look(patient, monkeypatch, Line(), user="ana", password_file=str(tmp_path / "secret"))
    assert (found.level, "takes the login" in found.found, asked.user) == (GREEN, True, "ana")


def test_a_login_whose_password_is_the_mail_services_alone_is_not_tried(patient, monkeypatch):
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    found, asked = _look(patient, monkeypatch, Line(), user="ana")
    assert (found.level, "alone to try" in found.found, asked.user) == (GREEN, True, "")


@pytest.mark.parametrize(
    ("error", "level"),
    [(MailRefusedError("the login was refused (535)"), RED), (MailError("no answer; look at the cable"), AMBER)],
)
def test_a_refusal_needs_a_person_and_a_silence_does_not(patient, monkeypatch, error, level):
    found, _ = _look(patient, monkeypatch, error)
    assert found.level is level
    assert found.remedy


def test_a_port_where_nobody_listens_is_amber_at_once(patient):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings = MailSettings(transport="smtp", host="127.0.0.1", port=taken.getsockname()[1], security="none")
        (found,) = letters.mail(patient(mail=settings))
    assert found.level is AMBER


def test_a_preset_is_looked_at_as_it_sends_and_says_what_it_wants(patient, monkeypatch):
    found, asked = _look(patient, monkeypatch, MailRefusedError("the login was refused (535)"), preset="gmail")
    assert (asked.host, asked.port) == ("smtp.gmail.com", 587)
    assert found.level is RED
    assert "app password" in found.remedy


@pytest.mark.parametrize(
    ("mode", "level", "words"),
    [
        (0o755, GREEN, "letters go through"),
        (0o4755, AMBER, "rights"),
        (0o2755, AMBER, "rights"),
        (0o644, RED, "cannot"),
    ],
)
def test_a_program_is_looked_at_before_a_letter_needs_it(patient, tmp_path, mode, level, words):
    program = tmp_path / "sendmail"
    program.write_text("#!/bin/sh\n")
    program.chmod(mode)
    (found,) = letters.mail(patient(mail=MailSettings(transport="sendmail", command=str(program))))
    assert (found.level, words in found.found) == (level, True)
    assert level is GREEN or "msmtp" in found.remedy or "install it" in found.remedy


def test_a_maildir_that_cannot_be_written_is_red(patient, monkeypatch):
    assert letters.mail(patient())[0].level is GREEN
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert letters.mail(patient())[0].level is RED
    assert letters.mail(patient(mail=MailSettings(transport="off")))[0].level is GREEN


def test_letters_that_wait_and_those_that_are_stuck_are_counted_with_the_reason(patient):
    box = patient()
    assert letters.outbox(box)[0].found == "none yet"
    with open_outbox(box.config) as outbox:
        numbers = []
        for name in ("one", "two", "three"):
            (box.config.state / "sessions" / name).mkdir(parents=True)
            numbers.append(outbox.queue(box.config.state / "sessions" / name, "ana@example.org"))
        assert letters.outbox(box)[0].level is GREEN
        outbox.delivered(numbers[0], "250 ok")
        outbox.wait(numbers[1], "no network", server_wide=True)
        (found,) = letters.outbox(box)
        assert (found.level, found.figures) == (AMBER, {"delivered": 1, "waiting": 2, "stuck": 0})
        assert "no network" in found.found
        outbox.stop(numbers[2], "the login was refused")
    (found,) = letters.outbox(box)
    assert (found.level, "the login was refused" in found.found) == (RED, True)


def test_an_outbox_that_is_broken_is_red(patient):
    box = patient()
    (box.config.state / "outbox").mkdir()
    (box.config.state / "outbox" / "letters.sqlite").write_text("no database, far from it " * 100)
    assert letters.outbox(box)[0].level in (RED, GREEN)  # a later outbox mends itself
