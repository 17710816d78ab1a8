"""Names of notes and keys as each language prints them."""

import pytest

from firmware_py.config import LANGUAGES
from firmware_py.errors import UsageError
from firmware_py.languages.words import words_in
from firmware_py.music.pitch import parse_note
from firmware_py.report.note_names import printed_key, printed_note


@pytest.mark.parametrize(
    ("name", "en", "es", "de", "fr"),
    [
        ("C4", "C4", "do4", "c¹", "do3"),
        ("A4", "A4", "la4", "a¹", "la3"),
        ("B4", "B4", "si4", "h¹", "si3"),
        ("Bb3", "B♭3", "si♭3", "b", "si♭2"),
        ("F#5", "F♯5", "fa♯5", "fis²", "fa♯4"),
        ("Eb2", "E♭2", "mi♭2", "Es", "mi♭1"),
        ("Ab1", "A♭1", "la♭1", "As₁", "la♭0"),
        ("F##4", "F♯♯4", "fa♯♯4", "fisis¹", "fa♯♯3"),
        ("Abb4", "A♭♭4", "la♭♭4", "asas¹", "la♭♭3"),
        ("Bbb4", "B♭♭4", "si♭♭4", "heses¹", "si♭♭3"),
        ("D-1", "D-1", "re-1", "D₃", "ré-2"),
    ],
)
def test_a_note_is_named_as_its_players_name_it(name, en, es, de, fr):
    spelling = parse_note(name)
    assert [printed_note(words_in(language), spelling) for language in ("en", "es", "de", "fr")] == [en, es, de, fr]


@pytest.mark.parametrize(
    ("name", "en", "es", "de", "fr"),
    [
        ("C major", "C major", "do mayor", "C-Dur", "do majeur"),
        ("Bb major", "B♭ major", "si bemol mayor", "B-Dur", "si bémol majeur"),
        ("B minor", "B minor", "si menor", "h-Moll", "si mineur"),
        ("F# minor", "F♯ minor", "fa sostenido menor", "fis-Moll", "fa dièse mineur"),
        ("Ab major", "A♭ major", "la bemol mayor", "As-Dur", "la bémol majeur"),
        ("Eb minor", "E♭ minor", "mi bemol menor", "es-Moll", "mi bémol mineur"),
    ],
)
def test_a_key_is_named_as_its_players_name_it(name, en, es, de, fr):
    assert [printed_key(words_in(language), name) for language in ("en", "es", "de", "fr")] == [en, es, de, fr]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_no_key_is_refused_in_every_language(language):
    with pytest.raises(UsageError):
        printed_key(words_in(language), "H dur")
