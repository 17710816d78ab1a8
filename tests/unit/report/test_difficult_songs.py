"""A song with an upbeat, triplets, ties over bar lines and five flats, written as a teacher would accept it."""

from fractions import Fraction
from xml.etree import ElementTree

import pytest

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.music.pitch import parse_key, spell
from firmware_py.report.report import make_report
from tests.unit.report.test_report import words_of

FLATS = '''
title = "Study in Five Flats"
composer = "The project"
year = 2026
free_because = "Made for this test."
level = 3
tempo_bpm = 84
metre = "4/4"
key = "Db major"
pickup = "1"
backing = "gentle"
melody = """
Ab4:1/3 Bb4:1/3 C5:1/3 |
Db5:3/2 C5:1/2 Bb4 Ab4~ | Ab4:1/2 Gb4:1/2 F4:1/3 Gb4:1/3 Ab4:1/3 Bb4:2~ |
Bb4:2 Eb4:2/3 F4:2/3 Gb4:2/3 | F4:4~ | F4:1/2 Ab4:1/2~ Ab4:1/2 Db5:1/2 R:1/2 C5:3/4 Bb4:1/4 Ab4:1/2 |
G4 A4 R Cb5 | Bb4:1/4 Ab4:1/4 Gb4:1/4 F4:1/4 Eb4:1/2 F4:1/4 Gb4:1/4 Ab4:2~ | Ab4:1/2 Db5:1/2~ Db5:2
"""
chords = """
Db | Gb | Eb | Db | Db | Gb | Ab | Db
"""
'''


@pytest.fixture
def score(session_of, tmp_path):
    path = tmp_path / "flats.toml"
    path.write_text(FLATS)
    folder = session_of(str(path))
    make_report(folder)
    assert "D♭ major" in words_of(folder)
    return ElementTree.fromstring(folder.file(SessionFolder.MUSICXML).read_bytes())


def measures(score):
    return [measure for part in score.findall("part") for measure in part.findall("measure")]


def test_the_key_has_five_flats_and_no_note_a_double_flat(score):
    assert {f.text for f in score.iter("fifths")} == {"-5"}
    assert {a.text for a in score.iter("accidental")} == {"natural", "flat"}
    assert {int(a.text) for a in score.iter("alter")} == {-1}


@pytest.mark.parametrize(
    ("key", "midi", "name"),
    [("Db major", 69, "A4"), ("Gb major", 69, "A4"), ("Gb major", 74, "D5"), ("G# minor", 67, "F##4")],
)
def test_only_a_leading_note_takes_a_double_sign(key, midi, name):
    assert str(spell(midi, parse_key(key))) == name


def test_every_bar_is_filled_exactly_and_the_upbeat_and_the_last_make_one(score):
    divisions = int(score.findtext(".//divisions"))
    for part in score.findall("part"):
        lengths = [
            Fraction(sum(int(d.text) for d in measure.findall("note/duration")), divisions)
            for measure in part.findall("measure")
        ]
        assert lengths[0] == 1
        assert set(lengths[1:]) == {4}


def test_ties_begin_and_end_and_go_over_bar_lines(score):
    for part in score.findall("part"):
        kinds = [tie.get("type") for tie in part.iter("tie")]
        assert kinds.count("start") == kinds.count("stop") >= 5
        assert kinds == [kind for pair in zip(kinds[::2], kinds[1::2], strict=True) for kind in pair]
    across = [m for m in measures(score) if m.find("note/tie[@type='start']") is not None]
    assert len(across) >= 6


def test_triplets_have_brackets_of_three_and_the_slow_one_spans_two_beats(score):
    for part in score.findall("part"):
        kinds = [tuplet.get("type") for tuplet in part.iter("tuplet")]
        assert kinds == ["start", "stop"] * 3
        threes = [n.findtext("type") for n in part.iter("note") if n.find("time-modification") is not None]
        assert threes == ["eighth"] * 6 + ["quarter"] * 3


def test_beams_begin_and_end_within_a_beat_or_a_half_bar(score):
    divisions = int(score.findtext(".//divisions"))
    for measure in measures(score)[1:]:
        at, began = 0, None
        for note in measure.findall("note"):
            beam = note.findtext("beam[@number='1']")
            if beam == "begin":
                began = at
            at += int(note.findtext("duration"))
            if beam == "end":
                assert at - began <= 2 * divisions
                began = None
        assert began is None
