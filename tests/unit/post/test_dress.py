"""The bar heat map of a letter."""

import re
from dataclasses import replace

import pytest

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.post.attachments import Chosen
from firmware_py.post.dress import html
from firmware_py.post.summary import Summary, summarise


@pytest.fixture
def told(make_session) -> Summary:
    return summarise(SessionFolder(make_session()))


def cells_of(told: Summary) -> list[tuple[str, str]]:
    page = html(told, Chosen((), "", ()), None)
    return re.findall(r'height="26" style="background-color:(#[0-9a-f]{6});[^>]*>([^<]*)</td>', page)


def test_each_bar_is_a_cell_with_its_marks_and_a_ground_that_darkens(told):
    cells = cells_of(replace(told, bars=(100.0, 76.4, 60.0, 45.0, 25.0, 0.0, None)))
    assert [words for _, words in cells] == ["100", "76", "60", "45", "25", "0", "–"]
    light = [sum(int(ground[n : n + 2], 16) for n in (1, 3, 5)) for ground, _ in cells[1:6]]
    assert light == sorted(light, reverse=True)
    assert len(set(light)) == 5


@pytest.mark.parametrize("count", [0, 1, 65])
def test_no_bars_one_bar_and_far_too_many_are_no_heat_map(told, count):
    assert cells_of(replace(told, bars=(50.0,) * count)) == []


@pytest.mark.parametrize("count", [2, 8, 9, 64])
def test_rows_are_filled_up(told, count):
    page = html(replace(told, bars=(50.0,) * count), Chosen((), "", ()), None)
    assert page.count('height="26"') == count
    assert page.count("<td></td>") == -count % 8
