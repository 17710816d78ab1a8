"""The instrument as systemd tells of it, and whether a release that was started is as well as the one before."""

import subprocess

import pytest

from firmware_py.box import instrument as module
from firmware_py.box.health import WATCH_S, prove
from firmware_py.box.instrument import Instrument, Pulse
from firmware_py.errors import UpdateError
from firmware_py.state import State
from tests.unit.box.conftest import OLD

WELL = {"sound": "green", "models": "green"}


def told(systemctl_says: str, tmp_path) -> Instrument:
    return Instrument(lambda _arguments, _within_s: (0, systemctl_says), tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("state", "playing"),
    [(state, state in (State.COUNTING_IN, State.PLAYING, State.FINISHING)) for state in State],
)
def test_a_session_is_played_from_its_count_in_to_its_score(state, playing, tmp_path) -> None:
    says = f"ActiveState=active\nMainPID=7\nNRestarts=0\nStatusText={state}: why=this"
    assert told(says, tmp_path).pulse().playing is playing
    assert not told(says.replace("=active", "=failed"), tmp_path).pulse().playing, "what is down plays nothing"


def test_where_nothing_is_told_nothing_runs(tmp_path) -> None:
    assert told("", tmp_path).pulse() == Pulse(False, 0, 0, "")


def test_the_doctors_levels_are_read_by_name_and_are_none_where_it_could_not_look(instrument, systemctl) -> None:
    systemctl.broken = {OLD: "sound"}
    assert instrument.examine() == {"sound": "red", "models": "green"}
    systemctl.on = lambda _: systemctl.broken.clear()
    assert instrument.examine() == WELL


def test_what_the_doctor_found_before_is_not_taken_for_what_it_finds_now(systemctl, tmp_path) -> None:
    (tmp_path / "doctor.json").write_text('{"checks": [{"name": "sound", "level": "green"}]}')
    assert told("", tmp_path).examine() == {}
    (tmp_path / "doctor.json").write_text("[]")


def test_the_paths_and_timers_follow_and_the_update_does_not_start_itself(instrument, systemctl) -> None:
    instrument.restart()
    started = [line for line in systemctl.said if line.startswith("restart")]
    assert started == ["restart hand-dance.service", "restart hand-dance-post.path"]


def test_a_release_that_is_steady_and_no_redder_is_proven(instrument, clock) -> None:
    prove(instrument, WELL, clock.wait, clock)
    assert clock.now_s >= WATCH_S > 30, "longer than three times the watchdog's time"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("start", r"did not become ready \(Job for hand-dance.service failed.\)"),
        ("crash", "did not stay up for 35 s"),
        ("sound", "worse than before: sound is red, was green"),
    ],
)
def test_a_release_that_is_not_well_is_told_by_what_is_wrong(wrong, says, instrument, systemctl, clock) -> None:
    systemctl.broken = {OLD: wrong}
    with pytest.raises(UpdateError, match=says):
        prove(instrument, WELL, clock.wait, clock)


def test_what_was_red_before_may_be_red_after(instrument, systemctl, clock) -> None:
    systemctl.broken = {OLD: "sound"}
    prove(instrument, {"sound": "red", "models": "amber", "gone": "green"}, clock.wait, clock)
    prove(instrument, {}, clock.wait, clock)


def test_what_is_amiss_only_once_was_chance(instrument, systemctl, clock) -> None:
    looks = []

    def look(line: str) -> None:
        if "doctor" in line:
            looks.append(line)
            systemctl.broken = {OLD: "sound"} if len(looks) == 1 else {}

    systemctl.on = look
    prove(instrument, WELL, clock.wait, clock)
    assert len(looks) == 2


def test_a_doctor_that_cannot_look_any_more_is_worse(tmp_path, clock) -> None:
    says = "ActiveState=active\nMainPID=7\nNRestarts=0\nStatusText=ready"
    with pytest.raises(UpdateError, match="it cannot look any more"):
        prove(told(says, tmp_path), WELL, clock.wait, clock)


def test_a_systemctl_that_is_not_there_or_hangs_has_failed(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert module._systemctl(["start", "x"], 5.0)[0] == 1

    def hangs(*_, **__):
        raise subprocess.TimeoutExpired("systemctl", 5.0)

    monkeypatch.setattr(module.subprocess, "run", hangs)
    assert module._systemctl(["start", "x"], 5.0)[0] == 1
    with pytest.raises(UpdateError, match="systemctl daemon-reload failed"):
        Instrument().settle()
