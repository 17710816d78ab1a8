"""Whom a session's letter goes to, and who gets a copy."""

import json
import logging
from dataclasses import replace

import pytest

from firmware_py.archive.players import Players
from firmware_py.archive.session_folder import SessionFolder
from firmware_py.config import Config, MailSettings, PathSettings
from firmware_py.errors import MailRefusedError
from firmware_py.post.mailer import queue_session, send_due
from firmware_py.post.outbox import HELD
from firmware_py.post.queued_letter import LetterState
from firmware_py.post.recipients import Recipient, copy_for, recipient_of


@pytest.fixture
def config(tmp_path):
    return Config(paths=PathSettings(state=str(tmp_path / "state")), mail=MailSettings(recipient="box@example.org"))


def test_the_sessions_own_address_counts_before_the_players_and_the_players_before_the_boxs(config, make_session):
    session = make_session()
    assert recipient_of(config, session) == Recipient("box@example.org", "box")
    Players(config.state).keep("ana", address="ana@example.org")
    assert recipient_of(config, session) == Recipient("ana@example.org", "player")
    SessionFolder(session).update(address="code@example.org")
    assert recipient_of(config, session) == Recipient("code@example.org", "session")


def test_an_address_broken_by_hand_is_passed_over_and_said(config, make_session, caplog):
    session = make_session()
    Players(config.state).keep("Ana", address="nobody at all")
    SessionFolder(session).update(address="a@b.org, c@d.org")
    with caplog.at_level(logging.WARNING):
        assert recipient_of(config, session).how == "box"
    assert "of this session is passed over" in caplog.text
    assert "of this player is passed over" in caplog.text


def test_a_session_without_a_record_goes_to_the_box(config, make_session):
    session = make_session()
    (session / SessionFolder.RECORD).write_text("{")
    assert recipient_of(config, session).address == "box@example.org"
    with pytest.raises(MailRefusedError):
        recipient_of(replace(config, mail=MailSettings(recipient="")), session)


@pytest.mark.parametrize(
    ("copy_to", "copied"),
    [
        ("", ""),
        ("owner@example.org", "owner@example.org"),
        ("ANA@example.org", ""),
        ("nobody", ""),
        ("ownér@example.org", ""),
    ],
)
def test_a_copy_goes_to_another_address_or_not_at_all(copy_to, copied):
    assert copy_for(copy_to, "ana@example.org") == copied


def test_a_letter_waits_for_an_address_and_goes_at_once_when_one_comes(config, make_session, clock):
    session = make_session()
    queue_session(config, session, clock=clock, after_s=60.0)
    assert send_due(config, clock) == []
    clock.now += 59
    assert send_due(config, clock) == []
    SessionFolder(session).update(address="ana@example.org")
    queue_session(config, session, clock=clock)
    (sent,) = send_due(config, clock)
    assert (sent.recipient, sent.delivered) == ("ana@example.org", True)


def test_a_letter_that_waited_for_nobody_goes_by_itself(config, make_session, clock):
    queue_session(config, make_session(), clock=clock, after_s=60.0)
    clock.now += 61
    (sent,) = send_due(config, clock)
    assert (sent.recipient, sent.delivered) == ("box@example.org", True)


def test_queueing_again_without_a_wait_ends_the_wait(outbox, make_session, clock):
    session = make_session()
    number = outbox.queue(session, "a@example.org", 60.0)
    held = outbox.letter(number)
    assert (held.state, held.reason, held.next_try) == (LetterState.WAITING, HELD, clock.now + 60)
    assert outbox.queue(session, "a@example.org", 60.0) == number
    assert outbox.letter(number).state is LetterState.WAITING
    outbox.queue(session, "a@example.org")
    assert (outbox.letter(number).state, outbox.letter(number).reason) == (LetterState.DUE, "")


def test_queueing_again_does_not_hurry_a_letter_that_waits_for_the_server(outbox, make_session):
    session = make_session()
    number = outbox.queue(session, "a@example.org")
    outbox.wait(number, "450 busy")
    outbox.queue(session, "a@example.org")
    assert outbox.letter(number).state is LetterState.WAITING


def test_the_owners_copy_stands_in_the_header_and_goes_to_the_server(config, make_session, server, mail):
    mail = replace(mail, copy_to="owner@example.org")
    queue_session(config, make_session(), "ana@example.org")
    (sent,) = send_due(replace(config, mail=mail))
    assert sent.delivered
    assert [line for line in server.lines if line.startswith("RCPT")] == [
        "RCPT TO:<ana@example.org>",
        "RCPT TO:<owner@example.org>",
    ]
    assert b"\r\nCc: owner@example.org\r\n" in server.taken[0]


def test_a_refused_copy_keeps_no_letter_from_its_player(config, make_session, server, mail, monkeypatch, caplog):
    def on_rcpt(conversation, line):
        conversation.say("550 no such owner" if "owner" in line else "250 ok")

    monkeypatch.setattr(f"{type(server).__module__}.Conversation.on_rcpt", on_rcpt)
    mail = replace(mail, copy_to="owner@example.org")
    queue_session(config, make_session(), "ana@example.org")
    (sent,) = send_due(replace(config, mail=mail))
    assert sent.delivered
    assert "takes no copy for owner@example.org: 550 no such owner" in caplog.text


def test_players_keep_their_address_and_language(tmp_path):
    Players(tmp_path).keep("Ana", address="ana@example.org", language="es")
    Players(tmp_path).keep("Ana", hand="left")
    kept = json.loads((tmp_path / "players.json").read_text())["players"]["Ana"]
    assert kept == {"hand": "left", "address": "ana@example.org", "language": "es"}
    Players(tmp_path).keep("Ana", address="", language="")
    assert Players(tmp_path).named("Ana").address == ""
