"""Findings as a table for people: one line a thing, its remedy below, in as many columns as the terminal has.

Each level has a shape as well as a colour, for those who see no colours and for terminals that show none.
"""

import textwrap
from collections.abc import Sequence
from typing import Final

from firmware_py.doctor.finding import Finding, Level, worst

_SHAPES: Final = {Level.GREEN: "●", Level.AMBER: "▲", Level.RED: "✖"}
_COLOURS: Final = {Level.GREEN: "32", Level.AMBER: "33", Level.RED: "31;1"}
_LEAST_COLUMNS: Final = 40
_MOST_COLUMNS: Final = 120


def table(findings: Sequence[Finding], *, columns: int, colour: bool) -> str:
    """Return the table.

    columns: of the terminal. colour: whether it shows ANSI colours.
    """
    columns = min(max(columns, _LEAST_COLUMNS), _MOST_COLUMNS)
    titles = max((len(finding.title) for finding in findings), default=0)
    lines = [line for finding in findings for line in _lines(finding, titles, columns, colour)]
    return "\n".join([*lines, "", *_verdict(findings, columns, colour)])


def _lines(finding: Finding, titles: int, columns: int, colour: bool) -> list[str]:
    indent = " " * (titles + 5)
    shape = _coloured(_SHAPES[finding.level], _COLOURS[finding.level], colour)
    found = textwrap.wrap(finding.found, columns - len(indent), break_on_hyphens=False) or [""]
    lines = [f" {shape} {finding.title:<{titles}}  {found[0]}", *(indent + line for line in found[1:])]
    if finding.remedy:
        remedy = textwrap.wrap(
            finding.remedy, columns - len(indent), initial_indent="→ ", subsequent_indent="  ", break_on_hyphens=False
        )
        lines += [indent + _coloured(line, _COLOURS[finding.level], colour) for line in remedy]
    return lines


def _verdict(findings: Sequence[Finding], columns: int, colour: bool) -> list[str]:
    level = worst(findings)
    named = [finding.title for finding in findings if finding.level is level]
    said = {
        Level.GREEN: "All is well: press start and play.",
        Level.AMBER: f"It plays. Worth a look: {', '.join(named)}.",
        Level.RED: f"Needs a person: {', '.join(named)}.",
    }[level]
    return [_coloured(line, _COLOURS[level], colour) for line in textwrap.wrap(said, columns)]


def _coloured(text: str, code: str, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text
