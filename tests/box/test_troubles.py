"""What people do to a box and what boxes meet: each ends in a state that tells a person by light, chime and doctor."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from firmware_py.sound.chimes import Chime
from tests.box.inside import BOOT_FILE, INSTRUMENT, STATE
from tests.box.machine import RECORDING_PIN, START_PIN, STATUS_PIN, STOP_PIN, Machine

SYSTEM_FILE = "/etc/hand-dance/config.toml"


@pytest.fixture(autouse=True)
def as_it_was(machine: Machine) -> Iterator[None]:
    """Each trouble is over when its test is, and the box is ready again."""
    machine.run(f"cp -n {SYSTEM_FILE} /tmp/config.toml")
    yield
    machine.run(f"cp /tmp/config.toml {SYSTEM_FILE}; rm -f {BOOT_FILE}")


def restart(machine: Machine) -> None:
    """Start the box's services anew, and wait until the box is ready, whether or not it is in trouble."""
    machine.run("systemctl stop hand-dance")
    machine.catch_up()
    machine.run("systemctl restart hand-dance-setup; systemctl start hand-dance")
    machine.hears_state("ready")


def is_well(machine: Machine) -> None:
    """The status light is that of a box that is ready and in no trouble, and its settings are understood."""
    _, share = machine.blinks(STATUS_PIN)
    assert share > 0.7
    (found,) = json.loads(machine.ask("hand-dance doctor --json settings").out)["checks"]
    assert found["level"] == "green", found


def wrong(machine: Machine, thing: str) -> dict[str, str]:
    """Return what the doctor finds about a thing, which is not green, with its remedy."""
    told = json.loads(machine.ask(f"hand-dance doctor --json {thing}").out)
    (found,) = (one for one in told["checks"] if one["name"] == thing)
    assert found["level"] != "green", found
    assert found["remedy"], found
    return found


def tells_a_fault(machine: Machine, since_s: float, *, chime: bool = True) -> None:
    """The status light shows a fault, and its chime was heard."""
    rises, share = machine.blinks(STATUS_PIN)
    assert rises >= 3, (rises, share)
    assert 0.15 < share < 0.45, (rises, share)
    assert not machine.light(RECORDING_PIN)
    if chime:
        machine.hears_chime(Chime.FAULT, since_s)


def test_a_boot_file_from_windows_counts_and_one_cut_in_half_is_named(machine: Machine) -> None:
    machine.hears_state("ready")
    machine.write(BOOT_FILE, b'\xef\xbb\xbf[play]\r\nsong = "greensleeves"\r\n')
    restart(machine)
    is_well(machine)
    assert "greensleeves" in machine.run(f"cat {STATE}/last-good.toml")
    began_s = machine.now_s
    machine.write(BOOT_FILE, b'[play]\nsong = "gree')
    restart(machine)
    said = machine.hears(f"^ready: {BOOT_FILE}").text
    assert "the last good settings count" in said
    tells_a_fault(machine, began_s)
    assert BOOT_FILE in wrong(machine, "settings")["found"]


def test_pins_used_twice_leave_the_buttons_and_lights_that_were(machine: Machine) -> None:
    machine.write(BOOT_FILE, b"[panel]\nstatus_pin = 17\n")
    began_s = machine.now_s
    restart(machine)
    machine.hears("^ready: panel.status_pin is pin 17, which panel.start_pin uses already")
    tells_a_fault(machine, began_s)
    assert "panel.start_pin uses already" in wrong(machine, "settings")["found"]
    machine.press(START_PIN)
    machine.hears_state("counting-in")
    assert machine.light(RECORDING_PIN)
    machine.press(STOP_PIN)
    machine.hears("^finishing: stop was pressed")
    machine.hears_state("ready")
    assert not machine.light(RECORDING_PIN)


@pytest.mark.parametrize(
    ("setting", "thing"),
    [(b'[camera]\nsource = "v4l2"\n', "camera"), (b'[sound]\naudio = "alsa:hw:Gone"\n', "sound")],
    ids=["no-camera", "no-sound-card"],
)
def test_what_is_not_there_is_told_when_somebody_presses_start(machine: Machine, setting: bytes, thing: str) -> None:
    machine.write(BOOT_FILE, setting)
    restart(machine)
    began_s = machine.press(START_PIN)
    machine.hears_state("fault")
    machine.hears("^ready: .+")
    tells_a_fault(machine, began_s, chime=thing != "sound")
    wrong(machine, thing)
    assert machine.look()["bare"] == []


def test_a_card_that_turns_read_only_is_told_at_the_press_and_at_the_next_start(machine: Machine) -> None:
    restart(machine)
    with read_only(machine):
        began_s = machine.press(START_PIN)
        machine.hears_state("fault")
        machine.hears("^ready: .*Read-only file system")
        tells_a_fault(machine, began_s)
        assert "Read-only file system" in wrong(machine, "card")["found"]
        began_s = machine.now_s
        restart(machine)
        machine.hears("^ready: .*cannot be written")
        tells_a_fault(machine, began_s)
    restart(machine)
    is_well(machine)


@contextmanager
def read_only(machine: Machine) -> Iterator[None]:
    """The card takes nothing any more, as the kernel has it when it finds a fault."""
    machine.run("echo u >/proc/sysrq-trigger; until grep -q ' / ext4 ro' /proc/mounts; do sleep 0.1; done")
    try:
        yield
    finally:
        machine.run("mount -o remount,rw /")


def test_without_its_pins_the_box_says_so_by_its_chime(machine: Machine) -> None:
    with without_pins(machine):
        began_s = machine.now_s
        restart(machine)
        machine.hears("^ready: there are no pins for buttons and lights here")
        machine.hears_chime(Chime.FAULT, began_s)
        assert wrong(machine, "gpio")["found"] == "no chip on this machine"
    restart(machine)
    is_well(machine)


@contextmanager
def without_pins(machine: Machine) -> Iterator[None]:
    """The chip of the pins is gone, as it is for a kernel that does not know the board."""
    machine.run("systemctl stop hand-dance; echo 0 >/sys/kernel/config/gpio-sim/box/live")
    try:
        yield
    finally:
        machine.run("systemctl stop hand-dance; echo 1 >/sys/kernel/config/gpio-sim/box/live")
        for pin in (START_PIN, STOP_PIN):
            machine.run(f"echo pull-up | tee /sys/devices/platform/gpio-sim.0/gpiochip*/sim_gpio{pin}/pull")


def test_time_that_jumps_back_while_somebody_plays_harms_nothing(machine: Machine) -> None:
    before = machine.settled()["sessions"]
    machine.press(START_PIN)
    machine.hears_state("playing")
    machine.run("date --set='2020-02-02 02:02:02'")
    machine.press(STOP_PIN)
    machine.hears_state("finishing")
    machine.hears_state("ready")
    after = machine.settled()["sessions"]
    (new,) = set(after) - set(before)
    assert after[new]["end"] == "stop was pressed"
    assert {name: after[name] for name in before} == before


def test_a_second_instance_is_refused_and_the_first_plays_on(machine: Machine) -> None:
    for command in ("run", "play --audio paced --camera ghost"):
        refused = machine.ask(f"hand-dance {command}")
        assert refused.code == 1, refused
        assert "stop it first" in refused.out
    assert machine.run(f"systemctl is-active {INSTRUMENT}") == "active"
