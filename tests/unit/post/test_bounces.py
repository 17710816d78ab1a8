import socket
import ssl
import threading
from dataclasses import replace

import pytest

from firmware_py.config import Config, MailSettings, PathSettings
from firmware_py.post.bounces import read_bounce, take_in
from firmware_py.post.condition import condition
from firmware_py.post.mailer import open_outbox, queue_session, send_due
from firmware_py.post.queued_letter import LetterState

ID = "<0123456789abcdef0123456789abcdef@example.org>"


def report(action="failed", marked="headers", message_id=ID, enveloped=""):
    """Return a delivery report as RFC 3464 has it."""
    returned = {
        "headers": f"Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message_id}\r\nSubject: Ode to Joy\r\n",
        "whole": f"Content-Type: message/rfc822\r\n\r\nMessage-ID: {message_id}\r\nSubject: Ode\r\n\r\nHello\r\n",
        "nothing": "Content-Type: text/plain\r\n\r\nnothing is returned\r\n",
    }[marked]
    return (
        "Return-Path: <>\r\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example.net>\r\nTo: box@example.org\r\n"
        "Subject: Undelivered Mail\r\nMIME-Version: 1.0\r\nMessage-ID: <bounce@mx.example.net>\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nI am sorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mx.example.net\r\n{enveloped}\r\n"
        f"Final-Recipient: rfc822; ana@example.org\r\nAction: {action}\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such\r\n user here\r\n\r\n"
        f"--b\r\n{returned}\r\n--b--\r\n"
    ).encode()


@pytest.mark.parametrize("marked", ["headers", "whole"])
def test_a_report_names_the_letter_the_recipient_and_why(marked):
    bounce = read_bounce(report(marked=marked))
    assert ID in bounce.marks
    assert bounce.reason == "ana@example.org: 550 5.1.1 no such user here"


def test_a_report_that_returns_nothing_is_known_by_its_envelope():
    bounce = read_bounce(report(marked="nothing", enveloped=f"Original-Envelope-Id: {ID[1:33]}\r\n"))
    assert bounce.marks == {ID[1:33]}


def test_a_report_cut_off_in_the_returned_letter_is_enough():
    content = report(marked="whole")
    assert ID in read_bounce(content[: content.index(b"Subject: Ode\r")]).marks


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_what_is_no_failure_is_no_bounce(action):
    assert read_bounce(report(action)) is None


def test_a_plain_bounce_is_understood_too():
    content = (
        "Return-path: <>\r\nX-Failed-Recipients: ana@example.org\r\nFrom: Mail Delivery System <Mailer-Daemon@box>\r\n"
        f"Subject: Mail delivery failed\r\n\r\nunknown user\r\n\r\n------\r\nMessage-ID: {ID}\r\n"
    )
    assert read_bounce(content.encode()).marks == {ID}
    assert read_bounce(content.replace("\r\n", "\n").encode()).reason == "ana@example.org"


@pytest.mark.parametrize(
    "content", [b"", b"\xff" * 1000, b"From: ana@example.org\r\n\r\nThank you for " + ID.encode(), report()[:300]]
)
def test_other_mail_is_left_alone(content):
    assert read_bounce(content) is None


@pytest.fixture
def box(tmp_path, make_session, clock):
    """A box whose one letter was taken by the next server, and the maildir that bounces come back to."""
    for name in ("new", "cur", "tmp"):
        (tmp_path / "bounced" / name).mkdir(parents=True)
    config = Config(
        paths=PathSettings(state=str(tmp_path / "state")), mail=MailSettings(bounces=str(tmp_path / "bounced"))
    )
    queue_session(config, make_session(), "ana@example.org", clock)
    (sent,) = send_due(config, clock)
    return config, sent.message_id, tmp_path / "bounced"


def test_a_letter_that_came_back_needs_a_person_and_says_why(box, clock):
    config, message_id, maildir = box
    (maildir / "new" / "1.M1").write_bytes(report(message_id=message_id))
    send_due(config, clock)
    found = condition(config)
    assert (found.needs_a_person, found.well) == (1, False)
    assert found.reason == "it came back: ana@example.org: 550 5.1.1 no such user here"


def test_a_bounce_is_read_once_so_that_a_retried_letter_is_not_stopped_by_it(box, clock):
    config, message_id, maildir = box
    (maildir / "new" / "1.M1").write_bytes(report(message_id=message_id))
    send_due(config, clock)
    (maildir / "new" / "1.M1").rename(maildir / "cur" / "1.M1:2,S")
    with open_outbox(config, clock) as outbox:
        outbox.retry_all()
    assert [d.delivered for d in send_due(config, clock)] == [True]
    send_due(config, clock)
    assert condition(config).well


def test_a_bounce_of_somebody_elses_letter_changes_nothing(box, clock):
    config, _, maildir = box
    (maildir / "new" / "1.M1").write_bytes(report())
    send_due(config, clock)
    assert condition(config).well


def test_a_place_of_bounces_that_cannot_be_read_is_said_and_letters_go_on(box, clock, make_session):
    config, _, maildir = box
    maildir.rename(maildir.with_name("moved"))
    queue_session(config, make_session("next"), "ana@example.org", clock)
    assert [d.delivered for d in send_due(config, clock)] == [True]
    assert "is not there; make it or change mail.bounces" in condition(config).reason
    assert not condition(config).well


class Mailbox:
    """An IMAP server with one folder, for one client after the other."""

    def __init__(self, context: ssl.SSLContext, messages):
        self.messages = messages
        self.lines = []
        self.login = b'"geheim"'
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            try:
                with plain, self._context.wrap_socket(plain, server_side=True) as call, call.makefile("rwb", 0) as file:
                    self._talk(file)
            except OSError:
                continue

    def _talk(self, file):
        def say(*lines):
            file.write(b"".join(line + b"\r\n" for line in lines))

        say(b"* OK here")
        while line := file.readline().rstrip():
            self.lines.append(line.decode())
            tag, word, rest = (*line.split(b" ", 2), b"")[:3]
            if word == b"CAPABILITY":
                say(b"* CAPABILITY IMAP4rev1", tag + b" OK done")
            elif word == b"LOGIN":
                say(tag + (b" OK done" if rest.endswith(self.login) else b" NO you said " + rest))
            elif word == b"EXAMINE":
                say(b"* %d EXISTS" % len(self.messages), b"* OK [UIDVALIDITY 7] stable", tag + b" OK [READ-ONLY] done")
            elif rest.startswith(b"SEARCH"):
                say(b"* SEARCH " + b" ".join(b"%d" % uid for uid in self.messages), tag + b" OK done")
            elif rest.startswith(b"FETCH"):
                uid = int(rest.split()[1])
                content = self.messages[uid]
                say(b"* 1 FETCH (UID %d BODY[]<0> {%d}\r\n%s)" % (uid, len(content), content), tag + b" OK done")
            else:
                say(b"* BYE", tag + b" OK done")
                if word == b"LOGOUT":
                    return

    def stop(self):
        if self._listener.fileno() >= 0:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        self._thread.join(10)


@pytest.fixture
def imap(server):
    running = Mailbox(server.context, {})
    yield running
    running.stop()


@pytest.fixture
def by_imap(imap, authority_file, password_file):
    password_file.write_text("geheim")
    return MailSettings(
        user="box",
        password_file=str(password_file),
        ca_file=str(authority_file),
        bounces=f"imaps://localhost:{imap.port}/Sent%20back",
    )


@pytest.fixture
def sent(outbox, make_session):
    number = outbox.queue(make_session(), "ana@example.org")
    return outbox.delivered(number, "250 ok")


def test_by_imap_bounces_are_found_and_read_once_and_nothing_is_changed(imap, by_imap, outbox, sent, clock):
    imap.messages = {4: b"From: postmaster\r\n\r\nhello", 9: report(message_id=sent.message_id)}
    assert [letter.state for letter in take_in(outbox, by_imap, clock.now)] == [LetterState.NEEDS_A_PERSON]
    outbox.delivered(sent.id, "250 ok")
    imap.lines.clear()
    assert take_in(outbox, by_imap, clock.now) == []
    assert not any("FETCH" in line for line in imap.lines)
    assert any('EXAMINE "Sent back"' in line for line in imap.lines)
    assert not any("STORE" in line or "SELECT" in line for line in imap.lines)


@pytest.mark.parametrize("wrong", ["password", "host", "certificate", "scheme"])
def test_a_mailbox_that_cannot_be_read_is_one_sentence_without_the_secret(
    wrong, imap, by_imap, outbox, sent, clock, tmp_path
):
    if wrong == "password":
        imap.login = b'"changed"'
    elif wrong == "host":
        imap.stop()
    elif wrong == "certificate":
        by_imap = replace(by_imap, ca_file="")
    else:
        by_imap = replace(by_imap, bounces="pop3://localhost/")
    assert take_in(outbox, by_imap, clock.now) == []
    said = outbox.memory["bounces: trouble"]
    assert "bounces" in said
    assert "geheim" not in said
