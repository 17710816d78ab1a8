"""After the performance: report and letter, and what a power cut left. The report itself is tested in its own room."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.config import Config
from firmware_py.errors import ReportError
from firmware_py.post.mailer import open_outbox
from firmware_py.session import finish as finishing
from firmware_py.session.finish import TRIES, complete_unfinished, finish, send_now
from firmware_py.session.outcome import Outcome
from firmware_py.sound.wav_file import WavFile

Played = Callable[..., SessionFolder]


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the sessions that a report was made of; those of the player ``Broken`` fail."""
    made: list[str] = []

    def make(folder: SessionFolder) -> None:
        made.append(folder.path.name)
        if folder.record().player == "Broken":
            raise ReportError("the report could not be made (ValueError: no reason)")
        folder.write_whole(SessionFolder.REPORT, json.dumps({"marks": None, "notes": []}).encode())

    monkeypatch.setattr("firmware_py.report.report.make_report", make)
    return made


def _letters(config: Config) -> list[str]:
    with open_outbox(config) as outbox:
        return [letter.session.name for letter in outbox.letters()]


def test_a_finished_session_has_its_report_and_its_letter_in_the_outbox(
    config: Config, played: Played, reported: list[str]
) -> None:
    folder = played()
    assert folder.unfinished
    outcome = finish(folder, config, letter=True)
    assert (outcome.whole, outcome.queued, outcome.letter) == (True, True, "")
    assert _letters(config) == reported == [folder.path.name]
    assert not folder.unfinished


@pytest.mark.parametrize(("transport", "letter"), [("maildir", False), ("off", True)])
def test_without_a_letter_none_is_queued_and_the_session_is_finished(
    config: Config, played: Played, reported: list[str], transport: str, letter: bool
) -> None:
    folder = played()
    outcome = finish(folder, replace(config, mail=replace(config.mail, transport=transport)), letter=letter)
    assert not outcome.queued
    assert not folder.unfinished
    assert _letters(config) == []


def test_a_letter_that_is_sent_now_says_where_it_went(config: Config, played: Played, reported: list[str]) -> None:
    folder = played()
    finish(folder, config, letter=True)
    assert Path(send_now(folder, config)).suffix == ".eml"


def test_an_interrupt_while_sending_leaves_the_letter_in_the_outbox_and_says_so(
    config: Config, played: Played, reported: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    folder = played()
    finish(folder, config, letter=True)

    def interrupted(_config: Config) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("firmware_py.post.mailer.send_due", interrupted)
    assert send_now(folder, config) == ""
    assert "waits in the outbox" in capsys.readouterr().err
    assert _letters(config) == [folder.path.name]


def test_a_report_that_fails_is_one_sentence_and_the_letter_goes_all_the_same(
    config: Config, played: Played, reported: list[str], capsys: pytest.CaptureFixture
) -> None:
    folder = played(player="Broken")
    outcome = finish(folder, config, letter=True)
    (sentence,) = capsys.readouterr().err.splitlines()
    assert f"hand-dance report {folder.path}" in sentence
    assert (outcome.whole, outcome.queued, folder.unfinished) == (False, True, True)


def test_what_a_power_cut_left_is_completed_oldest_first_and_what_is_whole_is_left_alone(
    config: Config, played: Played, reported: list[str]
) -> None:
    cut = played(started_utc="2026-11-20T10:30:00Z", end="", seconds=0.0)
    whole = played(started_utc="2026-11-19T10:30:00Z")
    finish(whole, config, letter=False)
    no_report = played(started_utc="2026-11-21T10:30:00Z")
    reported.clear()
    outcomes = list(complete_unfinished(config))
    assert reported == [outcome.folder.path.name for outcome in outcomes] == [cut.path.name, no_report.path.name]
    assert (cut.record().end, cut.record().seconds) == ("interrupted", 2.0)
    assert no_report.record().end == "the song ended"
    assert _letters(config) == reported
    assert list(complete_unfinished(config)) == []


def test_a_microphones_recording_is_made_as_long_as_the_sound_it_lies_beside(
    config: Config, played: Played, reported: list[str], capsys: pytest.CaptureFixture
) -> None:
    cut, broken = played(end="", seconds=0.0), played(end="", seconds=0.0)
    room = WavFile(cut.file(SessionFolder.MICROPHONE), 48_000, 1)
    room.write_at(0, b"\x01\x00" * 1000)
    room.sync()
    broken.file(SessionFolder.MICROPHONE).write_bytes(b"")
    assert len(list(complete_unfinished(config))) == 2
    info = soundfile.info(cut.file(SessionFolder.MICROPHONE))
    assert (info.frames, info.channels) == (96_000, 1)
    assert "mic.wav is no recording; it is left as it is" in capsys.readouterr().err
    assert "mic.wav" in Outcome.of(cut).files


def test_one_killed_between_report_and_letter_still_gets_its_letter(
    config: Config, played: Played, reported: list[str]
) -> None:
    folder = played()
    finish(folder, config, letter=False)
    folder.count_try(1)  # as it stands before the letter is queued
    assert len(list(complete_unfinished(config))) == 1
    assert _letters(config) == [folder.path.name]


def test_a_hopeless_session_is_tried_a_few_times_and_then_no_more(
    config: Config, played: Played, reported: list[str]
) -> None:
    played(player="Broken")
    for _ in range(TRIES + 3):
        list(complete_unfinished(config))
    assert len(reported) == TRIES


def test_a_session_that_kills_its_completer_is_given_up_as_well(
    config: Config, played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = played()

    def killed(_folder: SessionFolder) -> None:
        raise SystemExit(9)

    monkeypatch.setattr("firmware_py.report.report.make_report", killed)
    for tries in range(1, TRIES + 1):
        with pytest.raises(SystemExit):
            list(complete_unfinished(config))
        assert folder.tries == tries
    assert list(complete_unfinished(config)) == []


def test_another_version_tries_again(
    config: Config, played: Played, reported: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = played()
    folder.count_try(TRIES)
    assert list(complete_unfinished(config)) == []
    monkeypatch.setattr("firmware_py.archive.session_folder.__version__", "99.0")
    assert len(list(complete_unfinished(config))) == 1


@pytest.mark.parametrize("record", ["", "[]", "{}", '{"schema": 99}', '{"schema": 1, "mapping": {}, "gaps": []}'])
def test_a_folder_that_cannot_be_read_is_said_once_and_stops_no_other(
    config: Config, played: Played, reported: list[str], capsys: pytest.CaptureFixture, record: str
) -> None:
    broken = played(started_utc="2020-01-01T00:00:00Z", end="")
    broken.file(SessionFolder.RECORD).write_text(record)
    good = played(end="")
    assert [outcome.folder.path for outcome in complete_unfinished(config)] == [good.path]
    (sentence,) = capsys.readouterr().err.splitlines()
    assert str(broken.path) in sentence
    list(complete_unfinished(config))
    assert capsys.readouterr().err == ""


def test_a_folder_that_takes_no_mark_stops_nothing(
    config: Config, played: Played, reported: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = played()

    def read_only(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "write_text", read_only)
    monkeypatch.setattr(Path, "unlink", read_only)
    monkeypatch.setattr(os, "fsync", read_only)
    monkeypatch.setattr(finishing, "_queue", lambda *_: True)
    assert not finish(folder, config, letter=True).whole
