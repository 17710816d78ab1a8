"""hand-dance players: what is printed, kept, refused and erased."""

import json
import shutil

import pytest

from firmware_py.archive.players import Players
from firmware_py.archive.session_folder import SessionFolder
from firmware_py.bench.finished_session import finished_record
from firmware_py.cli import main
from firmware_py.config import Config, PathSettings
from firmware_py.post.mailer import open_outbox, queue_session, send_due


@pytest.fixture
def players(tmp_path, capsys):
    def run(*words):
        code = main(["players", *words, "--state", str(tmp_path)])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def _session(state, name, player):
    folder = SessionFolder(state / "sessions" / name)
    folder.path.mkdir(parents=True)
    folder.write_record(finished_record(player=player))
    return folder.path


def test_a_player_is_added_changed_listed_and_removed(players):
    assert players()[:2] == (0, "no players\n")
    assert players("add", "Ana", "--address", "ana@Example.org", "--language", "es", "--hand", "left")[0] == 0
    assert players("set", "ana", "--hand", "any")[1] == "Ana  ana@example.org  es  no reach yet\n"
    told = json.loads(players("list", "--json")[1])
    assert told == [{"name": "Ana", "address": "ana@example.org", "language": "es", "hand": "", "reach": None}]
    assert players("remove", "ANA")[0] == 0
    assert players()[1] == "no players\n"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("add", "Bo", "--address", "bo at home"), 2, "is not one mail address"),
        (("add", "Bo", "--address", "bo@x.org\r\nBcc: all@x.org"), 2, "it holds a line break"),
        (("set", "Bo"), 2, "'Bo' is not known: use hand-dance players add"),
        (("add", "Ana"), 2, "'Ana' is known already: use hand-dance players set"),
        (("remove", "Bo"), 2, "known are 'Ana'"),
        (("add",), 2, "players add needs a name"),
        (("erase", "Ana"), 2, "say so with --yes"),
    ],
)
def test_what_cannot_be_done_is_refused_when_it_is_asked_for(players, tmp_path, words, code, says):
    players("add", "Ana")
    found = players(*words)
    assert found[0] == code
    assert says in found[2]
    assert [player.name for player in Players(tmp_path).all()] == ["Ana"]


def test_erasing_a_player_leaves_no_recording_no_letter_and_no_name(players, tmp_path):
    config = Config(paths=PathSettings(state=str(tmp_path)))
    players("add", "Ana")
    hers, sent, others = (_session(tmp_path, name, who) for name, who in (("a", "ANA"), ("b", "Ana"), ("c", "Bo")))
    queue_session(config, sent)
    (delivery,) = send_due(config)
    queue_session(config, hers)
    queue_session(config, others)
    code, out, _ = players("erase", "Ana", "--yes")
    assert (code, out.count("deleted")) == (0, 2)
    assert not hers.exists()
    assert not sent.exists()
    assert others.exists()
    assert not (tmp_path / delivery.where).exists()
    with open_outbox(config) as outbox:
        assert [letter.session.name for letter in outbox.letters()] == ["c"]
    assert Players(tmp_path).all() == ()


def test_erasing_finishes_what_a_power_cut_left(players, tmp_path):
    config = Config(paths=PathSettings(state=str(tmp_path)))
    path = _session(tmp_path, "a", "Ana")
    with open_outbox(config) as outbox:
        outbox.queue(path, "a@example.org")
        assert outbox.forget(path) is not None
        assert outbox.forget(path) is None
    assert players("erase", "Ana", "--yes")[0] == 0
    assert not path.exists()
    shutil.rmtree(tmp_path / "outbox")
