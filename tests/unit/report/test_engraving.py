import re
from fractions import Fraction
from xml.etree import ElementTree

import pytest

from firmware_py.music.pitch import C_MAJOR, Key
from firmware_py.music.song import ScoreNote
from firmware_py.report.engraving import MOST_COLUMNS, engrave, staff_mm, system_starts
from firmware_py.report.looks import LOOKS, legend_svg
from firmware_py.report.notation import Metre
from firmware_py.report.sheet import MELODY, PLAYED, Sheet, Staff, bars_needed

F = Fraction  # of beats
NONE = F(0)

SVG = "{http://www.w3.org/2000/svg}"


def sheet_of(notes, *, played=(), key=C_MAJOR, pickup=NONE) -> Sheet:
    metre = Metre(4, 4)
    staves = (Staff(MELODY, "m", tuple(notes)), Staff(PLAYED, "p", tuple(played)))
    return Sheet("Tune", "", "", "", key, metre, 100.0, bars_needed(metre, notes, played), staves, pickup)


def quarters(bars: int) -> list[ScoreNote]:
    return [ScoreNote(F(n), F(1), 60 + n % 8) for n in range(4 * bars)]


def test_the_drawing_is_flat_so_that_any_program_can_show_it():
    for system in engrave(sheet_of(quarters(9)), {}):
        root = ElementTree.fromstring(system.svg)
        tags = {element.tag.removeprefix(SVG) for element in root.iter()}
        assert tags <= {"svg", "g", "defs", "path", "use", "polygon", "polyline", "rect", "ellipse", "text"}
        assert len(list(root.iter(f"{SVG}svg"))) == 1
        assert not list(root.iter(f"{SVG}ellipse"))  # placeholders are ellipses, and these quarters have no dots
        assert "currentColor" not in system.svg
        defined = {e.get("id") for e in root.iter(f"{SVG}path")} - {None}
        used = set(re.findall(r'xlink:href="#([^"]+)"', system.svg))
        assert used
        assert used <= defined


def test_each_verdict_changes_colour_and_shape_of_its_own_head():
    plain = engrave(sheet_of(quarters(1)), {})[0].svg
    for verdict, look in LOOKS.items():
        drawn = engrave(sheet_of(quarters(1)), {"m2": look})[0].svg
        assert look.colour in drawn, verdict
        assert look.colour not in plain
        assert drawn.count("#E0A4") == plain.count("#E0A4") - (1 if look.head else 0)


def test_a_tied_note_takes_the_look_of_its_verdict_in_every_piece():
    drawn = engrave(sheet_of([ScoreNote(F(3), F(2), 67)]), {"m0": LOOKS["sharp"]})[0].svg
    assert drawn.count(LOOKS["sharp"].colour) >= 2


def test_looks_can_be_told_apart_in_grey_by_their_shape():
    shapes = [look.head for look in LOOKS.values()]
    assert len(set(shapes)) == len(shapes)
    assert len({legend_svg(look) for look in LOOKS.values()}) == len(shapes)


@pytest.mark.parametrize(("bars", "systems"), [(1, 1), (4, 1), (8, 2), (16, 4), (17, 4), (24, 6), (32, 6), (48, 6)])
def test_songs_of_up_to_thirty_two_bars_stay_on_one_page(bars, systems):
    notes = [ScoreNote(F(4 * n), F(4), 60) for n in range(bars)]
    assert len(system_starts(sheet_of(notes))) == systems


def test_an_upbeat_does_not_take_the_place_of_a_bar():
    notes = [ScoreNote(F(3), F(1), 60), *(ScoreNote(F(4 * n), F(4), 62) for n in range(1, 9))]
    assert system_starts(sheet_of(notes, pickup=F(1))) == [0, 5]


def test_dense_bars_get_more_room():
    notes = [ScoreNote(F(n, 4), F(1, 4), 60 + n % 5) for n in range(16 * 8)]
    starts = system_starts(sheet_of(notes))
    assert all((b - a) * 16 <= MOST_COLUMNS for a, b in zip(starts, [*starts[1:], 8], strict=True))


def test_little_music_is_printed_large():
    short, long = sheet_of(quarters(4)), sheet_of(quarters(40))
    assert staff_mm(short, system_starts(short)) > staff_mm(long, system_starts(long))


def test_systems_say_which_bars_they_hold_and_fit_the_page():
    systems = engrave(sheet_of(quarters(10)), {})
    assert [(s.first_bar, s.end_bar) for s in systems] == [(0, 4), (4, 8), (8, 10)]
    assert all(10 < s.height_mm < 60 and s.width_mm == 182 for s in systems)


def test_the_same_sheet_is_engraved_the_same_again():
    sheet = sheet_of(quarters(8), played=[ScoreNote(F(1, 2), F(5), 61)], key=Key(-5))
    assert engrave(sheet, {}) == engrave(sheet, {})
