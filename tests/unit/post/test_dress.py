"""The bar heat map of a letter."""

import re
from dataclasses import replace

import pytest

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.config import LANGUAGES
from firmware_py.languages.words import words_in
from firmware_py.post import wording
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


def test_free_play_is_told_as_such_in_every_language(told):
    for language in LANGUAGES:
        free = replace(told, language=language, title="", marks=None, bars=())
        words = words_in(language)
        name = words.say("Free play")
        said = wording.text(words, free, Chosen((), "", ()), "")
        assert name not in said, "one plays freely, and does not play something called so"
        assert name in wording.subject(words, free)


def test_a_name_without_a_space_may_break_and_a_number_stays_with_its_unit(told):
    page = html(replace(told, player="W" * 60, advice=("Practise: 48 % of the time.",)), Chosen((), "", ()), None)
    assert "table-layout:fixed" in page
    assert "overflow-wrap:anywhere" in page
    assert "48\u00a0% of" in page
