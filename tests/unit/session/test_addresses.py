"""An address held up before playing is the next session's, one soon after it the last one's, and nobody else's."""

from dataclasses import replace

import pytest

from firmware_py.config import MailSettings
from firmware_py.errors import MailError, MailRefusedError
from firmware_py.post.mailer import open_outbox, queue_session, send_due
from firmware_py.session.addresses import HELD_FOR_S, Addresses


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def addresses(config, clock):
    return Addresses(config, clock)


@pytest.fixture
def play(addresses, config, played, clock):
    """Play one session as the box does, and return its folder."""

    def one(*, looking=True, seconds=30.0):
        chosen = addresses.for_session(config)
        wait_s = addresses.wait_s(looking=looking)
        clock.now += seconds
        folder = played(address=chosen.play.address)
        queue_session(config, folder.path, after_s=wait_s)
        addresses.played(folder)
        return folder

    return one


def letters(config):
    with open_outbox(config) as outbox:
        return [(letter.recipient, str(letter.state)) for letter in outbox.letters()]


def test_an_address_held_up_before_is_the_next_sessions_and_its_letter_does_not_wait(addresses, play, config):
    said = addresses.read("mailto:vis@example.org")
    assert said == "the letter of the next session goes to vis@example.org"
    assert play().record().address == "vis@example.org"
    assert letters(config) == [("vis@example.org", "due")]
    play()
    assert letters(config)[1] == ("ana@example.org", "waiting")


def test_an_address_held_up_within_a_minute_is_the_last_sessions(addresses, play, config, clock):
    folder = play()
    assert letters(config) == [("ana@example.org", "waiting")]
    clock.now += 59
    assert (
        addresses.read("MECARD:EMAIL:vis@example.org;;") == f"the letter of {folder.path.name} goes to vis@example.org"
    )
    assert folder.record().address == "vis@example.org"
    assert letters(config) == [("vis@example.org", "due")]
    assert [sent.recipient for sent in send_due(config)] == ["vis@example.org"]


def test_after_that_minute_it_is_the_next_sessions_and_the_letter_has_gone(addresses, play, config, clock):
    play()
    clock.now += 30
    addresses.tend()
    assert letters(config) == [("ana@example.org", "waiting")]
    clock.now += 30
    addresses.tend()
    assert letters(config) == [("ana@example.org", "due")]
    assert "next session" in addresses.read("vis@example.org")


def test_the_same_code_shown_again_is_not_taken_for_the_next_visitor(addresses, play, config):
    addresses.read("vis@example.org")
    folder = play()
    assert addresses.read("vis@example.org") == f"the letter of {folder.path.name} goes to vis@example.org already"
    play()
    assert [recipient for recipient, _ in letters(config)] == ["vis@example.org", "ana@example.org"]


def test_another_code_after_a_session_that_has_one_is_the_next_visitors(addresses, play, config):
    addresses.read("one@example.org")
    play()
    assert "next session" in addresses.read("two@example.org")
    play()
    assert [recipient for recipient, _ in letters(config)] == ["one@example.org", "two@example.org"]


def test_the_next_session_ends_the_wait_of_the_last_letter(addresses, play, config):
    play()
    play()
    assert letters(config) == [("ana@example.org", "due"), ("ana@example.org", "waiting")]


def test_an_address_is_forgotten_after_some_minutes_and_kept_over_a_session_that_did_not_begin(
    addresses, play, config, clock
):
    addresses.read("vis@example.org")
    assert addresses.for_session(config).play.address == "vis@example.org"
    assert addresses.for_session(config).play.address == "vis@example.org"
    clock.now += HELD_FOR_S
    assert addresses.for_session(config) is config


def test_a_later_address_takes_the_place_of_an_earlier_one(addresses, play):
    addresses.read("wrong@example.org")
    addresses.read("right@example.org")
    assert play().record().address == "right@example.org"


def test_no_letter_waits_where_nobody_looks_for_codes(play, config):
    play(looking=False)
    assert letters(config) == [("ana@example.org", "due")]


def test_a_wrong_address_is_refused_when_it_is_held_up_and_changes_nothing(addresses, play, config):
    addresses.read("vis@example.org")
    with pytest.raises(MailRefusedError, match="give one"):
        addresses.read("mailto:a@example.org,b@example.org")
    assert addresses.read("WIFI:S:x;;") is None
    assert play().record().address == "vis@example.org"


def test_a_box_without_mail_says_so(config, clock):
    off = Addresses(replace(config, mail=MailSettings(transport="off")), clock)
    with pytest.raises(MailRefusedError, match="sends no letters"):
        off.read("vis@example.org")


def test_a_letter_that_left_all_the_same_is_not_sent_twice(addresses, play, config):
    folder = play(looking=False)
    send_due(config)
    with pytest.raises(MailError, match=r"was delivered to ana@example\.org"):
        addresses.read("vis@example.org")
    assert folder.record().address == ""


def test_a_session_deleted_meanwhile_stops_nothing(addresses, play, clock):
    folder = play()
    for path in folder.path.iterdir():
        path.unlink()
    folder.path.rmdir()
    clock.now += 61
    addresses.tend()
    assert "next session" in addresses.read("vis@example.org")
