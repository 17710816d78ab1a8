"""Each catalogue says everything that the code says, with the same values in it, and nothing that it does not."""

import ast
import shutil
import string
import subprocess
from datetime import date
from pathlib import Path

import pytest

import firmware_py
from firmware_py.config import LANGUAGES
from firmware_py.errors import LanguageError
from firmware_py.languages.catalogue import FOLDER, entries
from firmware_py.languages.words import ENGLISH, words_in

OTHERS = [language for language in LANGUAGES if language != "en"]


def _said() -> set[tuple[str, ...]]:
    """Every sentence in the code: the literals given to ``words.say`` and ``words.count``."""
    found = set()
    for path in Path(firmware_py.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            owner = ast.unparse(node.func.value)
            if owner != "words" and not (owner == "self" and path.name == "words.py"):
                continue
            literals = {"say": 1, "count": 2}.get(node.func.attr, 0)
            if literals:
                sentence = tuple(ast.literal_eval(argument) for argument in node.args[:literals])
                found.add(sentence)
    return found


def _catalogue(language: str) -> dict[tuple[str, ...], list[str]]:
    return {
        (one["msgid"], *([one["msgid_plural"]] if "msgid_plural" in one else [])): [
            text for key, text in one.items() if key.startswith("msgstr")
        ]
        for one in entries(FOLDER / f"{language}.po")
        if one["msgid"]
    }


def _values(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_there_is_a_catalogue_of_each_language_and_no_other():
    assert sorted(path.stem for path in FOLDER.glob("*.po")) == sorted(OTHERS)


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_is_complete_and_has_nothing_that_nobody_says(language):
    said, known = _said(), set(_catalogue(language))
    assert len(said) > 80
    assert said - known == set(), "missing in the catalogue"
    assert known - said == set(), "not said any more"


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_holds_the_same_values_and_is_no_copy(language):
    for english, translations in _catalogue(language).items():
        assert len(translations) == len(english), f"one form a number: {english}"
        for text in translations:
            assert text.strip() == text != "", english
            assert _values(text) == set.union(*map(_values, english)), english
            assert text.endswith(".") == english[0].endswith("."), english
            own = "".join(part for part, *_ in string.Formatter().parse(text))
            assert text != english[0] or len(own) < 12, f"only units, months and single words are the same: {text}"


@pytest.mark.parametrize("language", OTHERS)
def test_gettexts_own_checker_finds_nothing(language, tmp_path):
    if not shutil.which("msgfmt"):
        pytest.skip("msgfmt is not installed (Debian package gettext)")
    path = FOLDER / f"{language}.po"
    done = subprocess.run(
        ["msgfmt", "--check-format", "--check-domain", "-o", tmp_path / "x.mo", path], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("language", "none", "one", "two"),
    [
        ("en", "0 notes", "1 note", "2 notes"),
        ("es", "0 notas", "1 nota", "2 notas"),
        ("de", "0 Töne", "1 Ton", "2 Töne"),
        ("fr", "0 note", "1 note", "2 notes"),
    ],
)
def test_each_language_counts_in_its_own_way(language, none, one, two):
    words = words_in(language)
    assert [words.count("{n} note", "{n} notes", n) for n in (0, 1, 2)] == [none, one, two]


@pytest.mark.parametrize(
    ("language", "first", "last"),
    [
        ("en", "1 May 2026", "31 December 2026"),
        ("es", "1 de mayo de 2026", "31 de diciembre de 2026"),
        ("de", "1. Mai 2026", "31. Dezember 2026"),
        ("fr", "1er mai 2026", "31 décembre 2026"),
    ],
)
def test_dates_are_written_out(language, first, last):
    words = words_in(language)
    assert [words.date(date(2026, 5, 1)), words.date(date(2026, 12, 31))] == [first, last]


def test_numbers_and_lists_follow_the_language():
    assert [words_in(language).number(1.25, 1) for language in LANGUAGES] == ["1.2", "1,2", "1,2", "1,2"]
    assert words_in("de").listed(["a", "b", "c"]) == "a, b und c"
    assert [ENGLISH.listed(["a"]), ENGLISH.listed([])] == ["a", ""]


def test_values_are_never_read_as_places_for_values():
    assert words_in("es").say("Hello {player},", player="{0}{x!r}") == "Hola, {0}{x!r}:"


def test_what_is_not_spoken_here_is_said_in_english():
    assert words_in("xx") is words_in("") is words_in("../../etc/passwd") is ENGLISH
    assert words_in("de").say("no such sentence") == "no such sentence"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'msgid "a"\nmsgstr b"\n', "line 2"),
        (b'"a"\n', "line 1"),
        (b'msgid "\\x"\nmsgstr "b"\n', "line 1"),
        (b"\xff", "cannot be read"),
    ],
)
def test_a_broken_catalogue_names_its_line(tmp_path, content, says):
    path = tmp_path / "x.po"
    path.write_bytes(content)
    with pytest.raises(LanguageError, match=says):
        list(entries(path))


def test_a_text_may_go_over_lines(tmp_path):
    path = tmp_path / "x.po"
    path.write_text('# said by a person\nmsgid ""\n"one "\n"two"\nmsgstr "\\"un\\"\\ndeux"\n')
    assert list(entries(path)) == [{"msgid": "one two", "msgstr": '"un"\ndeux'}]
