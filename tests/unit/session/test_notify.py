import os
import socket

import pytest

from firmware_py.session.notify import Notifier


class Systemd:
    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(0)

    def heard(self):
        told = []
        while True:
            try:
                told.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return told


@pytest.fixture
def systemd(tmp_path):
    listening = Systemd(str(tmp_path / "notify"))
    yield listening
    listening.socket.close()


@pytest.fixture
def environment(tmp_path):
    return {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "10000000", "WATCHDOG_PID": str(os.getpid())}


def test_ready_status_and_stopping_are_told_one_line_each(systemd, environment):
    notifier = Notifier(environment)
    notifier.ready()
    notifier.status("playing\nREADY=1")
    notifier.stopping()
    notifier.close()
    assert systemd.heard() == ["READY=1\nSTATUS=ready", "STATUS=playing READY=1", "STOPPING=1"]


def test_signs_of_life_are_told_four_times_per_watchdog_time_however_often_they_come(systemd, environment):
    now = 0.0
    notifier = Notifier(environment, lambda: now)
    for _ in range(1000):
        notifier.alive()
        now += 0.01
    notifier.close()
    assert systemd.heard() == ["WATCHDOG=1"] * 4


def test_silence_is_asked_for_in_start_and_watchdog_and_given_back(systemd, environment):
    notifier = Notifier(environment)
    notifier.silent_for(300.0)
    notifier.silent_for(0.0)
    notifier.close()
    assert systemd.heard() == [
        "WATCHDOG_USEC=300000000\nWATCHDOG=1\nEXTEND_TIMEOUT_USEC=300000000",
        "WATCHDOG_USEC=10000000\nWATCHDOG=1",
    ]


def test_without_a_watchdog_silence_prolongs_the_start_and_sets_no_watchdog(systemd, environment):
    notifier = Notifier({"NOTIFY_SOCKET": environment["NOTIFY_SOCKET"]})
    notifier.silent_for(300.0)
    notifier.silent_for(0.0)
    notifier.close()
    assert systemd.heard() == ["EXTEND_TIMEOUT_USEC=300000000"]


def test_a_child_process_gives_no_sign_in_its_parents_name(systemd, environment):
    notifier = Notifier({**environment, "WATCHDOG_PID": "1"})
    notifier.alive()
    assert notifier.watchdog_s is None
    assert systemd.heard() == []


def test_an_abstract_address_is_understood():
    address = f"@hand-dance-test-{os.getpid()}"
    listening = Systemd("\0" + address[1:])
    notifier = Notifier({"NOTIFY_SOCKET": address})
    notifier.ready()
    notifier.close()
    assert listening.heard() == ["READY=1\nSTATUS=ready"]
    listening.socket.close()


def test_without_systemd_nothing_happens_and_one_line_says_so(caplog):
    caplog.set_level("DEBUG")
    notifier = Notifier({})
    notifier.ready()
    notifier.alive()
    notifier.close()
    assert len(caplog.messages) == 1


def test_a_systemd_that_is_gone_stops_nothing(environment, caplog):
    caplog.set_level("DEBUG")
    notifier = Notifier(environment)
    notifier.ready()
    notifier.close()
    assert "did not hear" in caplog.text


@pytest.mark.parametrize("micros", ["", "0", "x", "-5"])
def test_a_watchdog_that_is_off_is_off(micros):
    assert Notifier({"WATCHDOG_USEC": micros}).watchdog_s is None
