from dataclasses import replace

import pytest

from firmware_py.config import Config, MailSettings, PathSettings
from firmware_py.post.allowance import Allowance, allowances
from firmware_py.post.mailer import open_outbox, queue_session, send_due
from firmware_py.post.queued_letter import LetterState

HOUR = Allowance(2, 3600.0, "mail.recipients_per_hour")


def test_below_the_limit_a_letter_goes_at_once():
    assert HOUR.free_at("c", [("a", 10.0)]) is None


def test_whoever_had_a_letter_already_is_not_counted_again():
    assert HOUR.free_at("a", [("a", 10.0), ("b", 20.0)]) is None
    assert HOUR.free_at("c", [("a", 10.0), ("a", 20.0)]) is None


def test_the_next_person_waits_until_the_oldest_is_an_hour_ago():
    assert HOUR.free_at("c", [("b", 20.0), ("a", 10.0)]) == 3610.0
    assert HOUR.free_at("c", [("a", 10.0), ("b", 20.0), ("a", 30.0)]) == 3620.0
    assert HOUR.free_at("d", [("a", 10.0), ("b", 20.0), ("c", 30.0)]) == 3620.0


def test_a_provider_adds_its_own_limit():
    assert [(a.recipients, a.seconds) for a in allowances(MailSettings())] == [(30, 3600.0)]
    assert [(a.recipients, a.seconds) for a in allowances(MailSettings(preset="gmail"))] == [(30, 3600), (500, 86_400)]


@pytest.fixture
def config(tmp_path):
    return Config(paths=PathSettings(state=str(tmp_path / "state")), mail=MailSettings(recipients_per_hour=3))


def test_of_five_people_in_an_hour_two_wait_and_get_their_letters_in_the_next(config, make_session, clock):
    for n in range(5):
        queue_session(config, make_session(f"session-{n}"), f"visitor-{n}@example.org", clock)
    states = [d.state for d in send_due(config, clock)]
    assert states == [LetterState.DELIVERED] * 3 + [LetterState.WAITING] * 2
    with open_outbox(config, clock) as outbox:
        waiting = outbox.letters()[3]
    assert waiting.reason == "3 recipients had letters within 1 h (mail.recipients_per_hour)"
    assert (waiting.attempts, waiting.next_try) == (0, clock.now + 3600)
    clock.now += 3599
    assert send_due(config, clock) == []
    clock.now += 1
    assert [d.delivered for d in send_due(config, clock)] == [True, True]


def test_a_retry_does_not_get_round_the_limit(config, make_session, clock):
    one = replace(config, mail=MailSettings(recipients_per_hour=1))
    for n in range(2):
        queue_session(one, make_session(f"session-{n}"), f"visitor-{n}@example.org", clock)
    send_due(one, clock)
    with open_outbox(one, clock) as outbox:
        outbox.retry_all()
    assert [d.state for d in send_due(one, clock)] == [LetterState.WAITING]


def test_the_owner_who_gets_copies_is_one_of_the_recipients():
    (own,) = allowances(MailSettings(recipients_per_hour=5, copy_to="owner@example.org"))
    assert own.recipients == 4
    assert "one more gets copies" in own.says
    (own,) = allowances(MailSettings(recipients_per_hour=1, copy_to="owner@example.org"))
    assert own.recipients == 1, "no letter could go at all"
