"""The table: within its columns, told apart without colours."""

import re

import pytest

from firmware_py.doctor.finding import Finding, Level
from firmware_py.doctor.table import table

GREEN, AMBER, RED = Level
FOUND = [
    Finding("camera", "Camera", GREEN, "imx708, 640x480"),
    Finding("light", "Light", AMBER, "dim (30 of 255)", "put a lamp behind the camera, shining on the player's hand"),
    Finding("mail", "Mail", RED, "the login was refused " * 20, "look at the password"),
]


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal(columns):
    lines = table(FOUND, columns=columns, colour=False).splitlines()
    assert max(map(len, lines)) <= min(columns, 120)


def test_without_colours_the_shapes_tell_the_levels_apart():
    drawn = table(FOUND, columns=80, colour=False)
    assert re.findall(r"^ (\S) (\S+)", drawn, re.MULTILINE) == [("●", "Camera"), ("▲", "Light"), ("✖", "Mail")]
    assert "\x1b" not in drawn
    assert drawn.endswith("Needs a person: Mail.")


def test_colours_change_nothing_but_the_colour():
    plain = re.sub(r"\x1b\[[\d;]*m", "", table(FOUND, columns=80, colour=True))
    assert plain == table(FOUND, columns=80, colour=False)


def test_the_verdict_names_what_is_worth_a_look():
    assert table(FOUND[:2], columns=80, colour=False).endswith("It plays. Worth a look: Light.")
    assert table(FOUND[:1], columns=80, colour=False).endswith("press start and play.")
