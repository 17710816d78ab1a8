"""Wishes between a user without rights and root: each told once, and nothing else in the folder does harm."""

import os
from pathlib import Path

import pytest

from firmware_py.box.wishes import MOST_BYTES, Wish, ask, taken
from firmware_py.errors import WishError


def test_a_wish_is_taken_once_with_its_text(tmp_path: Path) -> None:
    ask(Wish.JOIN_NETWORK, "WIFI:S:häuschen;;", tmp_path)
    ask(Wish.POWER_OFF, folder=tmp_path)
    assert taken(tmp_path) == [(Wish.POWER_OFF, ""), (Wish.JOIN_NETWORK, "WIFI:S:häuschen;;")]
    assert taken(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_wish_can_be_read_by_nobody_else(tmp_path: Path) -> None:
    ask(Wish.JOIN_NETWORK, "secret", tmp_path)
    assert Wish.JOIN_NETWORK.file(tmp_path).stat().st_mode & 0o777 == 0o640


def test_a_wish_that_is_still_open_is_replaced(tmp_path: Path) -> None:
    ask(Wish.JOIN_NETWORK, "first", tmp_path)
    ask(Wish.JOIN_NETWORK, "second", tmp_path)
    assert taken(tmp_path) == [(Wish.JOIN_NETWORK, "second")]


def test_where_nobody_grants_wishes_the_asker_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WishError, match=r"nobody here can power off .*sudo make install"):
        ask(Wish.POWER_OFF, folder=tmp_path / "none")


def test_a_wish_that_is_too_long_is_refused_before_it_is_made(tmp_path: Path) -> None:
    with pytest.raises(WishError, match=f"allowed are {MOST_BYTES}"):
        ask(Wish.JOIN_NETWORK, "x" * (MOST_BYTES + 1), tmp_path)


def test_links_pipes_folders_and_floods_are_removed_and_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "wishes"
    folder.mkdir()
    secret = tmp_path / "secret"
    secret.write_text("WIFI:S:stolen;;")
    Wish.JOIN_NETWORK.file(folder).symlink_to(secret)
    os.mkfifo(Wish.POWER_OFF.file(folder))
    Wish.RESET_NETWORK.file(folder).write_bytes(b"x" * (MOST_BYTES + 1))
    (folder / "format-the-card.wish").mkdir()
    assert taken(folder) == []
    assert list(folder.iterdir()) == []
    assert secret.read_text() == "WIFI:S:stolen;;"


def test_a_wish_that_is_no_text_is_none(tmp_path: Path) -> None:
    Wish.JOIN_NETWORK.file(tmp_path).write_bytes(b"\xff\xfe")
    assert taken(tmp_path) == []
