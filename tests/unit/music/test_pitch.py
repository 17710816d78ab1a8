"""Pitch as numbers and names, keys, scales, spelling."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.errors import UsageError
from firmware_py.music.pitch import (
    CHROMATIC,
    Key,
    hz_to_midi,
    mask_of,
    midi_to_hz,
    note_name,
    parse_key,
    parse_note,
    scale_mask,
    spell,
)


def classes(mask: int) -> set[int]:
    return {n for n in range(12) if mask >> n & 1}


def test_a4_is_69_and_440_hz_and_follows_the_tuning():
    assert midi_to_hz(69) == 440.0
    assert midi_to_hz(69, 442.0) == 442.0
    assert midi_to_hz(60) == pytest.approx(261.6256, abs=1e-4)
    assert hz_to_midi(220.0) == 57.0


@given(st.floats(0, 127), st.floats(390, 470))
def test_hertz_and_back_is_the_same_pitch(midi, a4_hz):
    assert hz_to_midi(midi_to_hz(midi, a4_hz), a4_hz) == pytest.approx(midi, abs=1e-9)


@pytest.mark.parametrize("hz", [0.0, -1.0, math.nan, math.inf])
def test_what_is_no_frequency_is_refused(hz):
    with pytest.raises(UsageError, match="no pitch"):
        hz_to_midi(hz)


@pytest.mark.parametrize(
    ("name", "midi"),
    [
        ("C4", 60),
        ("A4", 69),
        ("f#3", 54),
        ("F♯3", 54),
        ("Bb5", 82),
        ("B♭5", 82),
        ("bb5", 82),
        ("B#3", 60),
        ("Cb4", 59),
        ("Fx4", 67),
        ("F##4", 67),
        ("Ebb4", 62),
        ("C-1", 0),
        ("G9", 127),
        ("G♮4", 67),
    ],
)
def test_note_names_in_scientific_pitch(name, midi):
    assert parse_note(name).midi == midi


@pytest.mark.parametrize("name", ["", "H4", "C", "4", "C#", "C4.", "C 4", "G#9", "Cb-1", "C44", "Bbb", "♯4"])
def test_what_is_no_note_is_refused_with_an_example(name):
    with pytest.raises(UsageError, match=r"C4|C-1…G9"):
        parse_note(name)


@pytest.mark.parametrize(
    ("name", "fifths", "tonic"),
    [
        ("C major", 0, 0),
        ("A minor", 0, 9),
        ("F# minor", 3, 6),
        ("D major", 2, 2),
        ("B♭ major", -2, 10),
        ("bb Minor", -5, 10),
        ("C# major", 7, 1),
        ("Ab minor", -7, 8),
        ("Gb major", -6, 6),
        ("c minor", -3, 0),
    ],
)
def test_keys_have_their_signature_and_tonic(name, fifths, tonic):
    key = parse_key(name)
    assert (key.fifths, key.tonic) == (fifths, tonic)


@pytest.mark.parametrize("name", ["C", "H major", "G# major", "Fb major", "dorian", "C  ", "C majors", "Cx major"])
def test_what_is_no_key_is_refused(name):
    with pytest.raises(UsageError, match="key"):
        parse_key(name)


keys = st.builds(lambda fifths, minor: Key(fifths + (3 if minor else 0), minor), st.integers(-7, 7), st.booleans())


@given(keys)
def test_a_key_reads_back_from_its_own_name(key):
    assert parse_key(str(key)) == key


@given(keys, st.integers(-24, 24))
def test_a_transposed_key_has_its_tonic_so_many_semitones_up_and_a_plain_signature(key, semitones):
    moved = key.transposed(semitones)
    assert moved.tonic == (key.tonic + semitones) % 12
    assert moved == key or -6 <= moved.fifths <= 6


@given(st.integers(0, 127), keys)
def test_a_spelling_sounds_as_the_number_it_spells(midi, key):
    assert spell(midi, key).midi == midi
    assert abs(spell(midi, key).alter) <= 2


@given(keys)
def test_notes_of_the_key_are_spelled_with_its_own_signs(key):
    steps = [spell(60 + n, key) for n in range(12) if scale_mask("minor" if key.minor else "major", key) >> n & 1]
    assert sorted(s.step for s in steps) == list("ABCDEFG")
    assert sum(s.alter for s in steps) == key.fifths


@pytest.mark.parametrize(
    ("key", "midi", "name"),
    [
        ("C major", 61, "C#4"),
        ("C major", 63, "Eb4"),
        ("C major", 66, "F#4"),
        ("A minor", 68, "G#4"),
        ("F major", 70, "Bb4"),
        ("D major", 66, "F#4"),
        ("Db major", 66, "Gb4"),
        ("C# major", 60, "B#3"),
        ("Gb major", 71, "Cb5"),
        ("D minor", 61, "C#4"),
        ("E major", 63, "D#4"),
    ],
)
def test_a_key_decides_between_sharp_and_flat(key, midi, name):
    assert note_name(midi, parse_key(key)) == name


def test_scales_stand_on_the_tonic():
    assert classes(scale_mask("major", parse_key("D major"))) == {2, 4, 6, 7, 9, 11, 1}
    assert classes(scale_mask("pentatonic", parse_key("A minor"))) == {9, 0, 2, 4, 7}
    assert classes(scale_mask("pentatonic", parse_key("C major"))) == {0, 2, 4, 7, 9}
    assert classes(scale_mask("blues", parse_key("C major"))) == {0, 3, 5, 6, 7, 10}
    assert scale_mask("chromatic", parse_key("F# minor")) == CHROMATIC
    assert mask_of([60, 72, 64]) == 0b10001
    with pytest.raises(UsageError, match=r"lydian.*pentatonic"):
        scale_mask("lydian")
