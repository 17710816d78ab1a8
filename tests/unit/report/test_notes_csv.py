import csv
import io
import locale

import pytest

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.music.note import Note
from firmware_py.report.notes_csv import COLUMNS, csv_of, notes_csv
from firmware_py.report.report import make_report


def rows_in(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))


def test_every_wanted_and_every_played_note_has_its_row_in_order_of_time(session_of):
    notes = [Note(0.0, 0.5, 66.0), Note(0.6, 0.5, 66.3), Note(9.0, 0.5, 80.0)]
    folder = session_of(notes=notes)
    report = make_report(folder)
    rows = rows_in(folder.file(SessionFolder.NOTES).read_bytes())
    assert tuple(rows[0]) == tuple(COLUMNS)
    assert sum(row["wanted"] != "" for row in rows) == len(report.wanted)
    assert sum(row["played"] != "" for row in rows) == len(report.notes)
    assert [row["verdict"] for row in rows if not row["wanted"]] == ["extra"] * len(report.extra)
    times = [float(row["wanted_onset_s"] or row["played_onset_s"]) for row in rows]
    assert times == sorted(times)
    answered = next(row for row in rows if row["wanted"] and row["played"])
    wanted = next(w for w in report.wanted if w.played is not None)
    assert float(answered["cents"]) == wanted.cents
    assert float(answered["played_midi"]) == report.notes[wanted.played].pitch


def test_free_play_has_rows_of_what_was_played(session_of):
    report = make_report(session_of("free", [Note(0, 1, 60), Note(1.5, 1, 64.2)]))
    rows = rows_in(notes_csv(report))
    assert [(row["verdict"], row["wanted"], row["played"]) for row in rows] == [
        ("played", "", "C4"),
        ("played", "", "E4"),
    ]


def test_a_session_without_notes_has_its_header_still(session_of):
    assert notes_csv(make_report(session_of("free", [], seconds=3))) == (",".join(COLUMNS) + "\r\n").encode()


@pytest.mark.parametrize("text", ["=1+1", "+44", "-2", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\x00=1", "＝1"])
def test_a_text_is_never_a_formula(text):
    cell = next(csv.reader(io.StringIO(csv_of(["a"], [[text]]).decode().partition("\r\n")[2], newline="")))[0]
    assert cell.startswith("'")


def test_a_table_is_quoted_ends_its_lines_and_writes_its_numbers_as_the_standard_says():
    table = csv_of(["a", "b"], [['says "so", twice', 1.5], ["two\nlines", -3], ["Für Élise 月", None], ["", True]])
    assert table == ('a,b\r\n"says ""so"", twice",1.5\r\n"two\nlines",-3\r\nFür Élise 月,\r\n,1\r\n'.encode())


def test_a_country_with_a_decimal_comma_changes_nothing():
    before = locale.setlocale(locale.LC_NUMERIC)
    try:
        for name in ("de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8"):
            try:
                locale.setlocale(locale.LC_NUMERIC, name)
            except locale.Error:
                continue
            assert csv_of(["a"], [[1234.5]]) == b"a\r\n1234.5\r\n"
    finally:
        locale.setlocale(locale.LC_NUMERIC, before)
