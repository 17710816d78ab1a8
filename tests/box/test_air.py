"""The box's Wi-Fi, with radios that the kernel simulates: its own while there is none, and one that it is told of.

NetworkManager, its access point and its dispatcher are real, and so is the other side: wpa_supplicant as a telephone's,
hostapd and dnsmasq as a router's.
"""

import json
import re

import pytest

from tests.box.inside import BOOT_FILE, MAILER, TOOLS
from tests.box.machine import Machine

TENDING = "hand-dance-access-point"
SET_UP = "hand-dance-setup"
HOME, PASSWORD = "Café 7", "correct horse"
MARK = "/run/hand-dance-online"
LEASES = "/var/lib/NetworkManager/dnsmasq-wlan0.leases"
OVER_S = 700  # since the access point came up: longer than it keeps the radio to itself


@pytest.fixture(scope="module")
def box(machine: Machine) -> Machine:
    machine.hears_state("ready")
    machine.run(f"systemctl stop {TENDING}.timer; {TOOLS}/air begin")  # here the test is the timer
    return machine


def tend(box: Machine) -> None:
    """Let the box look at its networks, as it does every two minutes."""
    box.run(f"systemctl start {TENDING}")


def connection(box: Machine) -> str:
    """Return the name of what the box's radio is connected to, empty for nothing."""
    return box.run("nmcli --terse --get-values GENERAL.CONNECTION device show wlan0")


def joined(box: Machine) -> None:
    """Wait until the box's radio is in a network."""
    until(box, "^wifi:connected:")


def until(box: Machine, pattern: str) -> None:
    """Wait until NetworkManager says so of a device."""
    box.run(f"until nmcli --terse --fields TYPE,STATE,CONNECTION device | grep -q '{pattern}'; do sleep 1; done")


def test_without_a_network_the_box_is_one_and_a_telephone_can_join_it(box: Machine, say) -> None:
    tend(box)
    said = box.hears("the access point .* is on", TENDING)
    (found,) = json.loads(box.ask("hand-dance doctor --json access-point").out)["checks"]
    ssid, password = re.search(r"no network: (.+), password (\w+),", found["found"]).groups()
    assert ssid in said.text
    lent = box.run(f"{TOOLS}/air join '{ssid}' {password}").splitlines()[-1]
    say(f"\n{said.text}; lent {lent}")
    assert lent.startswith("10.41.0.")
    assert "0% packet loss" in box.run("ip netns exec street ping -c 3 10.41.0.1")
    box.run(f"touch -d '-{OVER_S} seconds' /run/{TENDING}/since")
    tend(box)
    assert connection(box) == TENDING, "somebody was in it, and it went"


def test_the_network_of_the_boot_file_is_joined_and_its_password_gone(box: Machine) -> None:
    box.run(f"nmcli --wait 20 connection down {TENDING}; systemctl stop NetworkManager")  # as before a start
    box.run(f"{TOOLS}/air home '{HOME}' '{PASSWORD}'")
    box.write(BOOT_FILE, f'[wifi]\r\nssid = "{HOME}"\r\npassword = "{PASSWORD}"\r\n'.encode())
    box.run(f"systemctl start {SET_UP}")
    box.hears(f"the wireless network {HOME} is set up", SET_UP)
    assert PASSWORD not in box.read(BOOT_FILE).decode()
    box.catch_up(MAILER)
    box.run("systemctl start NetworkManager")
    joined(box)
    box.hears("^Starting", MAILER)  # what waited for a network goes at once
    tend(box)
    assert connection(box) != TENDING, "it gave up a network that it had"


def test_a_network_that_goes_is_stood_in_for_and_joined_again_when_it_is_back(box: Machine) -> None:
    box.run(f"{TOOLS}/air quiet")
    until(box, "^wifi:disconnected:")
    box.catch_up(TENDING)
    box.run(f"touch -d '-{OVER_S} seconds' {MARK}")  # it was there for some time
    tend(box)
    box.hears("the access point .* is on", TENDING)
    box.run(f"{TOOLS}/air home '{HOME}' '{PASSWORD}'")
    box.run(f"touch -d '-{OVER_S} seconds' /run/{TENDING}/since; rm {LEASES}")  # who was in it is long gone
    tend(box)
    box.hears("the access point is off", TENDING)
    joined(box)
    assert connection(box) != TENDING
