"""Chord symbols: their notes, and their transposition."""

import pytest

from firmware_py.errors import SongError
from firmware_py.music.chords import parse_chord, transposed_symbol
from firmware_py.music.pitch import parse_key


@pytest.mark.parametrize(
    ("symbol", "bass", "classes"),
    [
        ("C", 0, (0, 4, 7)),
        ("Am7", 9, (9, 0, 4, 7)),
        ("F#7", 6, (6, 10, 1, 4)),
        ("Bbmaj7", 10, (10, 2, 5, 9)),
        ("D/F#", 6, (2, 6, 9)),
        ("Edim7", 4, (4, 7, 10, 1)),
        ("Gsus4", 7, (7, 0, 2)),
        ("Cm7b5", 0, (0, 3, 6, 10)),
    ],
)
def test_a_symbol_sounds_its_notes(symbol, bass, classes):
    chord = parse_chord(symbol)
    assert (chord.bass, chord.classes) == (bass, classes)


@pytest.mark.parametrize("symbol", ["", "H", "Cmin", "c", "C/", "C7/H", "C13", "Am 7"])
def test_what_is_no_chord_is_refused_with_the_known_kinds(symbol):
    with pytest.raises(SongError, match=r"no chord.*m7"):
        parse_chord(symbol)


def test_transposed_symbols_are_spelled_by_the_new_key():
    assert transposed_symbol("D/F#", 1, parse_key("Eb major")) == "Eb/G"
    assert transposed_symbol("Am7", 2, parse_key("D major")) == "Bm7"
    assert transposed_symbol("G7", -1, parse_key("B major")) == "F#7"
