"""Patch files: the shipped ones, one's own, and every way to write one wrongly."""

import contextlib

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


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "[tone]\npartials = [1.0]\nshiny = 3\n",
            r"mine\.toml:3: tone\.shiny is not known; allowed are .*tone\.partials",
        ),
        ("[vibrato]\n\ndepth_cents = 400\n", r"mine\.toml:3: vibrato\.depth_cents is 400; allowed is 0 to 100 "),
        ("[envelope]\nattack_ms = '5'\n", r"mine\.toml:2: envelope\.attack_ms is '5'; allowed is 2 to 5000"),
        ("[envelope]\nsustain = true\n", r"envelope\.sustain is True; allowed is 0 to 1"),
        ("[envelope]\nsustain = nan\n", r"envelope\.sustain is nan; allowed is 0 to 1"),
        ("[tone]\npartials = []\n", r"tone\.partials is \[\]; a list of 1 to 32 numbers"),
        ("[tone]\npartials = [0, 0]\n", r"nothing would sound"),
        ("[tone]\npartials = [0.5, 7]\n", r"tone\.partials is 7; allowed is 0 to 1"),
        ("[tone]\n\nwave = 'sow'\n", r"mine\.toml:3: tone\.wave is 'sow'; allowed is partials, saw, square"),
        ("[tone]\nwave = [1]\n", r"tone\.wave is \[1\]; allowed is partials"),
        ("[tone]\nunison = 2.5\n", r"mine\.toml:2: tone\.unison is 2\.5; a whole number from 1 to 8"),
        ("[echo]\nfeedback = 1.0\n", r"mine\.toml:2: echo\.feedback is 1\.0; allowed is 0 to 0\.9"),
        ("title = 5\n", r"title is 5; a text is needed"),
        (
            "\n[tome]\nx = 1\n",
            r"mine\.toml:2: section \[tome\] is not known; allowed are breath, chorus, echo, envelope",
        ),
        ("[tone\n", r"mine\.toml is no TOML"),
        ("tone = 3\n", r"mine\.toml:1: tone is not known"),
    ],
)
def test_what_is_wrong_is_named_by_file_line_and_key(tmp_path, text, says):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(PatchError, match=says):
        read_patch(path)


def test_a_file_that_is_no_text_or_not_there_is_one_clear_error(tmp_path):
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PatchError, match="is no TOML"):
        read_patch(tmp_path / "x.toml")
    with pytest.raises(PatchError, match="cannot be read"):
        read_patch(tmp_path / "missing.toml")


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
    assert folder_with("mine", (first, second)) == first
    (second / "mine.toml").write_text("level_db = -20.0\n")
    assert folder_with("mine", (first, second)) == second
