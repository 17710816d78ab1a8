"""The benchmark of a session's end runs and prints what its readers rely on; how fast it is, is not asked here."""

import json

import pytest

from firmware_py.bench import finish


@pytest.mark.slow
def test_a_short_session_is_finished_and_every_step_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finish.shutil, "which", lambda _name: None)
    found = json.loads(json.dumps(finish.measure(30.0).as_json()))
    assert {"total_s", "steps", "peak_mb", "peers"} <= set(found)
    assert {"notes and marks", "engraving", "midi", "musicxml", "pdf", "preview", "letter", "rest"} <= set(
        found["steps"]
    )
    assert all(took >= 0 for took in found["steps"].values())
    assert sum(found["steps"].values()) == pytest.approx(found["total_s"], abs=0.02)
    assert 50 < found["peak_mb"] < 250
    assert found["notes"] >= 40
    assert (found["peers"], found["absent"]) == ({}, {"lilypond": "apt install lilypond"})
