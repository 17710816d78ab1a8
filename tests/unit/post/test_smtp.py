import logging
import socket
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import trustme

from firmware_py.errors import MailError, MailRefusedError
from firmware_py.post.dialogue import Patience
from firmware_py.post.smtp import SmtpTransport
from firmware_py.post.transports import ServerDownError, ServerRefusedError

CALM = Patience(connect=20, answer=20, piece=20, taken=20)
WORD = "geheim-ü"


def send(mail, letter, patience=CALM):
    line = SmtpTransport(mail, patience).connect()
    try:
        return line.send(letter)
    finally:
        line.close()


def test_a_letter_arrives_as_it_was_composed(server, mail, letter):
    assert send(mail, letter) == "250 taken as 1abc"
    assert server.taken == [b"".join(letter.chunks())]
    assert f"MAIL FROM:<box@example.org> SIZE={letter.size}" in server.lines
    assert server.lines[-1].upper() == "QUIT"


def test_nothing_but_ehlo_and_starttls_is_said_in_the_clear(server, mail, letter):
    send(mail, letter)
    assert [line.split()[0].upper() for line in server.lines[:3]] == ["EHLO", "STARTTLS", "EHLO"]


def test_lines_that_begin_with_a_dot_arrive_with_one_dot(server, mail, letter):
    dotted = replace(letter, opening=letter.opening + b".\r\n..\r\n.hidden\r\n")
    send(mail, dotted)
    assert server.taken == [b"".join(dotted.chunks())]


def test_login_falls_back_to_the_mechanism_offered(server, mail, letter):
    server.extensions = ["AUTH CRAM-MD5"]
    with pytest.raises(ServerRefusedError, match=r"offers no login known here .*CRAM-MD5"):
        send(mail, letter)
    assert server.logins == []


# step, what the server does there, the error; every fault at every place is in test_fault_matrix
FAULTS = [
    ("connect", "554 no", ServerRefusedError),
    ("connect", "421 busy", ServerDownError),
    ("connect", "450 busy", ServerDownError),
    ("EHLO", "421 busy", ServerDownError),
    ("EHLO", "550 no", ServerRefusedError),
    ("EHLO", "450 no", ServerDownError),
    ("STARTTLS", "454 not now", ServerDownError),
    ("STARTTLS", "501 no", ServerRefusedError),
    ("AUTH", "535 wrong", ServerRefusedError),
    ("AUTH", "534 use an app password", ServerRefusedError),
    ("AUTH", "454 not now", ServerDownError),
    ("AUTH", "421 busy", ServerDownError),
    ("MAIL", "530 log in first", ServerRefusedError),
    ("MAIL", "550 not you", MailRefusedError),
    ("MAIL", "552 too large", MailRefusedError),
    ("MAIL", "451 trouble", MailError),
    ("MAIL", "452 full", MailError),
    ("MAIL", "421 busy", ServerDownError),
    ("RCPT", "550 no such user", MailRefusedError),
    ("RCPT", "450 mailbox busy", MailError),
    ("RCPT", "451 greylisted", MailError),
    ("RCPT", "452 too many", MailError),
    ("RCPT", "421 busy", ServerDownError),
    ("DATA", "550 no", MailRefusedError),
    ("DATA", "451 trouble", MailError),
    ("DATA", "421 busy", ServerDownError),
    ("taken", "552 too large", MailRefusedError),
    ("taken", "550 spam", MailRefusedError),
    ("taken", "451 trouble", MailError),
    ("taken", "452 full", MailError),
    ("taken", "421 busy", ServerDownError),
    ("taken, unsaid", "yes", ServerDownError),
]


@pytest.mark.parametrize(("step", "action", "wanted"), FAULTS, ids=[f"{s}-{a}" for s, a, _ in FAULTS])
def test_every_fault_is_told_apart_and_the_letter_arrives_when_it_has_passed(
    server, mail, letter, step, action, wanted
):
    server.faults.at[step] = action
    with pytest.raises(MailError) as raised:
        send(mail, letter)
    assert type(raised.value) is wanted
    assert "the mail server localhost:" in str(raised.value)
    assert WORD not in str(raised.value)
    assert server.taken == ([b"".join(letter.chunks())] if step == "taken, unsaid" else [])
    server.faults.at.clear()
    server.released.set()
    send(mail, letter)
    assert server.taken[-1] == b"".join(letter.chunks())


def test_a_refusal_quotes_the_server_and_says_what_to_do(server, mail, letter):
    server.login = ("box", "changed")
    with pytest.raises(ServerRefusedError, match=r"did not take the login \(535 .*put the right password in place"):
        send(mail, letter)
    assert len(server.logins) == 1


def test_the_password_is_in_no_message_and_no_log_even_if_the_server_quotes_it(server, mail, letter, caplog):
    caplog.set_level(logging.DEBUG)
    server.login = ("box", "changed")
    with pytest.raises(ServerRefusedError) as raised:
        send(mail, letter)
    # The faulty server quotes the whole AUTH line and the password.
    told = f"{raised.value!r} {raised.value.__cause__!r} {raised.value.__context__!r} {caplog.text}"
    assert WORD not in told
    assert server.logins[0].split()[2] not in told
    assert "no such login" in told


def test_no_starttls_means_no_letter_and_no_password(server, mail, letter):
    server.offer_starttls = False
    with pytest.raises(ServerRefusedError, match="offers no encryption"):
        send(mail, letter)
    assert server.logins == []


def test_a_password_is_not_sent_unencrypted_to_another_machine(server, mail, letter, monkeypatch):
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *rest, **more: real("127.0.0.1", *rest, **more))
    with pytest.raises(ServerRefusedError, match="would get the password unencrypted"):
        send(replace(mail, security="none", host="mail.example.org"), letter)
    assert server.logins == []


def test_without_encryption_and_login_a_relay_takes_letters(server, mail, letter):
    send(replace(mail, security="none", user=""), letter)
    assert len(server.taken) == 1
    assert not any(line.startswith(("STARTTLS", "AUTH")) for line in server.lines)


def test_an_unknown_authority_a_wrong_name_and_an_expired_certificate_hold_letters_back(
    server, mail, letter, tmp_path, authority
):
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    with pytest.raises(ServerDownError, match=r"certificate .* does not hold .*name its authority as mail.ca_file"):
        send(replace(mail, ca_file=str(other)), letter)
    with pytest.raises(ServerDownError, match=r"certificate .* does not hold .*mismatch"):
        send(replace(mail, host="127.0.0.1"), letter)
    authority.issue_cert("localhost", not_after=datetime(2020, 1, 1, tzinfo=UTC)).configure_cert(server.context)
    with pytest.raises(ServerDownError, match=r"certificate .* does not hold .*expired"):
        send(mail, letter)
    assert server.logins == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"host": ""}, "no mail server is set"),
        ({"ca_file": "/nowhere.pem"}, "mail.ca_file /nowhere.pem"),
        ({"password_file": "/nowhere"}, "password file /nowhere cannot be read"),
        ({"host": "a" * 70 + ".example"}, "not a server's name"),
    ],
)
def test_a_wrong_setting_needs_a_person(mail, letter, change, words):
    with pytest.raises(ServerRefusedError, match=words):
        send(replace(mail, **change), letter)


def test_a_closed_port_and_an_unknown_name_wait(mail, letter, server):
    server.stop()
    with pytest.raises(ServerDownError, match=r"broke off .the greeting"):
        send(mail, letter)
    with pytest.raises(ServerDownError, match="was not found"):
        send(replace(mail, host="nowhere.invalid"), letter)


def test_a_server_that_names_a_small_limit_is_not_sent_a_large_letter(server, mail, letter):
    server.extensions = ["SIZE 100000", "AUTH PLAIN"]
    with pytest.raises(MailRefusedError, match="takes 100000"):
        send(mail, letter)
    assert not any(line.startswith("MAIL") for line in server.lines)


@pytest.mark.parametrize(
    ("offered", "limit"), [("SIZE 123456", 123456), ("SIZE 0", None), ("SIZE", None), ("SIZE x", None)]
)
def test_the_servers_limit_is_read(server, mail, offered, limit):
    server.extensions = [offered, "AUTH PLAIN"]
    line = SmtpTransport(mail, CALM).connect()
    assert line.limit_bytes == limit
    line.close()


def test_letters_share_a_call_and_a_server_that_says_goodbye_is_called_again(server, mail, letter):
    server.letters_per_connection = 2
    line = SmtpTransport(mail, CALM).connect()
    for _ in range(5):
        line.send(letter)
    line.close()
    assert len(server.taken) == 5
    assert server.connections == 3


def test_after_a_refused_letter_the_line_serves_the_next(server, mail, letter):
    line = SmtpTransport(mail, CALM).connect()
    server.faults.at["RCPT"] = "550 no such user"
    server.faults.once = True
    with pytest.raises(MailRefusedError):
        line.send(letter)
    line.send(letter)
    line.close()
    assert (len(server.taken), server.connections) == (1, 1)


def test_a_spoiled_attachment_ends_the_call_so_that_half_a_letter_is_never_taken(server, mail, letter):
    broken = replace(letter, attachments=(replace(letter.attachments[0], size=letter.attachments[0].size - 1),))
    with pytest.raises(MailError, match="changed while it was being sent"):
        send(mail, broken)
    assert server.taken == []
    send(mail, letter)
    assert len(server.taken) == 1


def test_a_server_that_says_why_before_it_hangs_up_in_the_body_is_heard(server, mail, letter):
    server.faults.at["body"] = "say 552 quota exceeded 100000"
    with pytest.raises(MailError) as raised:
        send(mail, letter)
    assert server.taken == []
    assert isinstance(raised.value, MailRefusedError | ServerDownError)
