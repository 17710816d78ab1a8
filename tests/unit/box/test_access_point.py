"""The box's own wireless network: there while there is no other, and never in the way of one."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.box.access import MARK, Access
from firmware_py.box.access_point import CONNECTION, TURN_S, AccessPoint, Networks, Turn, fields, guests_in, turn

ALONE = Networks(radio=True, online=False, joining=False, known=False, up_s=None, guests=0)
STATES = st.builds(
    Networks,
    radio=st.booleans(),
    online=st.booleans(),
    joining=st.booleans(),
    known=st.booleans(),
    up_s=st.none() | st.floats(0, 1e6),
    guests=st.integers(0, 3),
)


@given(STATES, st.booleans())
def test_it_is_there_only_without_a_network_and_never_cuts_a_guest_off_for_less_than_one(now, wanted) -> None:
    what = turn(now, wanted=wanted)
    if what is Turn.UP:
        assert wanted
        assert now.radio
        assert not now.online
        assert not now.joining
        assert now.up_s is None
    if what is Turn.DOWN:
        assert now.online or not wanted or (now.known and not now.guests)
    if now.up_s is not None and (now.online or not wanted):
        assert what is Turn.DOWN


def test_a_known_network_gets_its_turn_when_nobody_is_in_the_boxs_own() -> None:
    up = {**vars(ALONE), "known": True}
    assert turn(Networks(**{**up, "up_s": TURN_S - 1}), wanted=True) is Turn.LEAVE
    assert turn(Networks(**{**up, "up_s": TURN_S}), wanted=True) is Turn.DOWN
    assert turn(Networks(**{**up, "up_s": TURN_S, "guests": 1}), wanted=True) is Turn.LEAVE
    assert turn(Networks(**{**up, "up_s": TURN_S, "known": False}), wanted=True) is Turn.LEAVE


def test_name_and_password_are_the_machines_own_and_tell_nothing_of_its_id() -> None:
    machine_id = "0123456789abcdef0123456789abcdef\n"
    one = AccessPoint.of(machine_id)
    assert one == AccessPoint.of(machine_id.strip())
    assert one.ssid.startswith("Hand Dance ")
    assert len(one.ssid) == 15
    assert len(one.password) == 10
    assert one.password not in repr(one)
    assert one.ssid[-4:] not in one.password
    assert not set(one.password) & set("il1o0"), "nobody takes one for another"
    others = {AccessPoint.of(f"{number:032x}") for number in range(2000)}
    assert len({other.password for other in others}) == 2000


def test_guests_are_counted_by_what_was_lent_to_them_and_holds() -> None:
    leases = "1100 aa:bb:cc:dd:ee:ff 10.41.0.7 phone *\n900 aa:bb:cc:dd:ee:00 10.41.0.8 * *\n0 x y z *\nduid 00:01\n"
    assert guests_in(leases, 1000.0) == 2
    assert guests_in("", 1000.0) == 0


@pytest.mark.parametrize(
    ("line", "found"),
    [(r"wlan0:wifi:connected:a\:b\\c", ["wlan0", "wifi", "connected", r"a:b\c"]), ("", [""]), ("a::", ["a", "", ""])],
)
def test_what_nmcli_prints_is_taken_apart(line, found) -> None:
    assert fields(line) == found


class NetworkManager:
    """An nmcli of one radio, and of a cable where there is one."""

    def __init__(self) -> None:
        self.cable = self.known = self.up = self.broken = False
        self.said: list[str] = []

    def __call__(self, arguments: Sequence[str], _within_s: float) -> str | None:
        line = " ".join(arguments)
        if line.endswith("device status"):
            radio = f"connected:{CONNECTION}" if self.up else "disconnected:"
            cable = "eth0:ethernet:connected:Wired" if self.cable else "eth0:ethernet:unavailable:"
            return f"wlan0:wifi:{radio}\n{cable}\nlo:loopback:connected (externally):lo\n"
        if line.endswith("connection show"):
            return "lo:loopback\n" + ("Caf\\:e:802-11-wireless\n" if self.known else "")
        self.said.append(line)
        if self.broken:
            return None
        if "connection up" in line or "connection down" in line:
            self.up = "connection up" in line
        return ""


@pytest.fixture
def manager() -> NetworkManager:
    return NetworkManager()


@pytest.fixture
def access(tmp_path: Path, manager: NetworkManager) -> Access:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    return Access(tmp_path, manager, lambda: 10_000.0)


def test_a_box_without_a_network_gets_its_own_and_loses_it_to_the_first_that_comes(access, manager, tmp_path) -> None:
    assert access.tend(wanted=True) is Turn.UP
    file = tmp_path / f"run/NetworkManager/system-connections/{CONNECTION}.nmconnection"
    assert file.stat().st_mode & 0o777 == 0o600
    assert AccessPoint.of("0123456789abcdef0123456789abcdef").password in file.read_text()
    assert manager.said == ["connection reload", f"--wait 45 connection up id {CONNECTION}"]
    assert access.tend(wanted=True) is Turn.LEAVE
    manager.cable = True
    assert access.tend(wanted=True) is Turn.DOWN
    assert not manager.up
    assert access.tend(wanted=True) is Turn.LEAVE


def test_a_network_that_has_just_been_told_of_is_not_forestalled(access, manager, tmp_path) -> None:
    mark = tmp_path / MARK
    mark.parent.mkdir()
    mark.touch()
    os.utime(mark, (9_999.0, 9_999.0))
    assert access.tend(wanted=True) is Turn.LEAVE
    later = Access(tmp_path, manager, lambda: 10_119.0)
    assert later.tend(wanted=True) is Turn.UP


def test_one_that_is_not_wanted_is_not_there(access, manager) -> None:
    assert access.tend(wanted=False) is Turn.LEAVE
    access.tend(wanted=True)
    assert access.tend(wanted=False) is Turn.DOWN


def test_a_guest_keeps_it_there(access, manager, tmp_path) -> None:
    manager.known = True
    access.tend(wanted=True)
    later = Access(tmp_path, manager, lambda: 10_000.0 + TURN_S)
    leases = tmp_path / "var/lib/NetworkManager/dnsmasq-wlan0.leases"
    leases.parent.mkdir(parents=True)
    leases.write_text("99999 aa:bb:cc:dd:ee:ff 10.41.0.7 phone *\n")
    assert later.tend(wanted=True) is Turn.LEAVE
    leases.write_text("10001 aa:bb:cc:dd:ee:ff 10.41.0.7 phone *\n")
    assert later.tend(wanted=True) is Turn.DOWN


def test_one_that_cannot_be_made_is_tried_again(access, manager, tmp_path) -> None:
    manager.broken = True
    assert access.tend(wanted=True) is Turn.LEAVE
    manager.broken = False
    assert access.tend(wanted=True) is Turn.UP
    (tmp_path / "etc/machine-id").unlink()
    manager.up = False
    assert access.tend(wanted=True) is Turn.LEAVE


def test_a_machine_without_network_manager_is_left_alone(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Access(tmp_path).tend(wanted=True) is Turn.LEAVE
    assert list(tmp_path.iterdir()) == []


def test_its_channel_is_one_that_every_country_allows_and_not_the_same_for_all_boxes():
    points = [AccessPoint.of(f"{number:032x}") for number in range(60)]
    assert {point.channel for point in points} == {1, 6, 11}
    assert all(f"\nband=bg\nchannel={point.channel}\n" in point.keyfile() for point in points)
