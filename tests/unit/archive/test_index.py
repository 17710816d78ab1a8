"""The index of the library: always what the folders say, whatever was done to them or to it."""

import json
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from firmware_py.archive import index
from firmware_py.archive.index import FILE, past_notes, past_sessions, rebuild
from firmware_py.archive.library import delete_session, earlier_sessions, list_sessions, sessions_in
from firmware_py.archive.session_folder import SessionFolder, SessionRecord
from firmware_py.errors import SessionFolderError
from firmware_py.music.mapping import Mapping
from firmware_py.music.passage import Passage

RECORD = SessionRecord(
    "2026-11-21T10:30:00Z",
    "twinkle",
    "air",
    "Ana",
    "ghost",
    "offline",
    Mapping(),
    0,
    48_000,
    2,
    0,
    120,
    end="song",
    seconds=60.0,
)
Play = Callable[..., SessionFolder]


def wanted(onset_s: float, pitch: int, verdict: str = "right", bar: int = 1) -> dict[str, Any]:
    return {
        "onset_s": onset_s, "duration_s": 0.5, "pitch": pitch, "name": f"N{pitch}", "bar": bar, "verdict": verdict,
        "cents": 3.0, "late_ms": None, "played": 0,
    }  # fmt: skip


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Make a session with a report, of the given minute."""

    def make(minute: int = 30, marks: float | None = 80.0, notes: int = 1, **record: Any) -> SessionFolder:
        record.setdefault("started_utc", f"2026-11-21T10:{minute}:00Z")
        folder = SessionFolder.create(sessions_in(tmp_path), replace(RECORD, **record))
        report(folder, marks, notes)
        return folder

    return make


def report(folder: SessionFolder, marks: float | None, notes: int = 1, **more: Any) -> None:
    told = {
        "title": "Twinkle", "marks": None if marks is None else {"total": marks, "points": 8000, "bias_cents": None},
        "notes": [{}] * notes, "wanted": [wanted(0.0, 60), wanted(0.5, 67, "flat"), wanted(3.0, 60)], **more,
    }  # fmt: skip
    folder.write_whole(SessionFolder.REPORT, json.dumps(told).encode())


def test_sessions_are_told_oldest_first_with_their_marks(play: Play, tmp_path: Path) -> None:
    play(31, 90.0)
    play(30, 80.0)
    first, second = past_sessions(tmp_path)
    assert (first.marks, second.marks) == (80.0, 90.0)
    assert (first.song, first.title, first.player, first.points) == ("twinkle", "Twinkle", "Ana", 8000)
    assert (first.notes, first.wanted, first.right) == (1, 3, 2)
    assert (first.bias_cents, first.failed, first.counts) == (None, False, True)


def test_a_player_is_found_in_any_case_and_a_song_by_its_name(play: Play, tmp_path: Path) -> None:
    play(30, player="ÉVA  Maria")
    play(31, player="")
    play(32, player="éva maria", song="free")
    assert len(past_sessions(tmp_path, player="Éva Maria")) == 2
    assert len(past_sessions(tmp_path, player="Éva Maria", song="twinkle")) == 1
    assert len(past_sessions(tmp_path, player="")) == 1


def test_notes_are_told_with_the_interval_that_led_to_them_unless_a_rest_did(play: Play, tmp_path: Path) -> None:
    play()
    notes = past_notes(tmp_path, past_sessions(tmp_path))
    assert [(n.pitch, n.interval, n.verdict) for n in notes] == [
        (60, None, "right"),
        (67, 7, "flat"),
        (60, None, "right"),
    ]


def test_notes_that_were_still_to_come_when_the_player_stopped_are_not_held_against_them(
    play: Play, tmp_path: Path
) -> None:
    play(seconds=2.0)
    (session,) = past_sessions(tmp_path)
    assert session.wanted == 3
    assert [n.pitch for n in past_notes(tmp_path, [session])] == [60, 67]


def test_a_changed_report_a_new_and_a_deleted_session_are_seen_at_once(play: Play, tmp_path: Path) -> None:
    first = play(30, 10.0)
    assert [s.marks for s in past_sessions(tmp_path)] == [10.0]
    report(first, 20.0)
    second = play(31, 30.0)
    assert [s.marks for s in past_sessions(tmp_path)] == [20.0, 30.0]
    delete_session(second)
    assert [s.marks for s in past_sessions(tmp_path)] == [20.0]
    assert len(past_notes(tmp_path, past_sessions(tmp_path))) == 3


def test_what_has_not_changed_is_not_read_again(play: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play()
    assert past_sessions(tmp_path)
    monkeypatch.setattr(index, "read_session", lambda _: pytest.fail("read again"))
    assert past_sessions(tmp_path)


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\x00" + bytes(4096), b""])
def test_a_broken_index_is_made_anew(play: Play, tmp_path: Path, content: bytes) -> None:
    play()
    (tmp_path / FILE).write_bytes(content)
    assert len(past_sessions(tmp_path)) == 1
    assert sqlite3.connect(tmp_path / FILE).execute("SELECT count(*) FROM sessions").fetchone() == (1,)


def test_an_index_of_another_version_is_made_anew(play: Play, tmp_path: Path) -> None:
    play()
    old = sqlite3.connect(tmp_path / FILE)
    old.executescript("CREATE TABLE sessions (mood); INSERT INTO sessions VALUES ('fine'); PRAGMA user_version = 99")
    old.close()
    assert len(past_sessions(tmp_path)) == 1
    assert sqlite3.connect(tmp_path / FILE).execute("PRAGMA user_version").fetchone() == (index.VERSION,)


def test_an_index_cut_in_the_middle_still_answers(play: Play, tmp_path: Path) -> None:
    for minute in range(10, 30):
        play(minute)
    past_sessions(tmp_path)
    content = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(content[: len(content) // 2])
    assert len(past_sessions(tmp_path)) == 20
    assert len(past_notes(tmp_path, past_sessions(tmp_path))) == 60


def test_where_no_index_can_be_kept_the_answer_is_the_same(play: Play, tmp_path: Path) -> None:
    play()
    (tmp_path / FILE).mkdir()
    assert len(past_sessions(tmp_path)) == 1
    with pytest.raises(SessionFolderError, match=r"library\.sqlite cannot be written"):
        rebuild(tmp_path)


def test_an_index_that_another_program_holds_is_not_waited_for_long(
    play: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "_BUSY_S", 0.01)
    play(30)
    past_sessions(tmp_path)
    play(31)
    holder = sqlite3.connect(tmp_path / FILE)
    holder.execute("BEGIN IMMEDIATE")
    assert len(past_sessions(tmp_path)) == 2
    holder.close()


def test_programs_that_ask_at_once_all_get_the_whole_answer(play: Play, tmp_path: Path) -> None:
    for minute in range(10, 40):
        play(minute)
    with ThreadPoolExecutor(8) as several:
        answers = list(several.map(lambda _: len(past_sessions(tmp_path)), range(24)))
    assert answers == [30] * 24
    assert sqlite3.connect(tmp_path / FILE).execute("SELECT count(*) FROM notes").fetchone() == (90,)


def test_a_box_without_sessions_or_without_a_state_folder_has_none(tmp_path: Path) -> None:
    assert past_sessions(tmp_path) == ()
    assert past_sessions(tmp_path / "nowhere") == ()
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ('{"schema": 1}', "not a session record"),
        ("{", "not a session record"),
        (json.dumps({"schema": 9}), "schema 9"),
    ],
)
def test_a_broken_session_is_left_out_and_the_rebuild_names_it(
    play: Play, tmp_path: Path, record: str, says: str
) -> None:
    play(30).file(SessionFolder.RECORD).write_text(record)
    play(31)
    rebuilt = rebuild(tmp_path)
    assert (rebuilt.sessions, rebuilt.notes) == (1, 3)
    assert says in rebuilt.broken[0]


@pytest.mark.parametrize(
    "change",
    [{"started_utc": "yesterday"}, {"started_utc": "2026-11-21T10:30:00Z", "player": "\ud800"}, {"transpose": 10**30}],
)
def test_a_record_that_no_index_can_hold_is_left_out(play: Play, tmp_path: Path, change: dict[str, Any]) -> None:
    folder, good = play(30), play(31)
    told = json.loads(folder.file(SessionFolder.RECORD).read_text())
    folder.file(SessionFolder.RECORD).write_text(json.dumps(told | change))
    assert [s.name for s in past_sessions(tmp_path)] == [good.path.name]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"[" * 100_000,
        b'{"marks": 5, "notes": {}, "wanted": 7}',
        b'{"marks": {"total": NaN}, "wanted": [{}, null, {"onset_s": "x"}]}',
    ],
)
def test_an_odd_report_leaves_a_session_without_marks(play: Play, tmp_path: Path, content: bytes) -> None:
    play().file(SessionFolder.REPORT).write_bytes(content)
    (session,) = past_sessions(tmp_path)
    assert (session.marks, session.right, session.counts) == (None, 0, False)


def test_a_session_is_compared_with_the_same_players_earlier_ones_of_its_song(play: Play) -> None:
    play(30, 10.0)
    play(31, 20.0, player="Ben")
    play(32, 30.0, song="ode-to-joy")
    play(33, None)
    play(34, 0.0, notes=0)
    play(35, 50.0, failed=True)
    play(36, 60.0, player="ana")
    play(38, 80.0)
    assert [s.marks for s in earlier_sessions(play(37, 70.0))] == [10.0, 60.0]


def test_of_two_sessions_of_one_second_the_second_is_the_later(play: Play) -> None:
    first, second = play(30, 10.0), play(30, 20.0)
    assert earlier_sessions(first) == ()
    assert [s.marks for s in earlier_sessions(second)] == [10.0]


def test_a_practised_passage_is_compared_with_nothing_and_nothing_with_it(play: Play, tmp_path: Path) -> None:
    play(30, 10.0)
    passage = play(31, 99.0, passage=Passage(from_bar=2, to_bar=3, times=2))
    assert earlier_sessions(passage) == ()
    assert [s.marks for s in earlier_sessions(play(32, 20.0))] == [10.0]
    assert [s.counts for s in past_sessions(tmp_path)] == [True, False, True]


def test_free_play_and_a_copy_elsewhere_are_compared_with_nothing(play: Play, tmp_path: Path) -> None:
    play(30, song="free")
    assert earlier_sessions(play(31, song="free")) == ()
    play(32)
    folder = play(33)
    sessions_in(tmp_path).rename(tmp_path / "copied")
    assert earlier_sessions(SessionFolder(tmp_path / "copied" / folder.path.name)) == ()
    assert list_sessions(tmp_path) == []
