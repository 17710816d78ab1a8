"""The board, with each of its faults."""

import os
import resource
from datetime import UTC, datetime

import pytest

from firmware_py.box.access_point import AccessPoint
from firmware_py.config import BoxSettings, MailSettings
from firmware_py.doctor import machine
from firmware_py.doctor.finding import Level
from firmware_py.session.lock import only_one

GREEN, AMBER, RED = Level
NTP = "timedatectl show"


@pytest.mark.parametrize(("millidegrees", "level"), [("45000", GREEN), ("71000", AMBER), ("81200", RED)])
def test_the_hottest_sensor_counts(patient, millidegrees, level):
    zones = {f"/sys/class/thermal/thermal_zone{n}/temp": text for n, text in enumerate(["30000\n", millidegrees, "?"])}
    (found,) = machine.temperature(patient(zones))
    assert found.level is level
    assert found.figures["temperature_c"] == pytest.approx(int(millidegrees) / 1000, abs=0.1)
    assert bool(found.remedy) == (level is not GREEN)


def test_a_machine_without_a_sensor_is_not_ill(patient):
    assert machine.temperature(patient())[0].level is GREEN


@pytest.mark.parametrize(
    ("told", "level", "says"),
    [
        ("throttled=0x0", GREEN, "right"),
        ("throttled=0x50005", RED, "too low now"),
        ("throttled=0x4", RED, "slowed down now"),
        ("throttled=0x50000", AMBER, "too low since"),
        ("throttled=0x40000", AMBER, "slowed down since"),
        ("vchi failed", GREEN, "does not tell"),
        (None, GREEN, "does not tell"),
    ],
)
def test_the_firmwares_word_on_the_supply_is_understood(patient, told, level, says):
    (found,) = machine.power(patient(says={"vcgencmd get_throttled": told}))
    assert (found.level, says in found.found) == (level, True), found


@pytest.mark.parametrize(("alarm", "level"), [("0", GREEN), ("1", RED)])
def test_without_the_firmwares_command_the_kernels_alarm_tells(patient, alarm, level):
    files = {"/sys/class/hwmon/hwmon1/name": "rpi_volt\n", "/sys/class/hwmon/hwmon1/in0_lcrit_alarm": alarm}
    assert machine.power(patient(files))[0].level is level


def _limits(priority, locked):
    return (
        "Limit                     Soft Limit           Hard Limit           Units\n"
        f"Max locked memory         {locked}            {locked}            bytes\n"
        f"Max realtime priority     {priority}                   {priority}\n"
    )


@pytest.mark.parametrize(
    ("priority", "locked", "says"),
    [
        (80, 268435456, "may play before"),
        (0, 268435456, "a priority of 0"),
        (80, 8388608, "8 MB of locked memory"),
        ("unlimited", "unlimited", "may play before"),
    ],
)
def test_what_the_running_instrument_was_granted_counts(patient, priority, locked, says):
    box = patient({f"/proc/{os.getpid()}/limits": _limits(priority, locked)})
    with only_one(box.config.state):
        (found,) = machine.realtime(box)
    assert says in found.found
    assert "the instrument" in found.found
    assert found.level is (GREEN if says.startswith("may") else AMBER)


def test_without_an_instrument_this_users_own_grants_count_and_are_given_back(patient, monkeypatch):
    def refused(_pid, policy, _param):
        if policy == os.SCHED_FIFO:
            raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refused)
    monkeypatch.setattr(
        resource, "getrlimit", lambda which: (0, 0) if which == resource.RLIMIT_RTPRIO else (8 << 20, 0)
    )
    (found,) = machine.realtime(patient())
    assert found.level is AMBER
    assert "this user is granted a priority of 0" in found.found
    assert "rtprio 80" in found.remedy


@pytest.mark.parametrize(("told", "level"), [("yes", GREEN), ("no", AMBER), (None, GREEN)])
def test_a_clock_that_was_not_set_is_told(patient, told, level):
    assert machine.clock(patient(says={NTP: told}))[0].level is level


def test_the_mark_of_the_time_service_is_enough(patient):
    assert machine.clock(patient({"/run/systemd/timesync/synchronized": ""}, {NTP: "no"}))[0].level is GREEN


def test_a_clock_before_this_program_was_made_cannot_be_right(patient, monkeypatch):
    class Old(datetime):
        @classmethod
        def now(cls, tz=None):  # noqa: ARG003
            return datetime(1970, 1, 1, 0, 5, tzinfo=UTC)

    monkeypatch.setattr(machine, "datetime", Old)
    assert machine.clock(patient(says={NTP: "yes"}))[0].level is RED


HEAD = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
BY_WIFI = HEAD + "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\n"
NO_WAY_OUT = HEAD + "wlan0\t0001A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\n"
SIX = (
    "00000000000000000000000000000000 00 " + "0" * 32 + " 00 " + "0" * 32 + " 00000400 00000001 00000000 00000003 {}\n"
)


@pytest.mark.parametrize(
    ("four", "six", "transport", "level", "says"),
    [
        (BY_WIFI, "", "smtp", GREEN, "wlan0"),
        (NO_WAY_OUT, SIX.format("eth0"), "smtp", GREEN, "eth0"),
        (NO_WAY_OUT, SIX.format("lo"), "smtp", AMBER, "letters wait"),
        (NO_WAY_OUT, "", "maildir", GREEN, "no letter needs it"),
    ],
)
def test_a_way_out_is_a_default_route_of_either_protocol(patient, four, six, transport, level, says):
    files = {"/proc/net/route": four, "/proc/net/ipv6_route": six}
    (found,) = machine.network(patient(files, mail=MailSettings(transport=transport)))
    assert (found.level, says in found.found) == (level, True), found


def test_the_boxs_own_network_is_told_with_its_password_where_there_is_a_box(patient):
    files = {"/etc/machine-id": "0123456789abcdef0123456789abcdef\n"}
    assert machine.access_point(patient(files))[0].found == "not installed as a box"
    files["/opt/hand-dance/releases/0.1.0-20260101120001/whole"] = ""
    box = patient(files)
    box.machine.file("/opt/hand-dance/current").symlink_to("releases/0.1.0-20260101120001")
    point = AccessPoint.of(files["/etc/machine-id"])
    (found,) = machine.access_point(box)
    assert f"{point.ssid}, password {point.password}" in found.found
    off = patient(files, box=BoxSettings(access_point="off"))
    assert machine.access_point(off)[0].found == "off, as it is set"
