"""A player's earlier marks for a song, on the page."""

import re
from xml.etree import ElementTree

import pytest

from firmware_py.archive.library import delete_session
from firmware_py.archive.session_folder import SessionFolder
from firmware_py.music.note import Note
from firmware_py.report.contents import EarlierLine
from firmware_py.report.progress import MOST_EARLIER, earlier_of, progress_svg
from firmware_py.report.report import make_report


@pytest.fixture
def played(session_of):
    """Return a function that plays and reports a session of one day of November."""

    def play(day, **record):
        folder = session_of(started_utc=f"2026-11-{day:02d}T10:20:30Z", **record)
        return folder, make_report(folder)

    return play


def test_the_players_earlier_marks_for_the_song_are_told_oldest_first(played):
    first = played(1)[1]
    second = played(2, notes=[Note(0.0, 0.5, 66.0)])[1]
    played(3, song="twinkle")
    played(4, player="Ben")
    third = played(5)[1]
    assert first.earlier == ()
    assert third.earlier == (
        EarlierLine(first.started_utc, first.marks.total),
        EarlierLine(second.started_utc, second.marks.total),
    )


def test_a_session_in_which_nobody_played_is_no_progress_and_a_name_is_one_in_any_case(played):
    first = played(1)[1]
    played(2, notes=[])
    assert [line.started_utc for line in played(3, player="ADA")[1].earlier] == [first.started_utc]


def test_who_has_no_name_and_free_play_have_no_progress(played):
    played(1, player="")
    assert played(2, player="")[1].earlier == ()
    played(3, song="free", notes=[], seconds=1.0)
    assert played(4, song="free", notes=[], seconds=1.0)[1].earlier == ()


def test_a_session_without_marks_or_with_a_broken_report_is_passed_over(played):
    played(1, marked=False)
    broken = played(2)[0]
    broken.file(SessionFolder.REPORT).write_text("{")
    lost = played(3)[0]
    lost.file(SessionFolder.RECORD).write_text("{")
    assert played(4)[1].earlier == ()


def test_only_the_latest_ones_are_told(played, session_of):
    content = played(1)[0].file(SessionFolder.REPORT).read_bytes()
    for day in range(2, 16):
        session_of(started_utc=f"2026-11-{day:02d}T10:20:30Z").file(SessionFolder.REPORT).write_bytes(content)
    now = session_of(started_utc="2026-11-20T10:20:30Z")
    days = [line.started_utc[8:10] for line in earlier_of(now, now.record())]
    assert days == [f"{day:02d}" for day in range(16 - MOST_EARLIER, 16)]


def test_a_page_that_was_made_keeps_its_progress_when_earlier_sessions_are_deleted(played):
    old = played(1)[0]
    folder = played(2)[0]
    before = folder.file(SessionFolder.SCORE).read_bytes()
    delete_session(old)
    make_report(folder)
    assert folder.file(SessionFolder.SCORE).read_bytes() == before


def test_the_picture_has_a_point_for_each_session_and_names_first_and_last_day():
    lines = [EarlierLine(f"2026-11-{3 * n:02d}T10:00:00Z", marks) for n, marks in ((1, 40.0), (2, 71.0), (3, 82.0))]
    drawing = progress_svg(lines)
    ElementTree.fromstring(drawing)
    assert len(re.findall("<circle", drawing)) == 4  # a ring round the best
    assert [words for words in ("3 Nov", "9 Nov", ">82<") if words in drawing] == ["3 Nov", "9 Nov", ">82<"]
    assert len(re.findall("<circle", progress_svg(lines[::-1]))) == 3
    ElementTree.fromstring(progress_svg([EarlierLine("?", 120.0), EarlierLine("", -3.0)]))
