"""An update from its package to its end, with releases made of nothing and an instrument that is well or not."""

import logging
from pathlib import Path

import pytest

from firmware_py.box import update as module
from firmware_py.box.outcome import Outcome, Result, last_outcome, taken_back, tell_light
from firmware_py.box.package import MACHINE
from firmware_py.box.update import BACK, PACKAGE, WAIT_S, Updater
from firmware_py.errors import UpdateError
from tests.unit.box.conftest import NEW, NEWER, OLD, Systemctl, installed, packed


def filled(folder: Path, wheels: Path) -> None:
    (folder / "systemd").mkdir()
    (folder / "program").write_bytes(b"".join(file.read_bytes() for file in sorted(wheels.iterdir())))


@pytest.fixture
def boot(tmp_path: Path) -> Path:
    folder = tmp_path / "boot"
    folder.mkdir()
    return folder


@pytest.fixture
def updater(releases, instrument, signers, boot, systemctl: Systemctl, clock) -> Updater:
    return Updater(
        releases,
        instrument,
        signers=signers,
        boot=[boot],
        told=systemctl.told,
        filled=filled,
        pause=clock.wait,
        clock=clock,
    )


@pytest.fixture
def incoming(releases) -> Path:
    releases.incoming.mkdir()
    return releases.incoming


@pytest.fixture
def package(wheels, key, incoming) -> Path:
    return packed(wheels, key, incoming / PACKAGE)


def state(releases) -> tuple[str, object, list[str]]:
    return releases.current(), releases.trial(), releases.all()


def test_a_good_package_is_installed_beside_tried_and_kept(updater, package, releases, systemctl) -> None:
    (outcome,) = updater.run()
    assert (outcome.release, outcome.result, outcome.says) == (NEW, Result.KEPT, f"{NEW} runs")
    assert state(releases) == (NEW, None, [NEW, OLD])
    assert (releases.folder(NEW) / "program").read_bytes() == b"program" * 999 + b"numbers"
    assert list(releases.incoming.iterdir()) == []
    assert systemctl.said == [
        "start hand-dance-doctor.service",
        "daemon-reload",
        "start hand-dance-settle.service",
        "reset-failed hand-dance.service",
        "restart hand-dance.service",
        "start hand-dance-doctor.service",
    ]
    assert last_outcome(releases.place).says == outcome.says
    assert taken_back(systemctl.told) == ""


@pytest.mark.parametrize(("wrong", "says"), [("start", "become ready"), ("crash", "stay up"), ("models", "worse")])
def test_a_release_that_is_no_good_is_taken_back_by_itself(
    wrong, says, updater, package, releases, systemctl, caplog
) -> None:
    systemctl.broken = {NEW: wrong}
    (outcome,) = updater.run()
    assert outcome.result is Result.TAKEN_BACK
    assert outcome.says.startswith(f"the update to {NEW} was taken back, because ")
    assert says in outcome.says
    assert outcome.says.endswith("; 0.1.0 runs again")
    assert state(releases) == (OLD, None, [OLD])
    assert systemctl.runs == OLD
    assert taken_back(systemctl.told) == outcome.says, "for the light"
    assert outcome.says in caplog.text, "for the journal"
    assert list(releases.incoming.iterdir()) == []


def test_a_good_update_ends_what_the_light_says_of_the_one_before(updater, package, systemctl) -> None:
    tell_light(Outcome(NEW, Result.TAKEN_BACK, "…"), systemctl.told)
    updater.run()
    assert taken_back(systemctl.told) == ""


def test_whatever_breaks_an_update_off_takes_it_back(updater, package, releases, systemctl) -> None:
    def interrupt(line: str) -> None:
        if line.startswith("restart") and releases.current() == NEW:
            raise KeyboardInterrupt

    systemctl.on = interrupt
    (outcome,) = updater.run()
    assert "it was broken off (KeyboardInterrupt)" in outcome.says
    assert state(releases) == (OLD, None, [OLD])


def test_a_package_that_is_refused_changes_nothing_and_is_gone(updater, releases, wheels, key, incoming) -> None:
    packed(wheels, key, incoming / PACKAGE, machine="riscv64")
    (outcome,) = updater.run()
    assert outcome.result is Result.REFUSED
    assert f"it is for riscv64 and Python 3.11, and this is {MACHINE}" in outcome.says
    assert state(releases) == (OLD, None, [OLD])
    assert list(incoming.iterdir()) == []


def test_a_release_that_cannot_be_filled_changes_nothing(updater, package, releases, monkeypatch) -> None:
    def full(_folder: Path, _wheels: Path) -> None:
        raise UpdateError("the release cannot be installed (No space left on device); make room, and try again")

    monkeypatch.setattr(updater, "_fill", full)
    (outcome,) = updater.run()
    assert (outcome.result, "No space left" in outcome.says) == (Result.FAILED, True)
    assert state(releases) == (OLD, None, [OLD])


def test_a_card_without_room_is_left_as_it_is(updater, package, releases, monkeypatch) -> None:
    monkeypatch.setattr(module, "_RESERVE_BYTES", 1 << 60)
    (outcome,) = updater.run()
    assert "MB free and the update needs" in outcome.says
    assert state(releases) == (OLD, None, [OLD])


def test_nothing_is_installed_or_switched_while_somebody_plays(updater, package, releases, systemctl, caplog) -> None:
    caplog.set_level(logging.INFO)
    seen = []
    systemctl.played = 3
    systemctl.on = lambda line: seen.append((systemctl.played, line))
    (outcome,) = updater.run()
    assert outcome.result is Result.KEPT
    assert all(played < 0 for played, _ in seen)
    assert "a session is being played; the update waits" in caplog.text


def test_a_session_that_began_while_the_release_was_installed_is_waited_for(
    updater, package, releases, systemctl, monkeypatch
) -> None:
    def meanwhile(folder: Path, wheels: Path) -> None:
        filled(folder, wheels)
        systemctl.played = 3

    monkeypatch.setattr(updater, "_fill", meanwhile)
    seen = []
    systemctl.on = lambda _: seen.append(systemctl.played)
    updater.run()
    assert seen[0] < 0


def test_an_update_does_not_wait_for_ever(updater, package, releases, systemctl, clock) -> None:
    systemctl.played = 1 << 30
    (outcome,) = updater.run()
    assert "somebody has been playing for 2 h" in outcome.says
    assert clock.now_s == pytest.approx(WAIT_S, abs=5)
    assert state(releases) == (OLD, None, [OLD])
    assert systemctl.said == []


def test_a_session_that_began_on_trial_is_played_to_its_end_before_it_is_taken_back(
    updater, package, releases, systemctl
) -> None:
    systemctl.broken = {NEW: "models"}
    back = []

    def begin(line: str) -> None:
        if "doctor" in line and releases.current() == NEW:
            systemctl.played = 2
        if releases.current() == OLD and line == "restart hand-dance.service":
            back.append(systemctl.played)

    systemctl.on = begin
    updater.run()
    assert back == [-1]


def test_the_same_package_again_changes_nothing(updater, package, releases, systemctl, wheels, key, incoming) -> None:
    updater.run()
    packed(wheels, key, incoming / PACKAGE)
    systemctl.said.clear()
    (outcome,) = updater.run()
    assert (outcome.result, outcome.says) == (Result.KEPT, f"{NEW} runs already")
    assert systemctl.said == []
    assert releases.all() == [NEW, OLD]


def test_one_can_go_back_and_forth(updater, package, releases, incoming) -> None:
    updater.run()
    for wanted in (OLD, NEW):
        (incoming / BACK).touch()
        (outcome,) = updater.run()
        assert (outcome.result, releases.current()) == (Result.KEPT, wanted)
        assert sorted(releases.all()) == [OLD, NEW]


def test_where_there_is_nothing_before_one_stays(updater, releases, incoming) -> None:
    (incoming / BACK).touch()
    (outcome,) = updater.run()
    assert "no release to go back to" in outcome.says
    assert state(releases) == (OLD, None, [OLD])
    assert updater.run() == []


def test_a_package_on_the_boot_partition_is_tried_once_and_answered_there(updater, releases, boot, wheels, key) -> None:
    packed(wheels, key, boot / PACKAGE)
    updater.run()
    assert releases.current() == NEW
    assert sorted(file.name for file in boot.iterdir()) == ["hand-dance-update.tried", "hand-dance-update.txt"]
    assert (boot / "hand-dance-update.txt").read_bytes() == f"kept: {NEW} runs\r\n".encode()
    assert updater.run() == []


def test_a_package_is_consumed_before_it_can_do_harm(updater, boot, wheels, key, systemctl) -> None:
    packed(wheels, key, boot / PACKAGE)
    there = []
    systemctl.on = lambda line: there.append((line, (boot / PACKAGE).exists()))
    updater.run()
    assert ("daemon-reload", False) in there


def test_what_is_left_while_an_update_goes_on_is_not_forgotten(
    updater, package, releases, systemctl, wheels, key, incoming
) -> None:
    def leave(line: str) -> None:
        if line.startswith("restart hand-dance.service") and releases.current() == NEW:
            packed(wheels, key, incoming / PACKAGE, release=NEWER)

    systemctl.on = leave
    assert [outcome.release for outcome in updater.run()] == [NEW, NEWER]
    assert releases.all() == [NEWER, NEW]


def test_a_boot_partition_that_cannot_be_written_is_told_and_nothing_is_switched(
    updater, releases, boot, wheels, key, monkeypatch
) -> None:
    def read_only(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    packed(wheels, key, boot / PACKAGE)
    monkeypatch.setattr(module, "_consume", read_only)
    (outcome,) = updater.run()
    assert (outcome.result, "Read-only file system" in outcome.says) == (Result.FAILED, True)
    assert releases.current() == OLD


def test_the_release_before_starts_again_even_where_the_machine_does_not_follow(
    updater, package, releases, systemctl
) -> None:
    systemctl.fails = "start hand-dance-settle.service"
    (outcome,) = updater.run()
    assert (outcome.result, "hand-dance-settle.service failed" in outcome.says) == (Result.TAKEN_BACK, True)
    assert systemctl.runs == OLD


def test_what_a_power_cut_left_half_goes_with_the_next_update(updater, package, releases) -> None:
    releases.begun(NEWER)
    (releases.begun(NEW) / "half").touch()
    updater.run()
    assert releases.all() == [NEW, OLD]
    assert not releases.folder(NEWER).exists()
    assert not (releases.folder(NEW) / "half").exists()


def test_a_release_that_systemd_install_filled_goes_the_same_way(updater, releases, systemctl) -> None:
    installed(releases, NEW, 2)
    (releases.folder(NEW) / "whole").unlink()
    assert updater.adopt(NEW).result is Result.KEPT
    assert state(releases) == (NEW, None, [NEW, OLD])
    releases.begun(NEWER)
    systemctl.broken = {NEWER: "crash"}
    assert updater.adopt(NEWER).result is Result.TAKEN_BACK
    assert releases.current() == NEW


def test_the_first_release_of_all_is_there_even_if_it_is_not_well(updater, releases, systemctl) -> None:
    (releases.place / "current").unlink()
    (releases.folder(OLD) / "whole").unlink()
    systemctl.broken = {OLD: "start"}
    outcome = updater.adopt(OLD)
    assert (outcome.result, "did not become ready" in outcome.says) == (Result.FAILED, True)
    assert state(releases) == (OLD, None, [OLD])


def test_an_outcome_that_nobody_can_read_is_none(tmp_path) -> None:
    assert last_outcome(tmp_path) is None
    for text in ("", "[]", '{"release": "x", "result": "odd", "says": "", "at": ""}', "\0"):
        (tmp_path / "outcome.json").write_text(text)
        assert last_outcome(tmp_path) is None
    assert taken_back(tmp_path) == ""
