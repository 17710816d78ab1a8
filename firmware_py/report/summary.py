"""A report in one line: what the PDF says of itself, and fit for a list or a subject.

Not here: the page (``page``), the letter (``post``), which reads report.json.
"""

import re
from typing import Final

from firmware_py.languages.words import ENGLISH, Words
from firmware_py.report import wording
from firmware_py.report.contents import Report

_LONGEST_TITLE: Final = 78  # of a subject line


def one_line(report: Report, words: Words = ENGLISH) -> str:
    """Return song and marks in one line of at most about a hundred characters, as for a subject or a list."""
    title = _one_line(wording.title(words, report))
    if len(title) > _LONGEST_TITLE:
        title = title[: _LONGEST_TITLE - 1].rstrip() + "…"
    return wording.one_line(words, report, title)


def _one_line(text: str) -> str:
    """Return a text without line breaks or control characters, which a subject line must not have."""
    return re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in text)).strip()
