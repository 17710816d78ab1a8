"""Letters that wait for the network go as soon as it is back, not when their wait is over."""

import os
import subprocess
from pathlib import Path

import pytest

from firmware_py.errors import MailError, MailRefusedError
from firmware_py.post.mailer import Mailer
from firmware_py.post.queued_letter import LetterState
from firmware_py.post.transports import ServerDownError
from tests.unit.post.test_mailer import Postman

SCRIPT = Path(__file__).parents[3] / "systemd" / "network-is-back"


@pytest.fixture
def mark(tmp_path):
    return tmp_path / "online"


@pytest.fixture
def postman():
    return Postman()


@pytest.fixture
def run(outbox, postman, clock, mark):
    return lambda: Mailer(outbox, postman, "box@example.org", clock, network=mark).run()


def comes_back(mark, *words, **environment):
    subprocess.run(
        [SCRIPT, *(words or ("wlan0", "up"))],
        env={"PATH": os.environ["PATH"], "HAND_DANCE_NETWORK_MARK": str(mark), **environment},
        check=True,
        timeout=30,
    )


def test_the_boxs_own_wireless_network_is_no_network(mark):
    comes_back(mark, "wlan0", "up", CONNECTION_ID="hand-dance-access-point")
    assert not mark.exists()
    comes_back(mark, "wlan0", "up", CONNECTION_ID="home")
    assert mark.exists()


def test_the_loopback_is_no_network(mark):
    comes_back(mark, "lo", "up", CONNECTION_ID="lo")
    assert not mark.exists()


def test_when_the_network_is_back_all_that_waited_for_it_goes_in_order(outbox, make_session, postman, run, mark):
    for name in "ab":
        outbox.queue(make_session(name), f"{name}@example.org")
    postman.closed = ServerDownError("no route")
    assert [d.state for d in run()] == [LetterState.WAITING] * 2
    postman.closed = None
    assert run() == []
    comes_back(mark)
    assert [(d.recipient, d.delivered) for d in run()] == [("a@example.org", True), ("b@example.org", True)]


def test_what_waits_for_something_else_goes_on_waiting(outbox, make_session, postman, run, mark):
    for name in "ab":
        outbox.queue(make_session(name), f"{name}@example.org")
    postman.refuses = {"a@example.org": MailError("450 busy"), "b@example.org": MailRefusedError("550 nobody")}
    run()
    comes_back(mark)
    assert run() == []


def test_a_network_that_comes_back_while_the_mailer_still_fails_is_not_missed(outbox, make_session, postman, run, mark):
    outbox.queue(make_session(), "ana@example.org")

    def connect():
        postman.calls += 1
        if postman.calls == 1:
            comes_back(mark)
            raise ServerDownError("no route")
        return postman

    postman.connect = connect
    assert [d.delivered for d in run()] == [True]


def test_one_event_is_answered_once(outbox, make_session, postman, run, mark):
    comes_back(mark)
    outbox.queue(make_session(), "ana@example.org")
    postman.closed = ServerDownError("no route")
    run()
    assert run() == []
    assert postman.calls == 1


@pytest.mark.parametrize(
    ("words", "state", "leaves"),
    [
        (("eth0", "up"), "", True),
        (("wlan0", "dhcp4-change"), "", True),
        (("none", "connectivity-change"), "FULL", True),
        (("none", "connectivity-change"), "PORTAL", False),
        (("eth0", "down"), "", False),
        (("eth0", "pre-up"), "", False),
        (("eth0",), "", False),
    ],
)
def test_the_script_leaves_its_mark_for_a_network_and_for_nothing_else(mark, words, state, leaves):
    comes_back(mark, *words, CONNECTIVITY_STATE=state)
    assert mark.exists() == leaves
