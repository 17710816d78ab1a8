"""``hand-dance post`` as a person or a program calls it."""

import json
import socket

import pytest

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.bench.finished_session import finished_record
from firmware_py.cli import main
from firmware_py.config import Config, PathSettings
from firmware_py.post.mailer import queue_session


@pytest.fixture
def state(tmp_path, monkeypatch):
    """A state folder with two letters that are due."""
    monkeypatch.setenv("HAND_DANCE_PATHS_STATE", str(tmp_path))
    for number in (1, 2):
        folder = SessionFolder.create(tmp_path / "sessions", finished_record(number))
        queue_session(Config(paths=PathSettings(state=str(tmp_path))), folder.path, "ana@example.org")
    return tmp_path


@pytest.fixture
def post(state, capsys):
    def call(*words):
        code = main(["post", *words])
        told = capsys.readouterr()
        return code, json.loads(told.out) if "--json" in words and told.out else told.out, told.err

    return call


def states(letters):
    return [letter["state"] for letter in letters]


def test_list_sends_nothing_and_shows_every_letter(post):
    code, letters, _ = post("--list", "--json")
    assert (code, states(letters)) == (0, ["due", "due"])
    assert letters[0]["recipient"] == "ana@example.org"


def test_cancel_takes_one_letter_out_and_the_other_goes(post):
    code, letters, _ = post("--cancel", "1", "--json")
    assert (code, states(letters)) == (0, ["cancelled"])
    assert states(post("--json")[1]) == ["delivered"]
    assert states(post("--list", "--json")[1]) == ["cancelled", "delivered"]


def test_a_cancelled_letter_goes_when_it_is_retried(post):
    assert states(post("--cancel", "all", "--list", "--json")[1]) == ["cancelled", "cancelled"]
    assert states(post("--retry", "2", "--json")[1]) == ["delivered"]


def test_a_delivered_letter_is_not_cancelled_and_that_is_said(post):
    post("--json")
    code, _, said = post("--cancel", "1")
    assert code == 1
    assert "it cannot be called back" in said


@pytest.mark.parametrize("words", [("--cancel", "x"), ("--cancel", "²"), ("--cancel", "1", "--retry", "1")])
def test_wrong_usage_is_told_apart(post, words):
    assert post(*words)[0] == 2


def test_people_read_a_line_a_letter(post):
    _, told, _ = post("--list")
    assert told.splitlines()[0].split() == ["1", "due", "ana@example.org"]


def test_a_box_without_mail_says_so_and_that_is_no_failure(post, monkeypatch):
    monkeypatch.setenv("HAND_DANCE_MAIL_TRANSPORT", "off")
    code, told, _ = post()
    assert (code, told) == (0, "mail is off (mail.transport): sessions stay on the box, and nothing is sent\n")
    assert post("--json")[:2] == (0, [])


def test_that_nothing_is_due_is_not_told_as_if_all_had_arrived(post, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = free.getsockname()[1]
    monkeypatch.setenv("HAND_DANCE_MAIL_TRANSPORT", "smtp")
    monkeypatch.setenv("HAND_DANCE_MAIL_HOST", "127.0.0.1")
    monkeypatch.setenv("HAND_DANCE_MAIL_PORT", str(closed))
    assert set(states(post("--json")[1])) == {"waiting"}
    assert post()[:2] == (0, "nothing is due: 2 waiting (hand-dance post --list)\n")
    monkeypatch.setenv("HAND_DANCE_MAIL_TRANSPORT", "maildir")
    post("--retry", "all")
    assert post()[:2] == (0, "no letters to send\n")
