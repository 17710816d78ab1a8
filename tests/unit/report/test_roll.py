import re
from xml.etree import ElementTree

import numpy as np
import pytest

from firmware_py.music.curve import PitchCurve
from firmware_py.music.note import Note
from firmware_py.music.pitch import Key
from firmware_py.report.looks import LOOKS, WANTED_LOOK
from firmware_py.report.roll import Bar, roll


def curve_of(pitches, rate_hz=100.0) -> PitchCurve:
    values = np.asarray(pitches, np.float32)
    return PitchCurve(rate_hz, values, values, np.ones(len(values), np.float32))


def bars(count: int, marks=50.0, bar_s=2.0) -> list[Bar]:
    return [Bar(n + 1, n * bar_s, (n + 1) * bar_s, marks) for n in range(count)]


def lines_in(svg: str) -> list[str]:
    return re.findall(r'd="([^"]*)"[^>]*stroke="#1A1A1A"', svg)


def test_silence_breaks_the_line():
    pitches = [60.0] * 100 + [np.nan] * 50 + [62.0] * 100
    line = lines_in(roll(curve_of(pitches), [], bars(2), Key(0))[0].svg)[0]
    assert line.count("M") == 2


def test_a_silent_session_draws_no_line():
    assert lines_in(roll(curve_of([np.nan] * 300), [], bars(2), Key(0))[0].svg) == []


def test_the_line_lies_on_the_note_it_was_meant_for():
    melody = [(Note(1.0, 1.0, 64.0), WANTED_LOOK)]
    late = [np.nan] * 120 + [76.0] * 80
    drawing = ElementTree.fromstring(roll(curve_of(late), melody, bars(2), Key(0), lag_s=0.2, higher=-12.0)[0].svg)
    block = next(r for r in drawing.iter("{http://www.w3.org/2000/svg}rect") if r.get("fill") == WANTED_LOOK.tint)
    x, y = float(block.get("x")), float(block.get("y")) + float(block.get("height")) / 2
    first = re.match(r"M([\d.]+) ([\d.]+)", lines_in(ElementTree.tostring(drawing, "unicode").replace("ns0:", ""))[0])
    assert abs(float(first[1]) - x) < 2
    assert abs(float(first[2]) - y) < 0.2


def test_every_bar_has_its_cell_and_its_marks():
    svg = roll(curve_of([60.0] * 800), [], bars(4, marks=73.4), Key(0))[0].svg
    assert svg.count(">73<") == 4
    nothing_asked = [*bars(3), Bar(4, 6.0, 8.0, None)]
    assert roll(curve_of([60.0] * 800), [], nothing_asked, Key(0))[0].svg.count(">–<") == 1


def test_long_songs_take_several_rows_of_equal_length():
    rows = roll(curve_of([60.0] * 100), [(Note(130.0, 1.0, 60.0), LOOKS["right"])], bars(80), Key(0))
    assert len(rows) == 3
    assert [row.svg.count(LOOKS["right"].tint) for row in rows] == [0, 0, 1]


def test_free_play_is_cut_by_time():
    assert len(roll(curve_of([60.0] * 20_000), [], [], Key(0))) == 3


def test_every_row_is_well_formed_whatever_was_played():
    rng = np.random.default_rng(1)
    for pitches in ([], [0.0], [127.0] * 50, rng.uniform(0, 127, 500), [np.nan, 60.0, np.nan]):
        for row in roll(curve_of(pitches), [(Note(0.0, 0.0, 60.0), WANTED_LOOK)], [], Key(-5)):
            assert ElementTree.fromstring(row.svg) is not None
            assert "nan" not in row.svg


def test_a_note_held_still_is_two_points_and_a_slow_drift_keeps_its_shape():
    still = lines_in(roll(curve_of([60.0] * 400), [], bars(2), Key(0))[0].svg)[0]
    assert (still.count("M"), still.count("L")) == (1, 1)
    drift = lines_in(roll(curve_of(60 + 0.12 * np.sin(np.linspace(0, np.pi, 400))), [], bars(2), Key(0))[0].svg)[0]
    assert drift.count("L") > 8


def test_the_tempo_is_drawn_bar_by_bar_and_broken_where_it_is_not_known():
    tempos = (1.0, 1.05, None, 1.5, 0.95)
    timed = [Bar(n + 1, 2.0 * n, 2.0 * n + 2, 50.0, tempo) for n, tempo in enumerate(tempos)]
    drawing = roll(curve_of([60.0] * 1000), [], timed, Key(0))[0]
    path = re.search(r'd="([^"]*)"[^>]*stroke="#8E2A4A"', drawing.svg)[1]
    heights = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", path)]
    assert (path.count("M"), path.count("L")) == (2, 2)
    even, faster, fastest, slower = heights
    assert even - faster == pytest.approx(slower - even)
    assert even - fastest == pytest.approx(22.0)  # at the edge
    assert drawing.height_mm > roll(curve_of([60.0] * 1000), [], bars(5), Key(0))[0].height_mm


def test_a_second_hand_is_a_line_of_its_own_in_the_same_range():
    drawing = roll(curve_of([60.0] * 400), [], bars(2), Key(0), second=curve_of([80.0] * 400))[0].svg
    assert len(lines_in(drawing)) == 1
    second = re.search(r'd="([^"]*)"[^>]*stroke="#0060A8"', drawing)[1]
    first_y, second_y = (float(re.search(r"M[\d.]+ ([\d.]+)", d)[1]) for d in (lines_in(drawing)[0], second))
    assert second_y < first_y - 100
