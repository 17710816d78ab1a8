import json

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.music.note import Note
from firmware_py.report.progress import MOST_EARLIER
from firmware_py.report.report import make_report


def test_a_report_tells_the_players_earlier_marks_for_its_song_from_the_library(session_of):
    first = make_report(session_of("twinkle", started_utc="2026-11-20T10:00:00Z"))
    make_report(session_of("twinkle", started_utc="2026-11-20T11:00:00Z", player="Ben"))
    make_report(session_of("twinkle", [], started_utc="2026-11-20T12:00:00Z"))  # nobody played
    second = session_of("twinkle", [Note(0.0, 0.5, 60.0)], started_utc="2026-11-20T13:00:00Z", player="ADA")
    assert [(e.started_utc, e.marks) for e in make_report(second).earlier] == [
        ("2026-11-20T10:00:00Z", first.marks.total)
    ]


def test_the_newest_of_many_earlier_sessions_are_told(session_of):
    for n in range(MOST_EARLIER + 3):
        folder = session_of("twinkle", [], started_utc=f"2026-11-20T10:{n:02}:00Z")
        told = {"marks": {"total": float(n)}, "notes": [{}]}
        folder.write_whole(SessionFolder.REPORT, json.dumps(told).encode())
    report = make_report(session_of("twinkle", started_utc="2026-11-21T10:00:00Z"))
    assert [e.marks for e in report.earlier] == [float(n) for n in range(3, MOST_EARLIER + 3)]
