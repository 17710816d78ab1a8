"""The command line itself: what it knows, how it ends, and that what went wrong is one sentence."""

import argparse
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

import firmware_py
from firmware_py import __version__, cli
from firmware_py.archive.library import sessions_in
from firmware_py.archive.session_folder import SessionFolder, SessionRecord
from firmware_py.cli import main
from firmware_py.config import load_config
from firmware_py.music.mapping import Mapping

COMMANDS = (
    "play",
    "demo",
    "run",
    "inspect",
    "songs",
    "sessions",
    "report",
    "library",
    "post",
    "models",
    "doctor",
    "bench",
)
COMMAND = [sys.executable, "-m", "firmware_py"]
RECORD = SessionRecord(
    "2026-11-21T10:30:00Z", "ode-to-joy", "air", "Ana", "ghost", "offline", Mapping(), 0, 48_000, 2, 0, 120, end="over"
)


@pytest.mark.parametrize("command", [*COMMANDS, "players", "calibrate"])
def test_no_flag_of_a_command_is_taken_for_a_setting_that_it_does_not_mean(command: str) -> None:
    parser = cli._parser()
    (commands,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    flags = [action for action in commands.choices[command]._actions if action.dest in cli._FLAGS]
    defaults = {cli._FLAGS[action.dest]: action.default for action in flags}
    load_config({place: default for place, default in defaults.items() if default is not argparse.SUPPRESS}, {}, ())
    assert [action.dest for action in flags if isinstance(action.default, bool)] == []


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("HAND_DANCE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HAND_DANCE_PATHS_STATE", str(tmp_path / "état of Ana"))


@pytest.fixture
def session(tmp_path: Path) -> Callable[..., SessionFolder]:
    return lambda: SessionFolder.create(sessions_in(tmp_path / "état of Ana"), RECORD)


def _exit_code(*arguments: str) -> int:
    """As a shell sees it: argparse ends the process for wrong usage and for help."""
    try:
        return main(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture) -> None:
    assert _exit_code(command, "--help") == 0
    said = capsys.readouterr().out
    assert said.startswith(f"usage: hand-dance {command}")
    assert "--state" in said


def test_the_whole_help_names_every_command_in_a_line(capsys: pytest.CaptureFixture) -> None:
    assert _exit_code("--help") == 0
    said = capsys.readouterr().out
    assert [name for name in COMMANDS if f"\n    {name} " not in said] == []


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture) -> None:
    assert _exit_code("--version") == 0
    assert capsys.readouterr().out == f"hand-dance {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "COMMAND"),
        (("dance",), "dance"),
        (("play", "--colour", "red"), "--colour"),
        (("play", "--seconds", "soon"), "soon"),
        (("play", "--play", "Ana"), "--play"),  # no abbreviations: a later flag must not change what one means
        (("report",), "SESSION"),
        (("bench", "guitar"), "guitar"),
        (("doctor", "cat"), "known are settings, release, services, camera"),
        (("sessions", "show"), "hand-dance sessions lists them"),
        (("songs", "show", "odd-to-joy"), "ode-to-joy"),
        (("play", "--seconds", "nan"), "--seconds: play.seconds is nan; allowed is a number from 0 to 86400"),
        (("play", "--tempo-percent", "7"), "--tempo-percent: play.tempo_percent is 7.0; allowed is a number from 25"),
        (("post", "--retry", "yesterday"), "yesterday"),
    ],
)
def test_wrong_usage_is_named_and_ends_with_2(
    arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture
) -> None:
    assert _exit_code(*arguments) == 2
    said = capsys.readouterr()
    assert says in said.err
    assert said.out == ""


def test_a_value_of_the_environment_that_is_refused_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("HAND_DANCE_SOUND_RATE_HZ", "fast")
    assert _exit_code("songs") == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence.startswith("hand-dance: HAND_DANCE_SOUND_RATE_HZ: sound.rate_hz is 'fast'; allowed is a whole")


def test_only_the_box_and_the_doctor_bear_wrong_settings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("HAND_DANCE_SOUND_PERIODS", "many")
    assert _exit_code("sessions") == 2
    capsys.readouterr()
    assert _exit_code("doctor", "settings", "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert found["level"] == "red"
    (check,) = found["checks"]
    assert (check["name"], "HAND_DANCE_SOUND_PERIODS" in check["found"]) == ("settings", True)
    served = []
    monkeypatch.setattr("firmware_py.session.appliance.serve", lambda *given: served.append(given))
    monkeypatch.setattr("firmware_py.session.logs.log_to_where_it_is_read", lambda: None)
    assert _exit_code("run") == 0
    assert "HAND_DANCE_SOUND_PERIODS" in served[0][1]


def test_the_doctor_ends_with_0_unless_something_is_red(capsys: pytest.CaptureFixture) -> None:
    assert _exit_code("doctor", "settings", "letters", "space") == 0
    assert "All is well" in capsys.readouterr().out


def test_a_home_that_is_not_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setenv("HAND_DANCE_PATHS_STATE", "~nobody-of-this-name/state")
    assert _exit_code("sessions") == 2
    assert "--state" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["report", "sessions show", "sessions export", "sessions delete"])
def test_a_session_that_is_not_there_ends_with_1(command: str, capsys: pytest.CaptureFixture) -> None:
    assert _exit_code(*command.split(), "1999") == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    assert "no session named 1999" in sentence


def test_a_broken_or_newer_session_is_passed_over_in_the_list_with_a_sentence_each(
    session: Callable[..., SessionFolder], capsys: pytest.CaptureFixture
) -> None:
    broken, newer, good = session(), session(), session()
    broken.file(SessionFolder.RECORD).write_text("{")
    newer.file(SessionFolder.RECORD).write_text(json.dumps({**asdict(RECORD), "schema": 99, "mood": "fine"}))
    assert _exit_code("sessions", "--json") == 0
    said = capsys.readouterr()
    (found,) = json.loads(said.out)
    assert found["session"] == str(good.path)
    first, second = said.err.splitlines()
    assert str(broken.path) in first
    assert "schema 99" in second


def test_a_session_is_listed_shown_exported_and_deleted(
    session: Callable[..., SessionFolder], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    folder = session()
    assert _exit_code("sessions") == 0
    assert folder.path.name in capsys.readouterr().out
    assert _exit_code("sessions", "show", "last", "--json") == 0
    assert json.loads(capsys.readouterr().out)["player"] == "Ana"
    assert _exit_code("sessions", "export", "last", "--to", str(tmp_path / "out.zip")) == 0
    assert _exit_code("sessions", "export", "last", "--to", str(tmp_path / "out.zip")) == 1
    assert _exit_code("sessions", "delete", "last") == 0
    assert not folder.path.exists()


def test_a_session_is_exported_under_its_name_from_within_its_folder(
    session: Callable[..., SessionFolder], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    folder = session()
    monkeypatch.chdir(folder.path)
    assert _exit_code("sessions", "export", ".") == 0
    assert (folder.path / f"{folder.path.name}.zip").is_file()


def test_an_interrupt_ends_with_130_and_says_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("firmware_py.music.songs_library.known_songs", interrupted)
    assert _exit_code("songs") == 130
    assert capsys.readouterr().err == ""


def test_a_reader_that_has_enough_gets_no_complaint() -> None:
    listing = subprocess.Popen([*COMMAND, "songs"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert listing.stdout is not None
    listing.stdout.close()
    _, err = listing.communicate(timeout=60)
    assert (listing.returncode, err) == (0, b"")


def test_an_output_on_a_full_disk_is_one_sentence() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*COMMAND, "songs"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1
    (sentence,) = done.stderr.splitlines()
    assert "No space left on device" in sentence


def test_a_terminal_that_knows_few_letters_is_no_failure() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run([*COMMAND, "songs"], capture_output=True, text=True, env=environment, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert "ode-to-joy" in done.stdout


def test_without_a_home_or_anything_set_the_data_folder_is_the_users_own() -> None:
    code = "from firmware_py.config import load_config; print(load_config(environ={}, files=()).state)"
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(firmware_py.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=bare, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("/.local/share/hand-dance")
    assert Path(done.stdout.strip()).is_absolute()


def test_it_runs_in_a_terminal_too() -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run([*COMMAND, "songs"], stdout=theirs, stderr=theirs, stdin=theirs, timeout=60)
    os.close(theirs)
    assert done.returncode == 0
    assert b"ode-to-joy" in os.read(ours, 65_536)
    os.close(ours)
