"""``hand-dance sessions`` and ``library``: what they print, write and refuse."""

import csv
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cv2
import pytest

from firmware_py.archive.exporting import FORMATS
from firmware_py.archive.index import FILE
from firmware_py.archive.library import sessions_in
from firmware_py.archive.session_folder import SessionFolder, SessionRecord
from firmware_py.cli import main
from firmware_py.config import Config, PathSettings
from firmware_py.music.mapping import Mapping
from firmware_py.post.mailer import open_outbox, queue_session, send_due
from firmware_py.session.lock import only_one

RECORD = SessionRecord(
    "", "twinkle", "air", "Ana", "ghost", "offline", Mapping(), 0, 48_000, 2, 0, 120, seconds=60.0, end="song"
)
Play = Callable[..., SessionFolder]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HAND_DANCE_PATHS_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "state"


@pytest.fixture
def play(state: Path) -> Play:
    def make(day: int, marks: float | None, verdicts: str = "right flat right flat flat", **more: Any) -> SessionFolder:
        record = replace(RECORD, started_utc=f"2026-11-{day:02}T10:30:00Z", **more)
        folder = SessionFolder.create(sessions_in(state), record)
        if record.end:
            wanted = [
                {
                    "onset_s": n * 0.5, "duration_s": 0.5, "pitch": 60 + n % 2, "name": ("C4", "=D4")[n % 2],
                    "bar": n // 4 + 1, "verdict": verdict, "cents": -60.0, "late_ms": 0.0, "played": 0,
                }
                for n, verdict in enumerate(verdicts.split())
            ]  # fmt: skip
            report = {
                "title": "Twinkle", "marks": None if marks is None else {"total": marks, "points": 7000},
                "notes": [{}], "wanted": wanted, "advice": [],
            }  # fmt: skip
            folder.write_whole(SessionFolder.REPORT, json.dumps(report).encode())
            folder.write_whole(SessionFolder.SCORE, b"%PDF")
        return folder

    return make


def told(capsys: pytest.CaptureFixture) -> Any:
    return json.loads(capsys.readouterr().out)


def run(*words: str | Path) -> int:
    try:
        return main([str(word) for word in words])
    except SystemExit as end:
        return int(end.code or 0)


def test_stats_tell_how_a_player_is_getting_on(play: Play, capsys: pytest.CaptureFixture) -> None:
    for day, marks in ((1, 50.0), (2, 80.0), (3, 70.0)):
        play(day, marks)
    play(3, 99.0, player="Ben")
    play(4, None, song="free")
    assert run("sessions", "stats", "--player", "ana", "--json") == 0
    stats = told(capsys)
    assert (stats["sessions"], stats["seconds"], stats["days"], stats["longest_streak_days"]) == (4, 240.0, 4, 4)
    (song,) = stats["songs"]
    assert (song["best"]["marks"], song["last"]["marks"], song["gained"]) == (80.0, 70.0, 20.0)
    assert [point["marks"] for point in song["marks"]] == [50.0, 80.0, 70.0]
    weakest = stats["weakest_notes"][0]
    assert (weakest["what"], weakest["times"], weakest["right"], weakest["fault"]) == ("=D4", 6, 0, "flat")
    assert stats["weakest_bars"][0]["song"] == "twinkle"
    assert run("sessions", "stats", "--player", "ana") == 0
    text = capsys.readouterr().out
    assert "Ana: 4 sessions, 4 min played" in text
    assert "best  80 (2026-11-02)" in text
    assert "=D4: 0 of 6 right, mostly too low by 60 cents" in text


def test_stats_of_one_song_and_of_everybody(play: Play, capsys: pytest.CaptureFixture) -> None:
    play(1, 50.0)
    play(2, 60.0, song="ode-to-joy", player="")
    assert run("sessions", "stats", "--song", "ode-to-joy", "--json") == 0
    assert [song["song"] for song in told(capsys)["songs"]] == ["ode-to-joy"]
    assert run("sessions", "stats", "--player", "", "--json") == 0
    assert told(capsys)["sessions"] == 1
    assert run("sessions", "stats", "--json") == 0
    assert told(capsys)["sessions"] == 2


def test_stats_of_somebody_unknown_name_those_who_are_known(play: Play, capsys: pytest.CaptureFixture) -> None:
    play(1, 50.0)
    assert run("sessions", "stats", "--player", "Anna", "--json") == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["sessions"] == 0
    assert "no sessions by Anna; players with sessions: Ana" in said.err


def test_stats_are_written_as_tables_in_which_nothing_is_a_formula(play: Play, tmp_path: Path) -> None:
    play(1, 50.0, player="=1+1")
    play(2, 60.0, player="=1+1")
    assert run("sessions", "stats", "--csv", "all.csv", "--practise", "weak.csv") == 0
    with (tmp_path / "all.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["marks"], row["player"], row["failed"]) for row in rows] == [
        ("50.0", "'=1+1", "0"),
        ("60.0", "'=1+1", "0"),
    ]
    with (tmp_path / "weak.csv").open(newline="", encoding="utf-8") as file:
        weak = list(csv.DictReader(file))
    assert (weak[0]["kind"], weak[0]["what"], weak[0]["times"]) == ("note", "'=D4", "4")
    assert {row["kind"] for row in weak} == {"note", "interval", "bar"}


def test_the_picture_is_drawn_as_svg_and_png_and_as_nothing_else(
    play: Play, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    for day in range(1, 9):
        play(day, 10.0 * day, song=f"song-{day % 3} <&>", player="A <&> \x07")
    assert run("sessions", "stats", "--picture", "a.svg") == 0
    words = " ".join(text.text for text in ElementTree.parse(tmp_path / "a.svg").iter() if text.text)
    assert "Everybody" in words
    assert "best 80, last 80" in words
    assert "Notes to practise" in words
    assert run("sessions", "stats", "--player", "A <&> \x07", "--picture", "a.PNG") == 0
    assert cv2.imread(str(tmp_path / "a.PNG")).shape[1] == 1600
    assert run("sessions", "stats", "--picture", "a.jpg") == 2
    assert "ends neither with .svg nor with .png" in capsys.readouterr().err
    assert run("sessions", "stats", "--picture", tmp_path / "nowhere" / "a.svg") == 1


def test_a_box_without_sessions_has_its_stats_and_its_picture(state: Path, tmp_path: Path) -> None:
    assert run("sessions", "stats", "--picture", "none.svg") == 0
    assert "no sessions yet" in (tmp_path / "none.svg").read_text()
    assert not state.exists()


def test_an_export_takes_formats_a_folder_or_all(play: Play, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    first, second = play(1, 50.0), play(2, 60.0)
    third = play(3, None, end="")
    assert run("sessions", "export", first.path.name, "--to", "out", "--format", "pdf,json", "--json") == 0
    assert told(capsys) == {
        "to": "out", "files": [f"{first.path.name}/score.pdf", f"{first.path.name}/report.json"],
    }  # fmt: skip
    assert (tmp_path / "out" / first.path.name / "score.pdf").read_bytes() == b"%PDF"
    assert run("sessions", "export", "--all", "--format", "PDF", "--to", "all.ZIP") == 0
    assert third.path.name in capsys.readouterr().err
    with zipfile.ZipFile("all.ZIP") as archive:
        assert archive.namelist() == [f"{folder.path.name}.pdf" for folder in (first, second)]
    assert run("sessions", "export", "--all") == 0
    assert zipfile.is_zipfile("sessions.zip")


def test_a_box_without_sessions_has_nothing_to_export(state: Path, capsys: pytest.CaptureFixture) -> None:
    assert run("sessions", "export", "--all") == 1
    assert "nothing to export" in capsys.readouterr().err
    assert not Path("sessions.zip").exists()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("export", "last", "--all"), 2, "not both"),
        (("export",), 2, "needs a session"),
        (("export", "last", "--format", "mp3"), 2, "'mp3' is no format"),
        (("export", "--all", "--format", "wav"), 1, "has no sound.wav"),
        (("stats", "last"), 2, "takes no session"),
        (("list", "last"), 2, "takes no session"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    play: Play, capsys: pytest.CaptureFixture, words: tuple[str, ...], code: int, says: str
) -> None:
    play(1, 50.0)
    assert run("sessions", *words) == code
    assert says in capsys.readouterr().err


def test_the_help_names_every_format(capsys: pytest.CaptureFixture) -> None:
    assert run("sessions", "--help") == 0
    words = capsys.readouterr().out.replace(",", " ").replace(";", " ").split()
    assert set(FORMATS) <= set(words)


def test_a_session_that_is_being_played_is_not_deleted_and_an_ended_one_is(
    play: Play, state: Path, capsys: pytest.CaptureFixture
) -> None:
    ended, playing, finishing = play(1, 50.0), play(2, None, end=""), play(3, 40.0)
    ended.is_finished()
    with only_one(state):  # as another process: the lock belongs to the open file, not to who opened it
        assert run("sessions", "delete", playing.path.name) == 1
        assert "being played" in capsys.readouterr().err
        assert run("sessions", "delete", playing.path) == 1
        assert "no end yet" in capsys.readouterr().err
        assert run("sessions", "delete", finishing.path.name) == 1
        assert "its report is being made" in capsys.readouterr().err
        assert run("sessions", "delete", ended.path.name, "--json") == 0
        assert told(capsys) == {"deleted": str(ended.path), "unsent": ""}
    assert playing.path.exists()
    assert finishing.path.exists()
    assert run("sessions", "delete", playing.path.name) == 0
    assert not playing.path.exists()


def test_the_letter_of_a_deleted_session_is_not_sent_and_that_is_said(
    play: Play, state: Path, capsys: pytest.CaptureFixture
) -> None:
    config = Config(paths=PathSettings(state=str(state)))
    sent, unsent = play(1, 50.0), play(2, 60.0)
    for folder in (sent, unsent):
        folder.is_finished()
        queue_session(config, folder.path, "ana@example.org", after_s=60.0 * (folder is unsent))
    send_due(config)
    assert run("sessions", "delete", unsent.path.name) == 0
    assert "its letter to ana@example.org is not sent" in capsys.readouterr().out
    assert run("sessions", "delete", sent.path.name, "--json") == 0
    assert told(capsys)["unsent"] == ""
    with open_outbox(config) as outbox:
        assert [str(letter.state) for letter in outbox.letters()] == ["delivered", "cancelled"]
    assert not unsent.path.exists()


def test_a_session_whose_letter_is_on_its_way_is_not_deleted(
    play: Play, state: Path, capsys: pytest.CaptureFixture
) -> None:
    config = Config(paths=PathSettings(state=str(state)))
    folder = play(1, 50.0)
    folder.is_finished()
    number = queue_session(config, folder.path, "ana@example.org")
    assert number is not None
    with open_outbox(config) as outbox, outbox.claim(number):
        assert run("sessions", "delete", folder.path.name) == 1
    assert "on its way" in capsys.readouterr().err
    assert folder.path.exists()


def test_a_broken_session_can_be_deleted(play: Play) -> None:
    folder = play(1, 50.0)
    folder.file(SessionFolder.RECORD).write_text("{")
    assert run("sessions", "delete", folder.path.name) == 0
    assert not folder.path.exists()


def test_the_library_is_rebuilt_from_the_folders(play: Play, state: Path, capsys: pytest.CaptureFixture) -> None:
    play(1, 50.0)
    play(2, 60.0).file(SessionFolder.RECORD).write_text("{")
    assert run("library", "rebuild", "--json") == 0
    said = capsys.readouterr()
    rebuilt = json.loads(said.out)
    assert (rebuilt["index"], rebuilt["sessions"], rebuilt["notes"]) == (str(state / FILE), 1, 5)
    assert "passed over" in said.err
    assert run("library", "rebuild") == 0
    assert "1 sessions, 5 notes" in capsys.readouterr().out
    assert run("library") == 2
