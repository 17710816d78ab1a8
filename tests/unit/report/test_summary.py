from dataclasses import replace

import pytest

from firmware_py.report.contents import BarLine, MarksLine, PlayedNote, Report, SongLine, WantedNote
from firmware_py.report.figures import figures_of, small_print
from firmware_py.report.summary import one_line

MARKS = MarksLine(87.4, 8120, "Superstar", 70.0, 70.0, 0, 1.031, -12.3, 21.0, 44.0)
SONG = SongLine("ode-to-joy", "Ode to Joy", "Ludwig van Beethoven", 1824, "D major", 4, 4, 3, 2.0)
NOTES = (PlayedNote(2.0, 1.0, 62.1, "D4", 10.0, 0.8), PlayedNote(3.0, 0.5, 64.0, "E4", 0.0, 0.8))
WANTED = (
    WantedNote(2.0, 1.0, 62, "D4", 1, "right", 10.0, 20.0, 0),
    WantedNote(3.0, 0.5, 64, "E4", 1, "late", 0.0, 90.0, 1),
    WantedNote(4.0, 0.5, 64, "E4", 2, "missed", None, None, None),
)
REPORT = Report(
    "2026-11-21T10:20:30Z", "Ada", "air", 41.0, 100.0, SONG, MARKS, NOTES, WANTED, (),
    (BarLine(1, 92.0), BarLine(2, 10.0), BarLine(3, None)), ("First.", "Second."),
    {"score": "score.pdf", "midi": "notes.mid"}, "song", {}, (),
)  # fmt: skip


def test_one_line_names_song_and_marks():
    assert one_line(REPORT) == "Ode to Joy: 87 of 100"
    assert one_line(replace(REPORT, notes=())) == "Ode to Joy: no notes this time"
    assert one_line(replace(REPORT, song=None, marks=None)) == "Free play: 2 notes"
    assert one_line(replace(REPORT, song=None, marks=None, notes=NOTES[:1])) == "Free play: 1 note"


@pytest.mark.parametrize("title", ['<b>&"#$*_\\\r\nBcc: x', "x" * 300, "\x00\x07", "月の光"])
def test_one_line_is_one_short_line_whatever_the_title(title):
    line = one_line(replace(REPORT, song=replace(SONG, title=title)))
    assert line.isprintable()
    assert len(line) <= 100


def test_figures_say_what_was_measured():
    assert dict(figures_of(REPORT)) == {
        "Notes right": "1 of 3",
        "Pitch, on average": "12 cents flat",
        "Pitch, spread": "± 21 cents",
        "Timing, on average": "55 ms late",
        "From note to note": "± 44 ms",
        "Tempo": "3 % too fast",
        "Best bars": "1",
        "Bars to practise": "2",
    }


def test_a_session_without_notes_has_no_figures():
    assert figures_of(replace(REPORT, notes=(), marks=replace(MARKS, total=0.0))) == ()


def test_the_small_print_holds_the_formulas_own_figures():
    from firmware_py.music import agreement, marks

    words = small_print()
    assert "{" not in words
    for figure in (
        agreement.FULL_CREDIT_CENTS,
        agreement.NO_CREDIT_CENTS,
        marks.FREE_GLIDE_S * 1000,
        marks.LATEST_S * 1000,
    ):
        assert f"{figure:.0f}" in words
