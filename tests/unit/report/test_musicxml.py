from fractions import Fraction
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_py.music.pitch import C_MAJOR, Key
from firmware_py.music.song import ScoreNote
from firmware_py.report.musicxml import musicxml_of
from firmware_py.report.notation import Metre
from firmware_py.report.sheet import MELODY, PLAYED, Sheet, Staff, bars_needed

F = Fraction  # of beats
NONE = F(0)

COMMON = Metre(4, 4)
ODD_TITLES = [
    '<&"#$*_\\',
    "Für Elise 月の光 🎹",
    "x" * 300,
    "null\x00 and bell\x07",
    "]]>",
    "",
    "#set text(9pt)",
    "%s {0}",
]
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def sheet_of(notes, *, title="Tune", key=C_MAJOR, metre=COMMON, played=(), pickup=NONE) -> Sheet:
    notes = tuple(ScoreNote(F(on), F(length), midi) for on, length, midi in notes)
    staves = (Staff(MELODY, "m", notes), Staff(PLAYED, "p", tuple(played)))
    return Sheet(
        title, "Anon", "Ada", "2026-11-21", key, metre, 100.0, bars_needed(metre, notes, played), staves, pickup
    )


def notes_in(document: bytes, part: int) -> list[tuple[F, F, int]]:
    """Read a part back: onset, duration and MIDI number of each note, ties joined."""
    score = ElementTree.fromstring(document)
    measures = score.findall("part")[part].findall("measure")
    divisions = int(measures[0].findtext("attributes/divisions"))
    at, found = F(0), []
    for note in (n for m in measures for n in m.findall("note")):
        length = F(int(note.findtext("duration")), divisions)
        if note.find("pitch") is not None:
            pitch = note.find("pitch")
            midi = (
                12 * (int(pitch.findtext("octave")) + 1)
                + STEPS[pitch.findtext("step")]
                + int(pitch.findtext("alter", "0"))
            )
            if any(t.get("type") == "stop" for t in note.findall("tie")):
                found[-1] = (found[-1][0], found[-1][1] + length, midi)
            else:
                found.append((at, length, midi))
        at += length
    return found


def test_the_notes_read_back_are_the_notes_written_ties_joined():
    notes = [(0, F(3, 2), 64), (F(3, 2), F(1, 2), 62), (3, 3, 61), (7, F(1, 4), 70)]
    assert notes_in(musicxml_of(sheet_of(notes)), 0) == notes


def test_parts_are_named_and_bars_numbered(musicxml_schema):
    score = ElementTree.fromstring(musicxml_of(sheet_of([(0, 9, 60)])))
    assert score.get("version") == "4.0"
    assert [p.text for p in score.iter("part-name")] == ["Melody", "Played"]
    assert [p.text for p in score.iter("midi-program")] == ["1", "81"]
    assert [m.get("number") for m in score.findall("part")[1]] == ["1", "2", "3"]


@pytest.mark.parametrize("title", ODD_TITLES)
def test_any_title_makes_a_valid_document_that_says_it(title, musicxml_schema):
    document = musicxml_of(sheet_of([(0, 1, 60)], title=title))
    musicxml_schema.validate(document.decode())
    assert ElementTree.fromstring(document).findtext("work/work-title") == title.replace("\x00", "").replace("\x07", "")


def test_accidentals_are_written_where_the_key_and_the_bar_do_not_say_them():
    notes = [(n, 1, midi) for n, midi in enumerate((66, 65, 65, 66, 66))]  # G major: F# F F F# | F#
    score = ElementTree.fromstring(musicxml_of(sheet_of(notes, key=Key(1))))
    assert [n.findtext("accidental") for n in score.find("part").iter("note")][:5] == [
        None,
        "natural",
        None,
        "sharp",
        None,
    ]


def test_a_tied_note_needs_no_second_accidental_and_the_next_one_does():
    score = ElementTree.fromstring(musicxml_of(sheet_of([(3, 2, 61), (5, 1, 61)])))
    pitched = [n for n in score.find("part").iter("note") if n.find("pitch") is not None]
    assert [n.findtext("accidental") for n in pitched] == ["sharp", None, "sharp"]


def test_a_key_of_five_flats_spells_flats():
    score = ElementTree.fromstring(musicxml_of(sheet_of([(0, 1, 61), (1, 1, 68), (2, 1, 70)], key=Key(-5))))
    assert [(p.findtext("step"), p.findtext("alter")) for p in score.iter("pitch")] == [
        ("D", "-1"),
        ("A", "-1"),
        ("B", "-1"),
    ]


def test_an_upbeat_stands_alone_in_bar_0_unless_the_player_began_before_it(musicxml_schema):
    notes = [(3, 1, 60), (4, 4, 62)]
    document = musicxml_of(sheet_of(notes, pickup=F(1)))
    musicxml_schema.validate(document.decode())
    first = ElementTree.fromstring(document).find("part/measure")
    assert (first.get("number"), first.get("implicit"), len(first.findall("note"))) == ("0", "yes", 1)
    early = musicxml_of(sheet_of(notes, pickup=F(1), played=[ScoreNote(F(1), F(1), 60)]))
    assert ElementTree.fromstring(early).find("part/measure").get("number") == "1"
    assert notes_in(early, 1) == [(1, 1, 60)]


@st.composite
def parts(draw):
    at, notes = F(0), []
    step = draw(st.sampled_from([F(1, 2), F(1, 3), F(1, 4), F(1, 16)]))
    for _ in range(draw(st.integers(0, 12))):
        at += draw(st.integers(0, 9)) * step
        length = draw(st.integers(1, 20)) * step
        notes.append((at, length, draw(st.integers(14, 124))))
        at += length
    return notes


@settings(max_examples=40, deadline=None)
@given(parts(), st.integers(-7, 7), st.sampled_from([(4, 4), (3, 4), (6, 8), (5, 8), (2, 2)]))
def test_any_notes_make_a_document_valid_in_3_1_and_4_0_that_holds_them(
    musicxml_schema, musicxml_4_schema, notes, fifths, metre
):
    document = musicxml_of(sheet_of(notes, key=Key(fifths), metre=Metre(*metre)))
    musicxml_schema.validate(document.decode())
    musicxml_4_schema.validate(document.decode())
    assert notes_in(document, 0) == notes


@pytest.mark.parametrize(
    ("low", "high", "clef"),
    [
        (60, 72, ("G", "2", None)),
        (57, 69, ("G", "2", None)),  # a treble staff is what most players read: two ledger lines are no hindrance
        (40, 52, ("F", "4", None)),
        (28, 40, ("F", "4", "-1")),
        (81, 93, ("G", "2", "1")),
        (93, 105, ("G", "2", "2")),
    ],
)
def test_a_low_or_high_staff_has_the_clef_that_saves_its_ledger_lines(low, high, clef):
    notes = tuple(ScoreNote(F(n), F(1), low + n % (high - low + 1)) for n in range(16))
    staff = Staff(PLAYED, "p", notes)
    document = musicxml_of(Sheet("", "", "", "", Key(0), Metre(4, 4), 100.0, bars=4, staves=(staff,)))
    found = ElementTree.fromstring(document).find(".//clef")
    assert tuple(found.findtext(tag) for tag in ("sign", "line", "clef-octave-change")) == clef
    assert sum(staff.clef.ledger_lines(n.midi) for n in notes) <= 1.25 * len(notes)
