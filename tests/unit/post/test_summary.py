import json

import pytest

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.post.summary import summarise


def test_a_whole_session_is_told(make_session):
    told = summarise(SessionFolder(make_session()))
    assert (told.song, told.title, told.player, told.marks, told.notes) == ("ode-to-joy", "Ode to Joy", "Ana", 97.4, 62)
    assert told.started is not None
    assert told.started.isoformat() == "2026-11-21T10:15:00+00:00"
    assert len(told.advice) == 3


@pytest.mark.parametrize(
    "report",
    [
        None,
        b"",
        b"{",
        b"[1]",
        b'{"marks": "many", "notes": {}, "advice": 3, "song": {"title": 4}}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_a_missing_or_broken_report_leaves_fields_empty_and_breaks_nothing(make_session, report):
    folder = SessionFolder(make_session())
    folder.file(SessionFolder.REPORT).unlink()
    if report is not None:
        folder.file(SessionFolder.REPORT).write_bytes(report)
    told = summarise(folder)
    assert (told.marks, told.notes, told.advice, told.title) == (None, None, (), "Ode to joy")


@pytest.mark.parametrize(
    ("found", "marks"),
    [(0, 0.0), (61.5, 61.5), (100, 100.0), (250, 100.0), (-3, 0.0), (None, None), (True, None), ("97", None)],
)
def test_marks_stay_between_0_and_100(make_session, found, marks):
    folder = SessionFolder(make_session())
    folder.file(SessionFolder.REPORT).write_text(json.dumps({"marks": {"total": found}}))
    assert summarise(folder).marks == marks


def test_marks_that_are_no_number_are_no_marks(make_session):
    folder = SessionFolder(make_session())
    folder.file(SessionFolder.REPORT).write_text('{"marks": {"total": NaN}}')
    assert summarise(folder).marks is None


def test_a_session_without_its_record_is_told_from_its_folders_name(make_session):
    folder = SessionFolder(make_session())
    folder.file(SessionFolder.RECORD).unlink()
    told = summarise(folder)
    assert (told.song, told.player, told.started) == ("ode-to-joy", "", None)


def test_free_play_has_no_marks_and_a_title_of_its_own(make_session):
    folder = SessionFolder(make_session())
    folder.file(SessionFolder.REPORT).write_text('{"song": null, "marks": null, "notes": [{}]}')
    told = summarise(folder)
    assert (told.title, told.marks, told.notes) == ("", None, 1)


@pytest.mark.parametrize(
    ("found", "bars"),
    [
        ([{"number": 0, "marks": None}, {"number": 1, "marks": 80.5}], (None, 80.5)),
        ([{"marks": 250}, {"marks": "x"}], (100.0, None)),
        ([{"marks": None}, {}], ()),
        ([3], ()),
        ("many", ()),
        (None, ()),
    ],
)
def test_the_marks_of_each_bar_are_told_where_there_are_any(make_session, found, bars):
    folder = SessionFolder(make_session())
    folder.file(SessionFolder.REPORT).write_text(json.dumps({"bars": found}))
    assert summarise(folder).bars == bars
