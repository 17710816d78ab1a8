"""The players that a box knows: kept whole, found by any spelling of case, never lost to another program or version."""

import json
import os
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_py.archive.players import Player, Players
from firmware_py.errors import SessionFolderError
from firmware_py.music.reach import Reach

REACH = Reach(0.03, 0.12)


def test_nobody_is_known_at_first_and_asking_writes_nothing(tmp_path):
    players = Players(tmp_path / "state")
    assert players.named("Ana") == Player("Ana")
    assert (players.all(), players.note) == ((), "")
    assert not (tmp_path / "state").exists()


def test_a_reach_and_a_hand_are_kept_each_on_its_own(tmp_path):
    Players(tmp_path).keep("Ana", reach=REACH)
    Players(tmp_path).keep("Ana", hand="left")
    Players(tmp_path).keep("Bo", reach=Reach(0.01, 0.5), hand="right")
    assert Players(tmp_path).all() == (Player("Ana", "left", REACH), Player("Bo", "right", Reach(0.01, 0.5)))


@pytest.mark.parametrize(
    ("kept", "asked"), [("Ana", " ana "), ("JOSÉ", "jose\u0301"), ("Anna  Lena", "anna lena"), ("", "  ")]
)
def test_a_name_is_the_same_in_any_spelling(tmp_path, kept, asked):
    Players(tmp_path).keep(kept, reach=REACH)
    assert Players(tmp_path).named(asked).reach == REACH
    Players(tmp_path).keep(asked, hand="left")
    assert len(Players(tmp_path).all()) == 1


@settings(max_examples=25)  # each name is brought to the disk
@given(names=st.lists(st.text(max_size=20), max_size=6))
def test_any_name_can_be_kept_and_found_again(tmp_path_factory, names):
    state = tmp_path_factory.mktemp("players")
    for name in names:
        if name.isprintable():
            Players(state).keep(name, reach=REACH)
            players = Players(state)
            assert players.named(name).reach == REACH
            assert players.note == ""


def test_what_another_version_keeps_of_a_player_stays(tmp_path):
    path = tmp_path / "players.json"
    path.write_text(json.dumps({"schema": 1, "players": {"Ana": {"hand": "left", "mail": "ana@example.org"}}}))
    Players(tmp_path).keep("ana", reach=REACH)
    kept = json.loads(path.read_text())["players"]["Ana"]
    assert kept == {"mail": "ana@example.org", "hand": "left", "reach": vars(REACH)}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"schema": 2, "players": {}}',
        b'{"schema": 1, "players": {"Ana": 3}}',
        b'{"schema": 1, "players": {"Ana": {"hand": "third"}}}',
        b'{"schema": 1, "players": {"Ana": {"reach": {"area_far": 0.2, "area_near": 0.1}}}}',
        b'{"schema": 1, "players": {"Ana": {"reach": {"area_far": NaN, "area_near": 0.1}}}}',
        b"[" * 100_000,
    ],
)
def test_a_file_that_is_no_list_of_players_is_set_aside_with_a_note_and_a_new_one_begun(tmp_path, content):
    (tmp_path / "players.json").write_bytes(content)
    players = Players(tmp_path)
    assert players.named("Ana") == Player("Ana")
    (aside,) = tmp_path.glob("players.json.broken-*")
    assert aside.read_bytes() == content
    assert str(aside) in players.note
    Players(tmp_path).keep("Ana", reach=REACH)
    again = Players(tmp_path)
    assert (again.named("Ana").reach, again.note) == (REACH, "")


def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    Players(tmp_path).keep("Ana", reach=REACH)
    before = (tmp_path / "players.json").read_bytes()

    def no_room(_file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(SessionFolderError, match="No space left on device"):
        Players(tmp_path).keep("Bo", reach=REACH)
    assert (tmp_path / "players.json").read_bytes() == before
    assert not list(tmp_path.glob("*.part"))


def test_a_state_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "state").write_text("a file")
    with pytest.raises(SessionFolderError, match=r"players\.json cannot be written"):
        Players(tmp_path / "state").keep("Ana", reach=REACH)


def test_two_that_keep_at_once_lose_nobody(tmp_path):
    def keep(who):
        for n in range(10):
            Players(tmp_path).keep(f"{who} {n}", reach=REACH)

    threads = [threading.Thread(target=keep, args=(who,)) for who in ("Ana", "Bo", "Cy")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Players(tmp_path).all()) == 30
