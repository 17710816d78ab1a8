"""All checks together: at once, each in its time, and none of them able to stop the others."""

import threading
import time
from pathlib import Path

import pytest

from firmware_py.config import CameraSettings, PanelSettings, SoundSettings
from firmware_py.doctor import examine as examining
from firmware_py.doctor.check import Check
from firmware_py.doctor.examine import CHECKS, examine
from firmware_py.doctor.finding import Finding, Level, worst

GREEN, AMBER, RED = Level


def _well(name, level=GREEN):
    return Check({name: name.title()}, lambda _: [Finding(name, name.title(), level, "well")])


def test_a_check_that_hangs_is_given_up_and_the_others_are_told_first(patient):
    never = threading.Event()

    def hangs(_):
        never.wait(30)
        return []

    hung = Check({"a": "A", "b": "B"}, hangs, limit_s=0.3)
    order = []
    begun = time.monotonic()
    found = examine(patient(), told=lambda finding: order.append(finding.name), checks=[hung, _well("c")])
    assert time.monotonic() - begun < 5
    assert [(one.name, one.level) for one in found] == [("a", RED), ("b", RED), ("c", GREEN)]
    assert order == ["c", "a", "b"]
    assert "did not answer" in found[0].found


def test_a_check_that_fails_is_a_finding(patient):
    broken = Check({"a": "A"}, lambda _: 1 / 0)
    (found,) = examine(patient(), checks=[broken])
    assert (found.level, "ZeroDivisionError" in found.found) == (RED, True)


def test_a_check_that_fails_in_a_process_of_its_own_says_why_all_the_same(patient):
    (found,) = examine(patient(panel=PanelSettings(start_pin="seventeen")), ["gpio"])
    assert (found.level, "TypeError" in found.found) == (RED, True)


def test_only_what_was_asked_for_is_looked_at(patient):
    broken = Check({"b": "B"}, lambda _: pytest.fail("looked"))
    assert [one.name for one in examine(patient(), ["a"], checks=[_well("a"), broken])] == ["a"]


def test_the_worst_counts():
    assert worst([]) is GREEN
    assert worst([Finding("a", "A", AMBER, ""), Finding("b", "B", GREEN, "")]) is AMBER
    assert worst([Finding("a", "A", RED, ""), Finding("b", "B", AMBER, "")]) is RED


def test_what_touches_drivers_is_looked_at_from_a_process_of_its_own(patient):
    box = patient(camera=CameraSettings(source="ghost"), sound=SoundSettings(audio="paced"))
    found = {one.name: one for one in examine(box, ["camera", "frame-rate", "sound"])}
    assert list(found) == ["camera", "frame-rate", "sound"]
    assert "ghost stands in" in found["camera"].found
    assert "nothing is heard" in found["sound"].found
    assert all(one.seconds > 0 for one in found.values())


def test_a_process_that_hangs_in_a_driver_is_ended(patient, monkeypatch, tmp_path):
    slow = tmp_path / "python"
    slow.write_text(f"#!/bin/sh\necho $$ >{tmp_path}/pid\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(examining.sys, "executable", str(slow))
    hung = Check({"camera": "Camera"}, lambda _: [], limit_s=1.0, alone=True)
    begun = time.monotonic()
    (found,) = examine(patient(), checks=[hung])
    assert time.monotonic() - begun < 10
    assert (found.level, found.title) == (RED, "Camera")
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()


def test_a_process_that_dies_is_a_finding(patient, monkeypatch):
    monkeypatch.setattr(examining.sys, "executable", "/bin/false")
    (found,) = examine(patient(), checks=[Check({"camera": "Camera"}, lambda _: [], alone=True)])
    assert (found.level, "ended" in found.found) == (RED, True)


def test_every_thing_has_one_name_and_a_finding_survives_json():
    names = [name for check in CHECKS for name in check.things]
    assert len(names) == len(set(names))
    finding = Finding("card", "Card", AMBER, "slow", "another", {"bytes_per_s": 1.5}, 0.25)
    assert Finding.from_json(finding.as_json()) == finding
