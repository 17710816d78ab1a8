"""A report in one line: what the PDF says of itself, and fit for a list or a subject.

Not here: the page (``page``), the letter (``post``), which reads report.json.
"""

import re
from typing import Final

from firmware_py.report import wording
from firmware_py.report.contents import Report

_LONGEST_TITLE: Final = 78  # of a subject line


def one_line(report: Report) -> str:
    """Return song and marks in one line of at most about a hundred characters, as for a subject or a list."""
    title = _one_line(report.title)
    if len(title) > _LONGEST_TITLE:
        title = title[: _LONGEST_TITLE - 1].rstrip() + "…"
    if not report.notes:
        return wording.LINE_NO_NOTES.format(title=title)
    if report.marks is None:
        return wording.LINE_FREE.format(title=title, notes=_notes(report))
    return wording.LINE_MARKS.format(title=title, marks=f"{report.marks.total:.0f}")


def _notes(report: Report) -> str:
    return wording.ONE_NOTE if len(report.notes) == 1 else wording.MANY_NOTES.format(notes=len(report.notes))


def _one_line(text: str) -> str:
    """Return a text without line breaks or control characters, which a subject line must not have."""
    return re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in text)).strip()
