"""What a server offers beyond plain SMTP is used where it is there, and done without where it is not; and LMTP."""

import socket
import threading
from contextlib import closing
from dataclasses import replace

import pytest

from firmware_py.config import MailSettings
from firmware_py.errors import MailRefusedError
from firmware_py.post.dialogue import Patience
from firmware_py.post.letter import compose
from firmware_py.post.smtp import SmtpTransport
from firmware_py.post.transports import ServerDownError
from tests.unit.post.test_smtp import send


def mail_line(server):
    (line,) = (line for line in server.lines if line.startswith("MAIL"))
    return line


def test_addresses_in_other_letters_go_where_they_are_taken(server, mail, outbox, make_session, tmp_path):
    server.extensions = ["SMTPUTF8", "8BITMIME", "AUTH PLAIN"]
    entry = outbox.letter(outbox.queue(make_session(player="Åse"), "åse@BÜCHER.example"))
    letter = compose(entry, "box@example.org", tmp_path)
    send(mail, letter)
    assert mail_line(server) == "MAIL FROM:<box@example.org> BODY=8BITMIME SMTPUTF8"
    assert "RCPT TO:<åse@xn--bcher-kva.example>" in server.lines
    assert "To: Åse <åse@xn--bcher-kva.example>\r\n".encode() in server.taken[0]


def test_addresses_in_other_letters_are_refused_where_they_are_not(server, mail, letter):
    with pytest.raises(MailRefusedError, match=r"no SMTPUTF8.*give another address"):
        send(mail, replace(letter, recipient="åse@example.org"))
    assert not any(line.startswith("MAIL") for line in server.lines)


def test_eight_bits_are_announced_where_there_are_any(server, mail, letter):
    server.extensions = ["8BITMIME", "AUTH PLAIN"]
    send(mail, letter)
    assert mail_line(server) == "MAIL FROM:<box@example.org>"
    server.lines.clear()
    send(mail, replace(letter, opening="Subject: Für Elise\r\n".encode() + letter.opening))
    assert mail_line(server) == "MAIL FROM:<box@example.org> BODY=8BITMIME"


def test_a_bounce_is_asked_to_name_the_letter_and_to_leave_the_recording_out(server, mail, letter):
    server.extensions = ["DSN", "AUTH PLAIN"]
    send(mail, letter)
    assert mail_line(server).endswith(f" RET=HDRS ENVID={letter.message_id[1:33]}")


def test_the_smaller_of_the_servers_and_the_providers_limit_counts(server, mail):
    line = SmtpTransport(replace(mail, preset="gmail")).connect()
    assert line.limit_bytes == 25_000_000
    line.close()
    server.extensions = ["SIZE 1000000", "AUTH PLAIN"]
    line = SmtpTransport(replace(mail, preset="gmail")).connect()
    assert line.limit_bytes == 1_000_000
    line.close()


class LocalServer:
    """An LMTP server on a socket in the file system, for one call."""

    def __init__(self, path, verdict):
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self.verdict = verdict
        self.lines = []
        self.body = b""
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        connection, _ = self._listener.accept()
        self._listener.close()
        with connection, connection.makefile("rwb", buffering=0) as call:
            call.write(b"220 local\r\n")
            while line := call.readline():
                self.lines.append(line.decode().strip())
                word = line.split()[0].upper()
                if word == b"LHLO":
                    call.write(b"250-local\r\n250 SIZE 1000000\r\n")
                elif word == b"DATA":
                    call.write(b"354 go\r\n")
                    self.body = b"".join(iter(call.readline, b".\r\n"))
                    call.write(self.verdict.encode() + b"\r\n")
                    self.verdict = "250 kept"
                elif word == b"QUIT":
                    call.write(b"221 bye\r\n")
                    return
                else:
                    call.write(b"250 ok\r\n")

    def stop(self):
        self._thread.join(10)


@pytest.mark.parametrize("verdict", ["250 kept", "552 mailbox full"])
def test_lmtp_over_a_socket_answers_for_the_recipient(letter, tmp_path, verdict):
    path = tmp_path / "lmtp"
    server = LocalServer(path, verdict)
    local = MailSettings(transport="lmtp", host=str(path))
    if verdict.startswith("2"):
        assert send(local, letter) == verdict
        assert server.body == b"".join(letter.chunks())
    else:
        with pytest.raises(MailRefusedError, match=f"the mail server {path} did not take the letter .552"):
            send(local, letter)
    server.stop()
    assert server.lines[0].upper() == "LHLO [127.0.0.1]"


@pytest.mark.parametrize("copy", ["250 kept too", "552 its mailbox is full"])
def test_lmtp_answers_for_the_copy_by_itself_and_that_keeps_no_letter_from_its_player(letter, tmp_path, copy, caplog):
    server = LocalServer(tmp_path / "lmtp", f"250 kept\r\n{copy}")
    local = MailSettings(transport="lmtp", host=str(tmp_path / "lmtp"))
    with closing(SmtpTransport(local).connect()) as line:
        assert line.send(replace(letter, copy_to="owner@example.org")) == "250 kept"
        line.send(letter)  # no answer is left over that would be taken for one to this
    server.stop()
    assert "RCPT TO:<owner@example.org>" in server.lines
    assert ("took no copy: 552" in caplog.text) == copy.startswith("5")


def test_lmtp_without_a_server_waits(letter, tmp_path):
    with pytest.raises(ServerDownError, match="broke off"):
        send(MailSettings(transport="lmtp", host=str(tmp_path / "nobody")), letter)


def test_a_body_that_is_taken_too_slowly_as_a_whole_is_given_up(server, mail, letter):
    with pytest.raises(ServerDownError, match="takes letters too slowly: not one in 0 s"):
        send(mail, letter, Patience(whole=0.0))
    assert server.taken == []
