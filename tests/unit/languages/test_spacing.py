"""Numbers are held to their units, and nothing else is."""

import pytest

from firmware_py.languages.spacing import with_units_held


@pytest.mark.parametrize("unit", ["%", "ms", "s", "min", "cents", "Cent", "kB", "Mo"])
def test_a_line_cannot_break_before_a_unit(unit):
    assert with_units_held(f"about 12 {unit}, or 3 {unit}") == f"about 12\u00a0{unit}, or 3\u00a0{unit}"


@pytest.mark.parametrize("text", ["", "4 notes", "bars 5 so far", "12 seconds", "of 100", "a %", "2 minutes"])
def test_other_words_may_begin_a_line(text):
    assert with_units_held(text) == text
