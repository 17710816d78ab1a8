"""Patch files: the shipped ones, one's own, and every way to write one wrongly."""

import contextlib
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_py.errors import PatchError
from firmware_py.sound.patches import folder_with, patch_files, patch_named, read_patch


def test_the_shipped_patches_are_read_and_say_what_they_are():
    assert {"air", "sine"} <= set(patch_files())
    for name in patch_files():
        patch = patch_named(name)
        assert patch.name == name
        assert patch.says


def test_an_unknown_patch_names_the_known_ones_and_the_nearest():
    with pytest.raises(PatchError, match=r"no patch is called 'aire'; there are: air, .*sine.*; did you mean air\?"):
        patch_named("aire")


def test_a_patch_of_ones_own_stands_before_a_shipped_one(tmp_path):
    (tmp_path / "air.toml").write_text("level_db = -20.0\n")
    (tmp_path / "mine.toml").write_text('title = "Mine"\n[tone]\npartials = [1, 0.5]\n')
    assert patch_named("air", tmp_path).level_db == -20.0
    assert patch_named("mine", tmp_path).partials == (1.0, 0.5)
    assert patch_named("sine", tmp_path).name == "sine"


WRONG = [
    (
        "[tone]\npartials = [1.0]\nshiny = 3\n",
        r":3: tone\.shiny is not known; allowed are title, says, .*tone\.partials",
    ),
    ("[tone]\n\nbrihgt_db = 0\n", r":3: tone\.brihgt_db is not known; did you mean tone\.bright_db\?"),
    ("[envelope]\nwet = 0\n", r":2: envelope\.wet is not known; did you mean \w+\.wet\?"),
    ("attack_ms = 5\n", r":1: attack_ms is not known; did you mean envelope\.attack_ms\?"),
    ("titel = 'x'\n", r":1: titel is not known; did you mean title\?"),
    ("[vibrato]\n\ndepth_cents = 400\n", r":3: vibrato\.depth_cents is 400; allowed is 0 to 100 "),
    ("vibrato.depth_cents = 400\n", r":1: vibrato\.depth_cents is 400; allowed is 0 to 100 "),
    ("\nvibrato = {depth_cents = 400}\n", r":2: vibrato\.depth_cents is 400; allowed is 0 to 100 "),
    ("\r\n[vibrato]\r\ndepth_cents = 400\r\n", r":3: vibrato\.depth_cents is 400; allowed"),
    ("[ 'vibrato' ]\n'depth_cents' = 400\n", r":2: vibrato\.depth_cents is 400; allowed"),
    ("[envelope]\nattack_ms = '5'\n", r":2: envelope\.attack_ms is '5'; allowed is 2 to 5000"),
    ("[envelope]\nattack_ms = 1\n", r"envelope\.attack_ms is 1; allowed is 2 to 5000"),
    ("[envelope]\nsustain = true\n", r"envelope\.sustain is True; allowed is 0 to 1"),
    ("[envelope]\nsustain = nan\n", r"envelope\.sustain is nan; allowed is 0 to 1"),
    ("[envelope]\nsustain = inf\n", r"envelope\.sustain is inf; allowed is 0 to 1"),
    ("[envelope]\nsustain = 1979-05-27\n", r"envelope\.sustain is datetime.*; allowed is 0 to 1"),
    (f"level_db = 0x{'f' * 9000}\n", r":1: level_db is a value without end; allowed is -60 to -6"),
    (f"level_db = {'9' * 9000}\n", r":1: this is no TOML: .*4300"),
    ("[tone]\npartials = []\n", r"tone\.partials is \[\]; a list of 1 to 32 numbers"),
    (f"[tone]\npartials = {[1] * 33}\n", r"tone\.partials is \[1, 1, .*…; a list of 1 to 32 numbers"),
    ("[tone]\npartials = [0, 0]\n", r"tone\.partials has no partial above 0\.01, so nothing would sound"),
    ("[tone]\npartials = [0.5, 7]\n", r"tone\.partials is 7; allowed is 0 to 1"),
    ("[tone]\npartials = 1.0\n", r"tone\.partials is 1\.0; a list of 1 to 32 numbers"),
    ("[tone]\n\nwave = 'sow'\n", r":3: tone\.wave is 'sow'; allowed is partials, saw, square"),
    ("[tone]\nwave = [1]\n", r"tone\.wave is \[1\]; allowed is partials"),
    ("[tone]\nunison = 2.5\n", r":2: tone\.unison is 2\.5; a whole number from 1 to 8"),
    ("[tone]\nwave = 'saw'\nvowel = 'ah'\n", r":3: tone\.vowel does nothing where tone\.wave is 'saw'; remove it"),
    ("[filter]\nopen = 4\n", r":2: filter\.open does nothing .*'partials'; remove it, or make the wave saw or square"),
    ("[echo]\nfeedback = 1.0\n", r":2: echo\.feedback is 1\.0; allowed is 0 to 0\.9"),
    ("title = 5\n", r":1: title is 5; a text of one line, at most 200 characters, is needed"),
    ("title = 'a\u2028b'\n", r":1: title is 'a\\u2028b'; a text of one line"),
    (f"title = '{'x' * 300}'\n", r"title is 'x{56}…; a text of one line, at most 200 characters"),
    ("\n[tome]\nx = 1\n", r":2: section \[tome\] is not known; did you mean tone\?; allowed are breath, "),
    ("[tone]\n[tone.deep]\nx = 1\n", r":2: tone\.deep is not known"),
    ("tone = 3\n", r":1: tone is 3, but it is a section; write \[tone\] and its keys below it"),
    ("[[tone]]\nwave = 'saw'\n", r":1: tone is \[.*, but it is a section"),
    ("[tone\n", r":1: this is no TOML: .*; see .*air\.toml for one that is right"),
    ("level_db = -9\n\nlevel_db = -9\n", r":3: this is no TOML: Cannot overwrite a value \(is it written twice\?\)"),
    ("[tone]\n[echo]\n[tone]\n", r":3: this is no TOML: Cannot declare .* \(is it written twice\?\)"),
    ('title = """\n\n', r":3: this is no TOML: "),
    ("x = " + "[" * 20_000 + "\n", r"mine\.toml is no TOML of a patch: brackets within brackets"),
    ("", r"mine\.toml is empty; write what makes the sound into it: see .*air\.toml"),
    ("# only a comment\n[tone]\n", r"mine\.toml is empty"),
    ("#" * 70_000, r"mine\.toml is longer than 65536 bytes, so it is no patch"),
]


@pytest.mark.parametrize(("text", "says"), WRONG, ids=[text[:30].replace("\n", "⏎") for text, _ in WRONG])
def test_what_is_wrong_is_named_by_file_line_and_key(tmp_path, text, says):
    path = tmp_path / "mine.toml"
    path.write_bytes(text.encode())
    with pytest.raises(PatchError, match=says if says.startswith("mine") else rf"/mine\.toml.*{says}"):
        read_patch(path)


def test_a_file_that_is_no_text_is_refused_with_its_line(tmp_path):
    (tmp_path / "x.toml").write_bytes(b"level_db = -9\n# na\xefve\n")
    with pytest.raises(PatchError, match=r"x\.toml:2: this is no UTF-8 text .*save the file as UTF-8"):
        read_patch(tmp_path / "x.toml")
    (tmp_path / "x.toml").write_text("level_db = -9\n", encoding="utf-16")
    with pytest.raises(PatchError, match=r"x\.toml:1: this is no UTF-8 text"):
        read_patch(tmp_path / "x.toml")


def test_a_file_from_another_system_is_read_with_its_mark_and_its_line_ends(tmp_path):
    (tmp_path / "x.toml").write_bytes(b"\xef\xbb\xbflevel_db = -9\r\n[tone]\r\npartials = [\r\n1,\r\n0.5]\r\n")
    assert read_patch(tmp_path / "x.toml").partials == (1.0, 0.5)


def test_what_is_no_plain_file_is_refused_and_not_waited_for(tmp_path):
    (tmp_path / "folder.toml").mkdir()
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "device.toml").symlink_to("/dev/zero")
    (tmp_path / "dangling.toml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "round.toml").symlink_to(tmp_path / "round.toml")
    for name, says in {
        "folder": r"\.toml is no plain file;",
        "pipe": r"\.toml is no plain file;",
        "device": r"\.toml is no plain file;",
        "dangling": r"cannot be read \(No such file",
        "round": r"cannot be read \(Too many levels",
        "missing": r"cannot be read \(No such file",
        "zero\0": "cannot be read",
    }.items():
        with pytest.raises(PatchError, match=says):
            read_patch(tmp_path / f"{name}.toml")


def test_a_link_to_a_patch_is_a_patch(tmp_path):
    (tmp_path / "mine.toml").write_text("level_db = -20.0\n")
    (tmp_path / "link.toml").symlink_to(tmp_path / "mine.toml")
    assert patch_named("link", tmp_path).level_db == -20.0


@settings(deadline=None)
@given(
    st.text(max_size=200)
    | st.from_regex(r"(\[(tone|room|envelope|filter|echo|chorus)\]\n)?([a-z_]{1,9} ?= ?[-0-9.\[\]\"x]{0,9}\n){0,4}")
)
def test_any_text_is_a_patch_or_a_patch_error(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    with contextlib.suppress(PatchError):
        assert read_patch(path).name == "any"


def test_the_first_folder_that_holds_a_patch_is_taken(tmp_path):
    first, second = tmp_path / "one", tmp_path / "two"
    second.mkdir()
    (second / "mine.toml").write_text("level_db = -20.0\n")
    assert folder_with("mine", (first, second)) == second
    assert folder_with("air", (first, second)) == first
    first.mkdir()
    (first / "mine.toml").write_text("level_db = -20.0\n")
    assert folder_with("mine", (first, second)) == first


def test_a_patch_that_no_folder_holds_is_refused_with_those_of_all_folders(tmp_path):
    (tmp_path / "mine.toml").write_text("level_db = -20.0\n")
    with pytest.raises(
        PatchError, match=r"no patch is called 'mime'; there are: air, .*, mine, .*; did you mean mine\?"
    ):
        folder_with("mime", (tmp_path / "none", tmp_path))


@pytest.mark.parametrize("name", ["../patches/air", "/etc/passwd", "", ".", "air.toml", "a\0b"])
def test_a_name_is_never_a_path(tmp_path, name):
    with pytest.raises(PatchError, match="no patch is called"):
        folder_with(name, (tmp_path,))
    with pytest.raises(PatchError, match="no patch is called"):
        patch_named(name, tmp_path)
