import json
import logging
from dataclasses import replace

import pytest

from firmware_py.config import Config, MailSettings, PathSettings
from firmware_py.errors import MailError, MailRefusedError
from firmware_py.post import mailer
from firmware_py.post.mailer import Mailer, as_json, open_outbox, queue_session, send_due, transport_for
from firmware_py.post.queued_letter import LetterState
from firmware_py.post.transports import ServerDownError, ServerRefusedError


class Postman:
    """A transport that does what it is told: an error per recipient or for everybody, else it takes the letter."""

    def __init__(self):
        self.taken = []
        self.calls = 0
        self.refuses = {}
        self.closed = None
        self.limit_bytes = None
        self.hung_up = 0

    def connect(self):
        self.calls += 1
        if self.closed:
            raise self.closed
        return self

    def send(self, letter):
        if letter.recipient in self.refuses:
            raise self.refuses[letter.recipient]
        b"".join(letter.chunks())
        self.taken.append((letter.recipient, letter.message_id))
        return "250 ok"

    def close(self):
        self.hung_up += 1


@pytest.fixture
def postman():
    return Postman()


@pytest.fixture
def run(outbox, postman, clock):
    return lambda: Mailer(outbox, postman, "box@example.org", clock).run()


def test_all_due_letters_leave_in_order_on_one_line(outbox, make_session, postman, run):
    numbers = [outbox.queue(make_session(name), f"{name}@example.org") for name in "abc"]
    after = run()
    assert [(d.id, d.state, d.where) for d in after] == [(n, LetterState.DELIVERED, "250 ok") for n in numbers]
    assert [recipient for recipient, _ in postman.taken] == ["a@example.org", "b@example.org", "c@example.org"]
    assert (postman.calls, postman.hung_up) == (1, 1)
    assert run() == []
    assert postman.calls == 1


def test_one_stuck_letter_blocks_no_other(outbox, make_session, postman, run):
    for name in "abc":
        outbox.queue(make_session(name), f"{name}@example.org")
    postman.refuses = {"a@example.org": MailError("450 busy"), "b@example.org": MailRefusedError("550 nobody")}
    assert [d.state for d in run()] == [LetterState.WAITING, LetterState.NEEDS_A_PERSON, LetterState.DELIVERED]


def test_a_server_that_is_down_is_called_once_and_all_letters_wait(outbox, make_session, postman, run, clock):
    for name in "abc":
        outbox.queue(make_session(name), f"{name}@example.org")
    postman.closed = ServerDownError("no route to the mail server")
    after = run()
    assert [(d.state, d.reason) for d in after] == [(LetterState.WAITING, "no route to the mail server")] * 3
    assert postman.calls == 1
    postman.closed = None
    assert run() == []
    clock.now = after[0].next_try
    assert [d.state for d in run()] == [LetterState.DELIVERED] * 3
    assert [recipient[0] for recipient, _ in postman.taken] == ["a", "b", "c"]


def test_a_wrong_password_is_tried_once_and_a_new_one_frees_all(outbox, make_session, postman, run):
    for name in "ab":
        outbox.queue(make_session(name), f"{name}@example.org")
    postman.closed = ServerRefusedError("535 wrong password")
    assert [d.state for d in run()] == [LetterState.NEEDS_A_PERSON] * 2
    assert postman.calls == 1
    assert run() == []
    postman.closed = None
    outbox.queue(make_session("c"), "c@example.org")
    assert sorted(d.id for d in run()) == [1, 2, 3]
    assert all(a.state is LetterState.DELIVERED for a in outbox.letters())


def test_a_letter_keeps_its_message_id_over_every_try(outbox, make_session, postman, run, clock):
    number = outbox.queue(make_session(), "ana@example.org")
    message_id = outbox.letter(number).message_id
    postman.refuses = {"ana@example.org": MailError("450 busy")}
    for _ in range(3):
        (after,) = run()
        clock.now = after.next_try
    postman.refuses = {}
    run()
    assert postman.taken == [("ana@example.org", message_id)]


def test_a_letter_queued_while_others_are_sent_goes_in_the_same_run(outbox, make_session, postman, run):
    outbox.queue(make_session("a"), "a@example.org")
    late = make_session("late")
    take = postman.send

    def send(letter):
        outbox.queue(late, "late@example.org")
        return take(letter)

    postman.send = send
    assert [d.recipient for d in run()] == ["a@example.org", "late@example.org"]


def test_a_letter_that_another_mailer_holds_is_left_to_it(outbox, make_session, postman, tmp_path, clock):
    number = outbox.queue(make_session(), "ana@example.org")
    with outbox.claim(number), open_outbox(Config(paths=PathSettings(state=str(tmp_path / "state")))) as other:
        assert Mailer(other, postman, "box@example.org", clock).run() == []
    assert postman.taken == []


def test_a_vanished_session_needs_a_person_and_says_which(outbox, make_session, postman, run):
    session = make_session()
    outbox.queue(session, "ana@example.org")
    session.rename(session.with_name("moved"))
    (after,) = run()
    assert after.state is LetterState.NEEDS_A_PERSON
    assert str(session) in after.reason


def test_a_wrong_sender_names_the_setting(outbox, make_session, postman, clock):
    outbox.queue(make_session(), "ana@example.org")
    (after,) = Mailer(outbox, postman, "not an address", clock).run()
    assert after.state is LetterState.NEEDS_A_PERSON
    assert after.reason.startswith("mail.sender: 'not an address'")


def test_the_line_is_closed_even_when_the_mailer_breaks(outbox, make_session, postman, run):
    outbox.queue(make_session(), "ana@example.org")
    postman.refuses = {"ana@example.org": KeyboardInterrupt()}
    with pytest.raises(KeyboardInterrupt):
        run()
    assert postman.hung_up == 1
    assert outbox.letters()[0].state is LetterState.SENDING


@pytest.fixture
def config(tmp_path):
    return Config(paths=PathSettings(state=str(tmp_path / "state")))


def test_a_finished_session_lands_in_the_maildir_of_the_state_folder(config, make_session, tmp_path):
    number = queue_session(config, make_session())
    (after,) = send_due(config)
    assert (after.id, after.delivered, after.recipient) == (number, True, "player@localhost")
    assert after.where.startswith(str(tmp_path / "state" / "mail" / "new"))
    assert after.message_id.endswith("@localhost>")
    assert send_due(config) == []


def test_what_post_prints_is_plain_json(config, make_session):
    queue_session(config, make_session(), "ana@example.org")
    with open_outbox(config) as box:
        (listed,) = [as_json(a) for a in box.letters()]
    (sent,) = [as_json(d) for d in send_due(config)]
    told = json.loads(json.dumps([listed, sent]))
    assert told[0]["state"] == "due"
    assert told[1]["state"] == "delivered"
    assert told[1]["where"].endswith(".eml")
    assert {"id", "session", "recipient", "message_id", "state", "reason", "next_try"} <= told[0].keys() & told[
        1
    ].keys()


def test_mail_off_keeps_the_session_on_the_box(config, make_session):
    off = replace(config, mail=MailSettings(transport="off"))
    assert queue_session(off, make_session()) is None
    assert send_due(off) == []


def test_a_wrong_sender_does_not_stop_a_letter_from_being_queued(config, make_session):
    odd = replace(config, mail=MailSettings(sender="nonsense"))
    assert queue_session(odd, make_session()) is not None


def test_by_smtp_a_letter_gets_through_after_the_server_is_back(config, make_session, server, mail, clock):
    smtp = replace(config, mail=mail)
    queue_session(smtp, make_session(), "ana@example.org", clock)
    server.faults.at["taken, unsaid"] = "yes"
    (after,) = send_due(smtp, clock)
    assert after.state is LetterState.WAITING
    server.faults.at.clear()
    clock.now = after.next_try
    (after,) = send_due(smtp, clock)
    assert after.delivered
    # Taken twice, since the server's word was lost: under one Message-ID, which mail programs show once.
    assert server.taken[0] == server.taken[1]


def test_no_log_holds_more_than_it_should(config, make_session, caplog):
    caplog.set_level(logging.DEBUG)
    queue_session(config, make_session(), "ana@example.org")
    send_due(config)
    assert "letter 1: to ana@example.org, try 1" in caplog.text
    assert "delivered" in caplog.text


def test_the_configuration_names_the_transport(config, tmp_path):
    assert transport_for(replace(config, mail=MailSettings(transport="off"))) is None
    assert type(transport_for(replace(config, mail=MailSettings(transport="smtp")))).__name__ == "SmtpTransport"
    elsewhere = transport_for(replace(config, mail=MailSettings(maildir=str(tmp_path / "elsewhere"))))
    assert isinstance(elsewhere, mailer.MaildirTransport)
    elsewhere.connect()
    assert (tmp_path / "elsewhere" / "new").is_dir()
