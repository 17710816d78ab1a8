"""Letters that typst's own fonts lack are set in a font of the system, and only those."""

import pytest

from firmware_py.report import fonts
from firmware_py.report.fonts import folder_of_fonts, foreign_letters


@pytest.mark.parametrize("name", ["Zoë Ångström", "Анна", "Ω", "עברית", "محمد", "B♭ – F♯, ½ × ★", ""])
def test_what_typst_can_write_needs_no_font_of_the_system(name):
    assert foreign_letters(name) == ""
    with folder_of_fonts(foreign_letters(name)) as folders:
        assert folders == []


def test_each_foreign_letter_is_asked_for_once():
    assert foreign_letters("山田 山 한🎹\x07") == "山田한🎹"
    assert len(foreign_letters("".join(map(chr, range(0x4E00, 0x5000))))) == 200


def test_the_fonts_of_the_letters_are_given_and_taken_away_again(tmp_path, monkeypatch):
    han, emoji = tmp_path / "han.ttf", tmp_path / "emoji.ttf"
    for file in (han, emoji):
        file.touch()
    monkeypatch.setattr(
        fonts,
        "_having",
        lambda letters: [han] if set(letters) <= set("山田") else [emoji] * ("🎹" in letters and len(letters) == 1),
    )
    monkeypatch.setattr(fonts, "_ask", lambda *_: "")
    with folder_of_fonts("ก山田🎹") as (folder,):
        given = sorted(path.resolve().name for path in fonts.Path(folder).iterdir())
    assert given == ["emoji.ttf", "han.ttf"]  # nobody has the Thai letter
    assert not fonts.Path(folder).exists()


@pytest.mark.parametrize("path", ["", "/nowhere"])
def test_without_fontconfig_there_is_no_font_and_no_fault(monkeypatch, path):
    monkeypatch.setenv("PATH", path)
    with folder_of_fonts("山") as folders:
        assert folders == []
