"""hand-dance update: what it asks root's unit for, and how it tells the end."""

import json
import subprocess

import pytest

from firmware_py.box import outcome as outcomes
from firmware_py.box import releases as module
from firmware_py.box.outcome import Outcome, Result
from firmware_py.cli import main
from firmware_py.cli import update as command

NAME, NEW = "0.1.0-20260101120001", "0.2.0-20260101120002"


@pytest.fixture
def box(tmp_path, monkeypatch):
    """A box with one release whose user is root, and whose unit ends as ``box.ends`` says."""
    place = tmp_path / "opt"
    folder = place / "releases" / NAME
    folder.mkdir(parents=True)
    (folder / "whole").touch()
    (place / "current").symlink_to(f"releases/{NAME}")
    monkeypatch.setattr(module.Releases.__init__, "__defaults__", (place,))
    monkeypatch.setattr(outcomes.last_outcome, "__defaults__", (place,))
    monkeypatch.setattr(command.os, "geteuid", lambda: 0)
    started = []

    class Box:
        ends: Outcome | None = None

    def run(line, **_):
        started.append((line, sorted(file.name for file in (place / "incoming").iterdir())))
        if Box.ends:
            Box.ends.keep(place)
        return subprocess.CompletedProcess(line, 0)

    monkeypatch.setattr(command.subprocess, "run", run)
    Box.place, Box.started, Box.file = place, started, tmp_path / "given.zip"
    Box.file.write_bytes(b"package")
    return Box


def test_the_package_is_left_for_roots_unit_and_its_end_is_told(box, capsys) -> None:
    box.ends = Outcome(NEW, Result.KEPT, f"{NEW} runs")
    assert main(["update", str(box.file)]) == 0
    assert box.started == [(["systemctl", "start", "hand-dance-update.service"], ["hand-dance-update.zip"])]
    assert (box.place / "incoming/hand-dance-update.zip").read_bytes() == b"package"
    assert (box.place / "incoming").stat().st_mode & 0o777 == 0o700
    assert capsys.readouterr().out.splitlines()[-1] == f"{NEW} runs"


@pytest.mark.parametrize(("result", "code"), [(Result.REFUSED, 2), (Result.TAKEN_BACK, 1), (Result.FAILED, 1)])
def test_what_was_not_kept_ends_in_one_sentence_and_another_code(box, result, code, capsys) -> None:
    box.ends = Outcome(NEW, result, "it is as it was")
    assert main(["update", "--back"]) == code
    assert box.started[0][1] == ["back"]
    assert capsys.readouterr().err == "hand-dance: it is as it was\n"


def test_json_tells_the_end_and_nothing_else(box, capsys) -> None:
    box.ends = Outcome(NEW, Result.KEPT, f"{NEW} runs", "2026-01-01T12:00:00Z")
    assert main(["update", str(box.file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {**vars(box.ends)}
    assert main(["update", "--list", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"current": NAME, "trial": False, "releases": [NAME], "last": {**vars(box.ends)}}


def test_the_list_says_what_runs_and_how_the_last_update_ended(box, capsys, monkeypatch) -> None:
    monkeypatch.setattr(command.os, "geteuid", lambda: 1000)
    assert main(["update", "--list"]) == 0
    assert capsys.readouterr().out == f"{NAME}  runs\nno update yet\n"
    (box.place / "trial").write_text(f"{NAME}\n\n")
    Outcome(NEW, Result.FAILED, "no room", "2026-01-01T12:00:00Z").keep(box.place)
    main(["update", "--list"])
    assert capsys.readouterr().out == f"{NAME}  on trial\nlast update, 2026-01-01T12:00:00Z: no room\n"


def test_an_update_that_did_not_begin_is_not_taken_for_the_one_before(box, capsys) -> None:
    Outcome(NEW, Result.KEPT, f"{NEW} runs", "2026-01-01T12:00:00Z").keep(box.place)
    assert main(["update", "--back"]) == 1
    assert "the update was not made" in capsys.readouterr().err


def test_who_is_not_root_or_has_no_box_or_no_file_is_told_so(box, capsys, monkeypatch) -> None:
    assert main(["update", str(box.file.parent / "none.zip")]) == 2
    assert "there is no file" in capsys.readouterr().err
    (box.place / "current").unlink()
    assert main(["update", str(box.file)]) == 2
    assert "install one first: sudo make install" in capsys.readouterr().err
    monkeypatch.setattr(command.os, "geteuid", lambda: 1000)
    assert main(["update", str(box.file)]) == 2
    assert "needs root; run: sudo hand-dance update" in capsys.readouterr().err
    assert box.started == []


def test_one_thing_at_a_time_is_asked_for(capsys) -> None:
    for line in (["update"], ["update", "x.zip", "--back"], ["update", "--list", "--back"]):
        with pytest.raises(SystemExit) as ended:
            main(line)
        assert ended.value.code == 2
