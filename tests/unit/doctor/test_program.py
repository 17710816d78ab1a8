"""The program: settings that were refused, model files that are missing, services that are down."""

from dataclasses import replace

import pytest

from firmware_py.box.outcome import Outcome, Result
from firmware_py.doctor import program
from firmware_py.doctor.finding import Level

GREEN, AMBER, RED = Level


def _shown(**changes):
    units = {name: {"LoadState": "loaded", "ActiveState": "active", "NRestarts": "0"} for name in program.UNITS}
    for name, state in changes.items():
        key, _, value = state.partition("=")
        units[next(unit for unit in units if unit.endswith(name))][key] = value
    blocks = ["\n".join([f"Id={name}", *(f"{key}={value}" for key, value in of.items())]) for name, of in units.items()]
    return {"systemctl show": "\n\n".join(blocks)}


@pytest.mark.parametrize(
    ("changes", "level", "says"),
    [
        ({}, GREEN, "running"),
        ({"hand-dance.service": "NRestarts=3"}, AMBER, "3 times"),
        ({"hand-dance.service": "ActiveState=failed"}, RED, "hand-dance.service failed"),
        ({"post.timer": "ActiveState=inactive"}, RED, "hand-dance-post.timer not running"),
        (dict.fromkeys(("hand-dance.service", "path", "timer"), "LoadState=not-found"), GREEN, "not installed"),
    ],
)
def test_systemds_word_on_the_services_is_understood(patient, changes, level, says):
    (found,) = program.services(patient(says=_shown(**changes)))
    assert (found.level, says in found.found) == (level, True), found


def test_a_machine_without_systemd_has_no_services(patient):
    assert program.services(patient())[0].level is GREEN


def test_settings_that_were_refused_are_red_by_file_and_line(patient):
    assert program.settings(patient())[0].level is GREEN
    complaint = "/boot/firmware/hand-dance.toml, line 3: unknown key 'sogn'; did you mean song?"
    (found,) = program.settings(replace(patient(), complaint=complaint))
    assert (found.level, "line 3" in found.found, found.remedy) == (RED, True, "did you mean song?")


def test_missing_model_files_are_amber_since_hands_are_followed_by_colour(patient):
    (found,) = program.model_files(patient())
    assert (found.level, "hand-dance models" in found.remedy) == (AMBER, True)


def test_model_files_that_are_there_are_green(patient, models_state):
    box = patient()
    (box.config.state / "models").symlink_to(models_state / "models")
    assert program.model_files(box)[0].level is GREEN


def test_the_release_that_runs_is_named_and_an_update_that_was_taken_back_is_told(patient):
    box = patient()
    assert "not installed as a box" in program.release(box)[0].found
    place = box.machine.file("/opt/hand-dance")
    name = "0.1.0-20260101120001"
    (place / "releases" / name).mkdir(parents=True)
    (place / "releases" / name / "whole").touch()
    (place / "current").symlink_to(f"releases/{name}")
    Outcome(name, Result.KEPT, f"{name} runs").keep(place)
    assert (program.release(box)[0].level, program.release(box)[0].found) == (GREEN, name)
    for result in (Result.TAKEN_BACK, Result.REFUSED, Result.FAILED):
        Outcome("0.2.0-20260101120002", result, "what became of it").keep(place)
        (found,) = program.release(box)
        assert (found.level, found.found) == (AMBER, "what became of it")
