"""Servers that are strange rather than broken, each told as a script: no letter is lost, none is believed to be gone.

A script answers line by line over a plain connection or, where a step needs it, an encrypted one. After every fault a
good server of the same outbox gets each letter once.
"""

import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import BinaryIO

import pytest
import trustme

from firmware_py.config import MailSettings
from firmware_py.post.dialogue import Patience
from firmware_py.post.mailer import Mailer
from firmware_py.post.queued_letter import LetterState
from firmware_py.post.smtp import SmtpTransport

CALM = Patience(connect=10, answer=10, piece=10, whole=30, taken=10)
HASTE = Patience(connect=0.4, answer=0.4, piece=0.4, whole=2, taken=0.4)

GOOD = {
    "": b"220 here\r\n",
    "EHLO": b"250-here\r\n250 SIZE 30000000\r\n",
    "MAIL": b"250 ok\r\n",
    "RCPT": b"250 ok\r\n",
    "DATA": b"354 go\r\n",
    ".": b"250 taken\r\n",
    "RSET": b"250 ok\r\n",
    "QUIT": b"221 bye\r\n",
}

Act = Callable[[socket.socket], None]


class Script:
    """A server that answers each step with bytes, or does something with the connection; it counts what it has.

    taken: the bodies to whose end it came; given: those that it said it took.
    """

    def __init__(self, says: dict[str, bytes | Act] | None = None, address: str = "127.0.0.1") -> None:
        self.says: dict[str, bytes | Act] = {**GOOD, **(says or {})}
        self.taken: list[bytes] = []
        self.lines: list[str] = []
        self.family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, 0), family=self.family)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(15)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        while True:
            try:
                call, _ = self._listener.accept()
            except OSError:
                return
            with call, suppress(OSError, EOFError):
                self._talk(call)

    def _talk(self, call: socket.socket) -> None:
        self._do(call, "")
        with call.makefile("rb") as heard:
            while line := heard.readline():
                self.lines.append(line.decode(errors="replace").rstrip())
                word = line.split()[0].decode(errors="replace").upper() if line.split() else ""
                self._do(call, word)
                answer = self.says["DATA"]
                if word == "DATA" and (callable(answer) or answer.startswith(b"3")):
                    self.taken.append(self._body(heard))
                    self._do(call, ".")
                if word == "QUIT":
                    return

    @staticmethod
    def _body(heard: BinaryIO) -> bytes:
        lines = []
        while (line := heard.readline()) != b".\r\n":
            if not line:
                raise EOFError
            lines.append(line)
        return b"".join(lines)

    def _do(self, call: socket.socket, step: str) -> None:
        act = self.says.get(step, b"500 what?\r\n")
        if callable(act):
            act(call)
        else:
            call.sendall(act)


def hang_up(_call: socket.socket) -> None:
    raise EOFError


def reset(call: socket.socket) -> None:
    """Close with a reset instead of a goodbye."""
    call.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise EOFError


def says_no_more(call: socket.socket) -> None:
    """Close one's own direction only."""
    call.shutdown(socket.SHUT_WR)


def byte_by_byte(answer: bytes) -> Act:
    def say(call: socket.socket) -> None:
        call.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for n in range(len(answer)):
            call.sendall(answer[n : n + 1])

    return say


def drips(call: socket.socket) -> None:
    """Say a byte now and then, and never a line (as the slow loris does to servers)."""
    pause = threading.Event()
    for _ in range(200):
        call.sendall(b"2")
        pause.wait(0.05)


@pytest.fixture
def scripted():
    """Make such servers; all are gone afterwards."""
    made: list[Script] = []

    def make(says=None, **more) -> Script:
        made.append(Script(says, **more))
        return made[-1]

    yield make
    for server in made:
        server.stop()


@pytest.fixture
def post(outbox, clock, make_session):
    """Queue two letters; run a mailer to a server, and return the letters' states."""
    for name, who in (("20261121T101500Z_a", "ana@example.org"), ("20261121T101600Z_b", "eva@example.org")):
        outbox.queue(make_session(name), who)

    def run(server: Script | MailSettings, patience: Patience = CALM, copy_to: str = "") -> list[LetterState]:
        mail = server if isinstance(server, MailSettings) else plain(server)
        Mailer(outbox, SmtpTransport(mail, patience), "box@example.org", clock, copy_to=copy_to).run()
        return [letter.state for letter in outbox.letters()]

    return run


def plain(server: Script, host: str = "127.0.0.1") -> MailSettings:
    return MailSettings(transport="smtp", host=host, port=server.port, security="none")


@pytest.fixture
def heals(post, outbox, scripted):
    """Say that a good server gets both letters, each once, and each state is true."""

    def check() -> None:
        good = scripted()
        outbox.retry_all()
        assert post(good) == [LetterState.DELIVERED] * 2
        assert len(good.taken) == len(set(good.taken)) == 2
        assert post(good) == [LetterState.DELIVERED] * 2
        assert len(good.taken) == 2

    return check


WORDS = {step: answer for step, answer in GOOD.items() if step != "EHLO"}  # whose answer is more than words
UNDERSTOOD = {
    "byte by byte": {step: byte_by_byte(answer) for step, answer in GOOD.items() if step != "DATA"},
    "many lines": {step: answer[:3] + b"-more\r\n" + answer[:3] + b"-\r\n" + answer for step, answer in GOOD.items()},
    "other letters": {
        step: answer[:4] + "schön, 好的".encode() + b"\xff\r\n" for step, answer in GOOD.items() if step != "EHLO"
    },
    "NULs and escapes": {step: answer[:4] + b"\0\x1b[31m\x07\r\n" for step, answer in WORDS.items()},
    "bare line feeds": {step: answer.replace(b"\r\n", b"\n") for step, answer in GOOD.items()},
    "no words": {step: answer[:3] + b"\r\n" for step, answer in WORDS.items()},
    "codes of its own": {"MAIL": b"251 ok\r\n", "RCPT": b"252 perhaps\r\n", ".": b"200 taken\r\n"},
    "long lines": {step: answer[:4] + b"x" * 5000 + b"\r\n" for step, answer in WORDS.items()},
    "nothing but HELO": {"EHLO": b"502 what?\r\n", "HELO": b"250 here\r\n"},
    "no 8BITMIME, no SIZE": {"EHLO": b"250 here\r\n"},
    "an odd SIZE": {"EHLO": b"250-here\r\n250 SIZE 99999999999999999999999\r\n"},
    "no RSET": {"RSET": b"500 what?\r\n"},
    "a goodbye of its own": {"QUIT": hang_up},
}


@pytest.mark.parametrize("says", UNDERSTOOD.values(), ids=UNDERSTOOD.keys())
def test_a_server_that_is_only_strange_gets_its_letters_once(says, scripted, post):
    server = scripted(says)
    assert post(server) == [LetterState.DELIVERED] * 2
    assert len(server.taken) == len(set(server.taken)) == 2


STEPS = [step for step in GOOD if step not in ("RSET", "QUIT")]
NONSENSE = {
    "garbage": b"\x80\x00\xff\xfe\r\n",
    "a web server": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "no end of line": b"2" * 20_000,
    "an empty line": b"\r\n",
    "a code of no kind": b"999 what\r\n",
    "a code too short": b"25\r\n",
    "a code of other digits": "２５０ ok\r\n".encode(),
    "reset": reset,
    "no more": says_no_more,
    "hung up": hang_up,
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("how", NONSENSE)
def test_nonsense_at_any_step_is_no_letter_taken_and_none_lost(how, step, scripted, post, heals, outbox):
    bad = scripted({step: NONSENSE[how]})
    assert post(bad, HASTE) == [LetterState.WAITING] * 2
    assert all(letter.reason.isprintable() for letter in outbox.letters())
    heals()


@pytest.mark.parametrize("step", STEPS)
def test_an_answer_that_drips_without_end_is_given_up_in_time(step, scripted, post, heals):
    assert post(scripted({step: drips}), HASTE) == [LetterState.WAITING] * 2
    heals()


def test_who_is_no_mail_server_is_said_so_with_its_words(scripted, post, outbox):
    post(scripted({"": b"SSH-2.0-OpenSSH_9.2p1\r\n"}))
    assert "does not speak like a mail server (the greeting: 'SSH-2.0-OpenSSH_9.2p1')" in outbox.letters()[0].reason
    assert "mail.port" in outbox.letters()[0].reason


def test_an_answer_that_came_before_the_letter_ended_is_not_taken_for_its_receipt(scripted, post, heals, outbox):
    """A server that is one answer ahead: its "250" is about something else, and the letter may yet be refused."""
    ahead = scripted({"DATA": b"354 go\r\n250 ok\r\n", ".": b"554 refused after all\r\n"})
    assert post(ahead) == [LetterState.WAITING] * 2
    assert "before the letter had ended" in outbox.letters()[0].reason
    heals()


def test_a_refusal_that_came_before_the_letter_ended_is_one(scripted, post, heals, outbox):
    server = scripted({"DATA": b"354 go\r\n552 5.3.4 too large\r\n"})
    assert post(server) == [LetterState.NEEDS_A_PERSON] * 2
    assert "552 5.3.4 too large" in outbox.letters()[0].reason
    heals()


def test_one_answer_too_many_on_the_way_there_loses_no_letter(scripted, post, heals):
    """Each later answer is taken for the one before; nothing is believed that was not said of the letter."""
    behind = scripted({"MAIL": b"250 ok\r\n250 ok\r\n", ".": b"554 refused after all\r\n"})
    assert LetterState.DELIVERED not in post(behind)
    heals()


@pytest.mark.parametrize("minutes", [30])
def test_a_server_that_makes_strangers_wait_gets_the_letter_soon_after(minutes, scripted, post, outbox, clock):
    server = scripted({"RCPT": b"451 4.7.1 greylisted, come back in %d minutes\r\n" % minutes})
    began = clock.now
    assert post(server) == [LetterState.WAITING] * 2
    for _ in range(40):
        clock.now = min(letter.next_try for letter in outbox.letters() if letter.state is LetterState.WAITING)
        if clock.now - began >= 60 * minutes:
            server.says["RCPT"] = b"250 welcome\r\n"
        if post(server) == [LetterState.DELIVERED] * 2:
            break
    assert clock.now - began < 2.5 * 60 * minutes
    assert len(server.taken) == 2


def test_a_rate_limit_waits_and_is_quoted(scripted, post, heals, outbox):
    assert post(scripted({"MAIL": b"450 4.7.1 too many messages, slow down\r\n"})) == [LetterState.WAITING] * 2
    assert "450 4.7.1 too many messages" in outbox.letters()[0].reason
    heals()


def test_a_copy_that_is_refused_for_good_keeps_no_letter_from_its_player(scripted, post):
    def rcpt(call: socket.socket) -> None:
        owner = server.lines[-1] == "RCPT TO:<owner@example.org>"
        call.sendall(b"550 no such user\r\n" if owner else b"250 ok\r\n")

    server = scripted({"RCPT": rcpt})
    assert post(server, copy_to="owner@example.org") == [LetterState.DELIVERED] * 2
    assert server.lines.count("RCPT TO:<owner@example.org>") == 2


def test_a_player_who_is_refused_for_good_is_not_passed_over_for_the_copy(scripted, post):
    def rcpt(call: socket.socket) -> None:
        call.sendall(b"550 no such user\r\n" if "ana" in server.lines[-1] else b"250 ok\r\n")

    server = scripted({"RCPT": rcpt})
    assert post(server, copy_to="owner@example.org") == [LetterState.NEEDS_A_PERSON, LetterState.DELIVERED]
    assert len(server.taken) == 1


def test_a_size_that_shrank_since_the_letter_was_composed_is_told_before_it_is_sent(scripted, post, outbox):
    server = scripted({"EHLO": b"250-here\r\n250 SIZE 2000\r\n"})
    assert post(server) == [LetterState.NEEDS_A_PERSON] * 2
    assert "2000" in outbox.letters()[0].reason
    assert not any(line.startswith("MAIL") for line in server.lines)


def test_an_ipv6_only_server_gets_its_letters(scripted, post):
    server = scripted(address="::1")
    assert post(plain(server, "::1")) == [LetterState.DELIVERED] * 2
    assert server.lines[0] == "ehlo [IPv6:::1]"


def test_a_name_whose_first_address_is_dead_is_tried_at_the_next_in_full_time(scripted, post, monkeypatch):
    """The dead one eats the whole time of a connection, as an IPv6 route into nowhere does."""
    server = scripted()
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    dead = [full.getsockname()]
    fillers = []
    for _ in range(4):  # nobody accepts: soon nobody can even connect
        filler = socket.socket()
        filler.setblocking(False)
        with suppress(BlockingIOError):
            filler.connect(dead[0])
        fillers.append(filler)
    addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", where) for where in (*dead, ("127.0.0.1", server.port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kw: addresses)
    try:
        assert post(plain(server, "mail.example.org"), replace(CALM, connect=0.5)) == [LetterState.DELIVERED] * 2
    finally:
        for each in (full, *fillers):
            each.close()


@pytest.fixture
def encrypted(scripted, authority, mail):
    """A server that encrypts when asked, with a login; its TLS and what it says within can be spoiled."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    def make(go=b"220 go\r\n", after=None, context=context) -> tuple[Script, MailSettings]:
        inner = Script.__new__(Script)

        def encrypt(call: socket.socket) -> None:
            call.sendall(go)
            with context.wrap_socket(call, server_side=True) as safe:
                inner._talk(safe)
            raise EOFError

        outer = scripted({"EHLO": b"250-here\r\n250 STARTTLS\r\n", "STARTTLS": encrypt})
        inner.says = {
            **GOOD,
            "": b"",
            "EHLO": b"250-here\r\n250 AUTH PLAIN\r\n",
            "AUTH": b"235 welcome\r\n",
            **(after or {}),
        }
        inner.taken, inner.lines = [], []
        return inner, replace(mail, port=outer.port)

    return make


def test_a_login_offered_only_once_encrypted_is_used(encrypted, post):
    inner, mail = encrypted()
    assert post(mail) == [LetterState.DELIVERED] * 2
    assert [line.split()[0].upper() for line in inner.lines[:2]] == ["EHLO", "AUTH"]


def test_a_login_that_wants_its_words_one_by_one_gets_them(encrypted, post):
    inner, mail = encrypted(after={"AUTH": b"334 \r\n"})
    said = "AGJveABnZWhlaW0tw7w="
    inner.says[said.upper()] = b"235 welcome\r\n"
    assert post(mail) == [LetterState.DELIVERED] * 2
    assert said in inner.lines


def test_no_login_offered_at_all_needs_a_person(encrypted, post, outbox):
    inner, mail = encrypted(after={"EHLO": b"250 here\r\n"})
    assert post(mail) == [LetterState.NEEDS_A_PERSON] * 2
    assert "offers no login" in outbox.letters()[0].reason
    assert not any(line.startswith("AUTH") for line in inner.lines)


def test_what_was_said_before_the_encryption_counts_no_more(encrypted, post):
    """An answer slipped in with the leave to encrypt would else be taken for one from within (CVE-2011-0411)."""
    inner, mail = encrypted(go=b"220 go\r\n250-here\r\n250 AUTH LOGIN\r\n")
    assert post(mail) == [LetterState.DELIVERED] * 2
    assert len(inner.taken) == 2
    assert not any(line.upper().startswith("AUTH LOGIN") for line in inner.lines)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_an_encryption_that_is_too_old_is_refused_with_what_to_do(encrypted, post, heals, authority, outbox):
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(old)
    old.minimum_version = ssl.TLSVersion.TLSv1_1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    _, mail = encrypted(context=old)
    assert post(mail) == [LetterState.WAITING] * 2
    assert "TLS 1.2 or later" in outbox.letters()[0].reason
    assert "_ssl.c" not in outbox.letters()[0].reason
    heals()


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_port_of_the_other_encryption_is_named(security, scripted, post, heals, outbox, authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    def wrapped(call: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(call, server_side=True):
            pass
        raise EOFError

    server = scripted({} if security == "tls" else {"": wrapped})
    mail = MailSettings(transport="smtp", host="localhost", port=server.port, security=security)
    assert post(mail, HASTE) == [LetterState.WAITING] * 2
    assert "mail.port" in outbox.letters()[0].reason
    assert "mail.security" in outbox.letters()[0].reason
    heals()


def test_an_expired_authority_of_ones_own_is_no_reason_to_send_unencrypted(encrypted, post, heals, outbox):
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(stranger)
    inner, mail = encrypted(context=stranger)
    assert post(mail) == [LetterState.WAITING] * 2
    assert "certificate" in outbox.letters()[0].reason
    assert inner.lines == []
    heals()
