import random
import sqlite3
import subprocess
import sys
import threading

import pytest

from firmware_py.errors import MailError, MailRefusedError, UsageError
from firmware_py.post.backoff import LONGEST_S
from firmware_py.post.outbox import Outbox
from firmware_py.post.queued_letter import LetterId, LetterState


def test_a_queued_letter_is_due_and_survives_the_process(outbox, make_session, tmp_path, clock):
    number = outbox.queue(make_session(), "ana@example.org")
    with Outbox(tmp_path / "state", clock=clock) as again:
        letter = again.letter(number)
    assert (letter.state, letter.recipient, letter.queued) == (LetterState.DUE, "ana@example.org", clock.now)
    assert letter.session.name == "20261121T101500Z_ode-to-joy"
    assert [a.id for a in outbox.due(clock.now)] == [number]


def test_a_session_has_one_letter_however_often_it_is_queued(outbox, make_session):
    session = make_session()
    first = outbox.queue(session, "ana@example.org")
    assert outbox.queue(session, "ana@example.org") == first
    assert len(outbox.letters()) == 1


def test_the_message_id_comes_from_the_session_even_in_a_new_outbox(make_session, tmp_path):
    session = make_session()
    ids = []
    for name in ("one", "two"):
        with Outbox(tmp_path / name, domain="example.org") as box:
            ids.append(box.letter(box.queue(session, "ana@example.org")).message_id)
    assert ids[0] == ids[1]
    assert ids[0].endswith("@example.org>")


def test_two_sessions_have_two_message_ids(outbox, make_session):
    one = outbox.letter(outbox.queue(make_session("a"), "ana@example.org"))
    two = outbox.letter(outbox.queue(make_session("b"), "ana@example.org"))
    assert one.message_id != two.message_id


def test_another_address_readdresses_a_letter_that_has_not_left(outbox, make_session):
    session = make_session()
    number = outbox.queue(session, "ana@example.org")
    outbox.stop(number, "550 no such user")
    assert outbox.queue(session, "eva@example.org") == number
    letter = outbox.letter(number)
    assert (letter.recipient, letter.state, letter.reason) == ("eva@example.org", LetterState.DUE, "")


def test_a_delivered_letter_cannot_be_readdressed_or_sent_again(outbox, make_session):
    session = make_session()
    number = outbox.queue(session, "ana@example.org")
    outbox.delivered(number, "250 ok")
    assert outbox.queue(session, "ana@example.org") == number
    with pytest.raises(MailRefusedError, match=r"was delivered to ana@example\.org"):
        outbox.queue(session, "eva@example.org")
    with pytest.raises(MailError, match="not sent a second time"):
        outbox.retry(number)
    assert outbox.retry_all() == []
    assert outbox.due(1e12) == []


def test_a_wrong_address_or_a_missing_folder_is_refused_when_given(outbox, make_session, tmp_path):
    with pytest.raises(MailRefusedError):
        outbox.queue(make_session(), "ana@example.org\nBcc: x@y.z")
    with pytest.raises(MailRefusedError, match="no session folder"):
        outbox.queue(tmp_path / "nowhere", "ana@example.org")
    assert outbox.letters() == []


def test_a_waiting_letter_is_due_when_its_time_has_come_and_not_before(outbox, make_session, clock):
    number = outbox.queue(make_session(), "ana@example.org")
    with outbox.claim(number):
        after = outbox.wait(number, "450 busy")
    assert after.state is LetterState.WAITING
    assert after.reason == "450 busy"
    assert clock.now + 40 < after.next_try < clock.now + 80
    assert outbox.due(after.next_try - 1) == []
    assert [a.id for a in outbox.due(after.next_try)] == [number]


def test_a_clock_set_back_does_not_make_a_letter_wait_for_years(outbox, make_session, clock):
    number = outbox.queue(make_session(), "ana@example.org")
    outbox.wait(number, "450 busy")
    clock.now -= 10 * 365 * 86_400
    assert [a.id for a in outbox.due(clock.now)] == [number]


def test_seven_days_of_trying_end_with_a_person(outbox, make_session, clock):
    number = outbox.queue(make_session(), "ana@example.org")
    began = clock.now
    while True:
        with outbox.claim(number) as claimed:
            assert claimed is not None
            after = outbox.wait(number, "connection refused")
        if after.state is LetterState.NEEDS_A_PERSON:
            break
        assert after.next_try - clock.now <= 1.2 * LONGEST_S
        clock.now = after.next_try
    assert clock.now - began >= 7 * 86_400
    assert "connection refused" in after.reason
    assert outbox.due(clock.now) == []
    assert outbox.retry(number).state is LetterState.DUE


def test_two_claims_never_hold_the_same_letter(outbox, make_session, tmp_path):
    number = outbox.queue(make_session(), "ana@example.org")
    with Outbox(tmp_path / "state") as other:
        with outbox.claim(number) as first:
            assert first is not None
            assert first[0].state is LetterState.SENDING
            with other.claim(number) as second:
                assert second is None
        with other.claim(number) as third:
            assert third is not None
            other.delivered(number, "250 ok")
        with outbox.claim(number) as fourth:
            assert fourth is None


def test_many_mailers_at_once_send_each_letter_once(make_session, tmp_path):
    state = tmp_path / "state"
    with Outbox(state) as box:
        numbers = [box.queue(make_session(f"session-{n}"), "ana@example.org") for n in range(12)]
    sent: list[int] = []

    def mailer(seed: int) -> None:
        order = random.Random(seed).sample(numbers, len(numbers))
        with Outbox(state) as mine:
            for number in order:
                with mine.claim(number) as claimed:
                    if claimed:
                        sent.append(number)
                        mine.delivered(number, "250 ok")

    threads = [threading.Thread(target=mailer, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(sent) == sorted(numbers)
    assert [p.name for p in (state / "outbox").iterdir() if p.is_dir()] == []


def test_a_mailer_that_dies_while_sending_leaves_the_letter_to_the_next_with_its_message_id(
    outbox, make_session, tmp_path, clock
):
    number = outbox.queue(make_session(), "ana@example.org")
    before = outbox.letter(number).message_id
    dying = (
        "import os, signal, sys; from pathlib import Path; from firmware_py.post.outbox import Outbox\n"
        "box = Outbox(Path(sys.argv[1]))\n"
        "with box.claim(int(sys.argv[2])): os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", dying, str(tmp_path / "state"), str(number)], check=False, timeout=60)
    (found,) = outbox.due(clock.now)
    assert (found.id, found.state, found.message_id) == (number, LetterState.SENDING, before)
    with outbox.claim(number) as claimed:
        assert claimed is not None
        assert claimed[0].attempts == 2


def test_a_failure_of_the_server_holds_all_back_and_its_return_frees_all_in_order(outbox, make_session, clock):
    first, second, third = (outbox.queue(make_session(name), "ana@example.org") for name in "abc")
    failed = outbox.wait(first, "no route", server_wide=True)
    held = outbox.hold_back([second], failed)
    assert [(a.id, a.state, a.reason, a.attempts) for a in held] == [(second, LetterState.WAITING, "no route", 0)]
    # The third is due, so the server is tried anyway: then with the oldest first.
    assert [a.id for a in outbox.due(clock.now)] == [first, second, third]
    outbox.stop(second, "535 wrong password", server_wide=True)
    outbox.delivered(third, "250 ok")
    assert [(a.id, a.state) for a in outbox.due(clock.now)] == [(first, LetterState.DUE), (second, LetterState.DUE)]


def test_a_letter_refused_for_itself_stays_stopped_when_others_get_through(outbox, make_session):
    first, second = (outbox.queue(make_session(name), "ana@example.org") for name in "ab")
    outbox.stop(first, "550 no such user")
    outbox.delivered(second, "250 ok")
    assert outbox.letter(first).state is LetterState.NEEDS_A_PERSON


def test_an_unknown_number_is_a_usage_error(outbox):
    with pytest.raises(UsageError, match="there is no letter 7"):
        outbox.retry(LetterId(7))


def test_the_bell_rings_for_a_new_letter(outbox, make_session):
    bell = outbox.path / Outbox.BELL
    assert not bell.exists()
    outbox.queue(make_session(), "ana@example.org")
    assert bell.exists()


def test_a_state_folder_that_cannot_be_made_is_one_clear_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MailError, match="free some space or mount it writable"):
        Outbox(tmp_path / "file")


def test_sessions_inside_the_state_folder_move_with_it(outbox, make_session, tmp_path):
    number = outbox.queue(make_session(), "ana@example.org")
    outbox.close()
    (tmp_path / "state").rename(tmp_path / "elsewhere")
    with Outbox(tmp_path / "elsewhere") as moved:
        assert moved.letter(number).session.is_dir()


def test_commits_are_on_the_card_before_they_are_believed(outbox):
    assert outbox._table.db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert outbox._table.db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert isinstance(outbox._table.db, sqlite3.Connection)


def test_a_cancelled_letter_is_never_sent_until_a_person_wants_it_after_all(outbox, make_session, clock):
    first, second = (outbox.queue(make_session(name), "ana@example.org") for name in "ab")
    assert outbox.cancel(first).state is LetterState.CANCELLED
    assert outbox.retry_all() == []
    assert outbox.queue(outbox.letter(first).session, "ana@example.org") == first
    assert [letter.id for letter in outbox.due(clock.now)] == [second]
    with outbox.claim(first) as claimed:
        assert claimed is None
    assert outbox.retry(first).state is LetterState.DUE


def test_what_left_or_is_leaving_cannot_be_cancelled(outbox, make_session):
    number = outbox.queue(make_session(), "ana@example.org")
    with outbox.claim(number):
        with pytest.raises(MailError, match=r"on its way to ana@example\.org just now"):
            outbox.cancel(number)
        outbox.delivered(number, "250 ok")
    with pytest.raises(MailError, match="cannot be called back"):
        outbox.cancel(number)
    assert outbox.letter(number).state is LetterState.DELIVERED


def test_a_recipient_gets_the_older_letter_first_where_that_can_be(outbox, make_session, clock):
    first, other = (
        outbox.queue(make_session("a"), "ana@example.org"),
        outbox.queue(make_session("b"), "eva@example.org"),
    )
    for number in (first, other):
        outbox.wait(number, "450 busy")
    second = outbox.queue(make_session("c"), "ana@example.org")
    assert [letter.id for letter in outbox.due(clock.now)] == [first, second]
