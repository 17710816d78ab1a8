"""The page's own decisions: what stands on the first sheet, how far systems stand apart, how high the curve is."""

import json

import pytest

from firmware_py.music.note import Note
from firmware_py.report import page
from firmware_py.report.engraving import System
from firmware_py.report.report import make_report


def systems(count, height_mm):
    return [System("<svg/>", 182.0, height_mm, n, n + 1) for n in range(count)]


def test_systems_stand_apart_as_far_as_the_sheet_allows():
    airy, tight = page._gap_mm(systems(3, 18.0), "a4"), page._gap_mm(systems(4, 26.0), "a4")
    assert (airy, tight) == page._GAP_MM[::-1]
    assert page._gap_mm(systems(4, 20.0), "us-letter") < page._gap_mm(systems(4, 20.0), "a4")
    assert page._gap_mm(systems(1, 20.0), "a4") == 0.0


@pytest.mark.parametrize(("most", "rows", "scored"), [(9, 6, 3), (4, 4, 0)])
def test_the_picture_is_drawn_from_the_first_sheet_alone(session_of, monkeypatch, most, rows, scored):
    made = []
    monkeypatch.setattr(page, "_FIRST_PICTURES", most)
    typeset = page._typeset
    monkeypatch.setattr(page, "_typeset", lambda *told: made.append(told[0]) or typeset(*told))
    make_report(session_of("free", [Note(n * 0.6, 0.55, 58 + n * 7 % 23) for n in range(700)]))
    first, whole = (json.loads(p.data) for p in made)
    assert len(whole["roll"]) + len(whole["systems"]) > 20
    assert (len(first["roll"]), len(first["systems"])) == (rows, scored)
    assert first["roll"] == whole["roll"][: len(first["roll"])]
