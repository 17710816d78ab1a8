"""Every fault at every place, over the whole path: two letters in the outbox, a server that fails, then one that works.

After each: no letter is lost, the state said was true, and the server's own count of each Message-ID is one, or two
where its word was lost after it had taken the letter.
"""

import email
import socket
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import trustme

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.bench.finished_session import finished_record
from firmware_py.post.dialogue import Patience
from firmware_py.post.mailer import Mailer
from firmware_py.post.queued_letter import LetterState
from firmware_py.post.smtp import SmtpTransport

HASTE = Patience(connect=0.3, answer=0.3, piece=0.3, whole=5.0, taken=0.3)
CALM = Patience(connect=20, answer=20, piece=20, whole=60, taken=20)
BODY = 300_000
BEFORE = ("connect", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA")
CODES = ("421", "450", "451", "452", "535", "550", "552")

REFUSALS = [(step, f"{code} so it is") for step in (*BEFORE, "taken") for code in CODES]
SILENCES = [(step, how) for step in BEFORE for how in ("silence", "drip")]
BREAKS = [(step, "hang up") for step in BEFORE]
BODIES = [("body", f"{how} after {BODY * share // 100}") for how in ("hang up", "silence") for share in (10, 50, 99)]
UNSAID = [("taken, unsaid", "yes"), ("taken", "silence"), ("taken", "drip"), ("taken", "hang up")]


@pytest.fixture
def queued(outbox, tmp_path):
    """Two letters of BODY bytes, for two people."""
    for number, name in enumerate(("ana", "eva")):
        folder = SessionFolder.create(tmp_path / "state" / "sessions", finished_record(number, player=name))
        folder.write_whole(SessionFolder.SCORE, b"%PDF-1.7\n" + bytes(BODY * 3 // 4))
        outbox.queue(folder.path, f"{name}@example.org")
    return [letter.message_id for letter in outbox.letters()]


@pytest.fixture
def post(outbox, clock):
    def run(mail, patience=CALM):
        Mailer(outbox, SmtpTransport(mail, patience), "box@example.org", clock).run()
        return {letter.state for letter in outbox.letters()}

    return run


@pytest.fixture
def heals(outbox, clock, post, queued, server, mail, record_property):
    """Say that all is well again, and look at what the server has in the end; the run's summary adds it up."""

    def check(most=1):
        server.faults.at.clear()
        server.released.set()
        outbox.retry_all()
        assert post(mail) == {LetterState.DELIVERED}
        counted = Counter(str(email.message_from_bytes(each)["Message-ID"]) for each in server.taken)
        assert set(counted) == set(queued)
        assert max(counted.values()) <= most, counted
        assert len(set(server.taken)) == len(queued), "the same letter was not the same bytes"
        assert post(mail) == {LetterState.DELIVERED}
        assert sum(counted.values()) == len(server.taken)
        record_property("letters", len(counted))
        record_property("letters again", len(server.taken) - len(counted))

    return check


@pytest.mark.parametrize(("step", "answer"), REFUSALS, ids=lambda each: each.split()[0])
def test_a_refusal_for_now_waits_and_one_for_good_needs_a_person(step, answer, server, mail, post, heals):
    server.faults.at[step] = answer
    assert post(mail) == {LetterState.WAITING if answer.startswith("4") else LetterState.NEEDS_A_PERSON}
    assert server.taken == []
    heals()


@pytest.mark.parametrize(("step", "action"), SILENCES + BREAKS + BODIES)
def test_a_server_that_is_slow_or_gone_before_it_has_the_letter_gets_it_once_later(
    step, action, server, mail, post, heals, outbox
):
    server.faults.at[step] = action
    assert post(mail, CALM if "hang up" in action else HASTE) == {LetterState.WAITING}
    assert all(letter.server_wide and letter.reason for letter in outbox.letters())
    assert server.taken == []
    heals()


@pytest.mark.parametrize(("step", "action"), UNSAID)
def test_a_word_lost_after_the_body_means_the_same_letter_again_and_never_none(step, action, server, mail, post, heals):
    server.faults.at[step] = action
    assert post(mail, CALM if "hang up" in action else HASTE) == {LetterState.WAITING}
    heals(most=2)


@pytest.mark.parametrize("wrong", ["expired", "self-signed", "another name"])
def test_a_certificate_that_does_not_hold_gets_neither_password_nor_letter(wrong, server, mail, post, heals, authority):
    good = server.context
    if wrong == "expired":
        authority.issue_cert("localhost", not_after=datetime(2020, 1, 1, tzinfo=UTC)).configure_cert(server.context)
    elif wrong == "self-signed":
        trustme.CA().issue_cert("localhost").configure_cert(server.context)
    elif wrong == "another name":
        authority.issue_cert("mail.example.net").configure_cert(server.context)
    assert post(mail) == {LetterState.WAITING}
    assert server.logins == []
    server.context = good
    authority.issue_cert("localhost").configure_cert(server.context)
    heals()


def test_a_closed_port_waits(server, mail, post, heals):
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = free.getsockname()[1]
    assert post(replace(mail, port=closed)) == {LetterState.WAITING}
    heals()


def test_a_name_that_is_not_found_waits(mail, post, heals):
    assert post(replace(mail, host="nowhere.invalid")) == {LetterState.WAITING}
    heals()


def test_a_clock_set_back_by_a_year_holds_no_letter_for_a_year(server, mail, post, heals, clock):
    server.faults.at["connect"] = "421 busy"
    assert post(mail) == {LetterState.WAITING}
    clock.now -= 365 * 86_400
    server.faults.at.clear()
    assert post(mail) == {LetterState.DELIVERED}
    heals()


def test_a_server_without_an_end_to_its_answer_is_not_listened_to(server, mail, post, heals):
    server.faults.at["connect"] = "220-" + "more\r\n220-" * 400 + "more"
    assert post(mail) == {LetterState.WAITING}
    server.faults.at["connect"] = "220 " + "x" * 100_000
    assert post(mail) == {LetterState.WAITING}
    heals()


def test_the_matrix_is_as_large_as_it_says():
    assert len(REFUSALS + SILENCES + BREAKS + BODIES + UNSAID) == 56 + 14 + 7 + 6 + 4
