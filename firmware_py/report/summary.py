"""A report in a few words, for the letter: one line, plain text, HTML.

The HTML carries its styles on the elements, as mail programs want it, and no picture of its own: the letter's maker
puts the preview under it. Not here: sending (``post``), the page (``page``).
"""

import re
from html import escape
from typing import Final

from firmware_py.report import wording
from firmware_py.report.contents import Report
from firmware_py.report.figures import figures_of

_SERIF: Final = "font-family:Georgia,'Times New Roman',serif"
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


def text(report: Report) -> str:
    """Return the report as plain text, ending with a line break: the line above, advice, figures, what is attached."""
    lines = [one_line(report), ""]
    lines += [f"- {_one_line(sentence)}" for sentence in report.advice]
    figures = figures_of(report)
    if figures:
        width = max(len(name) for name, _ in figures)
        lines += ["", *(f"{name + ':':<{width + 2}}{value}" for name, value in figures)]
    lines += ["", wording.ATTACHED]
    lines += [f"- {name}: {wording.FILES[what]}" for what, name in report.files.items() if what in wording.FILES]
    return "\n".join(lines) + "\n"


def html(report: Report) -> str:
    """Return the report as a piece of HTML (one <div>), every text of a person escaped."""
    parts = [
        f'<div style="{_SERIF};color:#1a1a1a;max-width:600px;line-height:1.4">',
        f'<p style="margin:0;color:#8e2a4a;font-size:12px;letter-spacing:.12em">{escape(wording.NAME.upper())}</p>',
        f'<h1 style="margin:4px 0 0;font-size:26px">{escape(_one_line(report.title))}</h1>',
    ]
    if report.song and report.song.composer:
        parts.append(
            f'<p style="margin:2px 0 0;color:#6b665c;font-style:italic">{escape(_one_line(report.song.composer))}</p>'
        )
    if report.player:
        parts.append(f'<p style="margin:6px 0 0">{escape(wording.PLAYER.format(player=_one_line(report.player)))}</p>')
    if report.marks and report.notes:
        parts.append(
            f'<p style="margin:10px 0 0"><b style="font-size:44px">{report.marks.total:.0f}</b>'
            f'<span style="color:#6b665c"> {escape(wording.OF_HUNDRED)}</span></p>'
        )
    if report.advice:
        parts.append('<ul style="padding-left:20px">')
        parts += [f'<li style="margin:6px 0">{escape(_one_line(sentence))}</li>' for sentence in report.advice]
        parts.append("</ul>")
    figures = figures_of(report)
    if figures:
        parts.append('<table style="border-collapse:collapse;font-size:14px">')
        parts += [
            f'<tr><td style="padding:2px 24px 2px 0;color:#6b665c">{escape(name)}</td><td><b>{escape(value)}</b></td></tr>'
            for name, value in figures
        ]
        parts.append("</table>")
    parts.append("</div>")
    return "\n".join(parts) + "\n"


def _notes(report: Report) -> str:
    return wording.ONE_NOTE if len(report.notes) == 1 else wording.MANY_NOTES.format(notes=len(report.notes))


def _one_line(text: str) -> str:
    """Return a text without line breaks or control characters, which a subject line must not have."""
    return re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in text)).strip()
