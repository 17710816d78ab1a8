"""``hand-dance songs``: import, check, show, remove."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from firmware_py.cli import main
from firmware_py.music.song_midi import song_midi
from firmware_py.music.songs_library import load_song
from tests.unit.music.foreign_files import ODD_SONGS


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("HAND_DANCE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HAND_DANCE_PATHS_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def tune(tmp_path: Path) -> str:
    path = tmp_path / "My Tune.mid"
    path.write_bytes(song_midi(load_song("greensleeves")))
    return str(path)


def _told(capsys: pytest.CaptureFixture, *arguments: str) -> dict:
    assert main(["songs", *arguments, "--json"]) == 0
    found: dict = json.loads(capsys.readouterr().out)
    return found


def test_an_imported_song_is_listed_shown_and_removed(tune, capsys):
    assert main(["songs", "import", tune, "--name", "mine"]) == 0
    assert "hand-dance play --song mine" in capsys.readouterr().out
    rows = _told(capsys, "list")
    assert [row["name"] for row in rows if row["imported"]] == ["mine"]
    assert main(["songs"]) == 0
    assert "Greensleeves (unknown)  imported" in capsys.readouterr().out
    assert main(["songs", "show", "mine"]) == 0
    bars = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["1", "C5", "D5:1/2", "E5:3/4", "F#5:1/4", "E5:1/2"] in bars
    assert _told(capsys, "remove", "mine") == {"removed": "mine"}
    assert not any(row["imported"] for row in _told(capsys))


def test_check_says_what_is_understood_and_keeps_nothing(tune, capsys, state):
    found = _told(capsys, "check", tune)
    assert (found["title"], found["metre"], found["key"]) == ("Greensleeves", "6/8", "A minor")
    assert found["melody_track"] == 1
    assert [bar["number"] for bar in found["lines"]][:2] == [0, 1]
    assert any("Melody" in track for track in found["tracks"])
    assert main(["songs", "check", tune, "--track", "3"]) == 0
    assert "→ track 3" in capsys.readouterr().out
    assert not (state / "songs").exists()


def test_check_shows_a_change_of_metre_at_its_bar(tmp_path, capsys):
    path = tmp_path / "a.mid"
    path.write_bytes(song_midi(ODD_SONGS["changes of metre"]))
    assert main(["songs", "check", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[-4:]] == [["1", "4/4"], ["2", "3/4"], ["3", "E4:3"], ["4", "7/8"]]


def test_a_recording_is_imported_with_its_sound(tmp_path, capsys, state):
    path = tmp_path / "waltz.wav"
    soundfile.write(path, np.zeros(8000), 8000)
    found = _told(capsys, "import", str(path))
    assert (found["name"], found["notes"], found["parts"], found["lines"]) == ("waltz", 0, ["Recording"], [])
    assert len(list((state / "songs").glob("waltz.*"))) == 2


def test_a_song_file_of_ones_own_is_imported_too(tmp_path, capsys):
    from firmware_py.music.song_file import format_song

    path = tmp_path / "own-song.toml"
    path.write_text(format_song(load_song("twinkle")), encoding="utf-8")
    assert _told(capsys, "import", str(path))["name"] == "own-song"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("import",), "songs import needs the file"),
        (("remove",), "songs remove needs the name"),
        (("remove", "twinkle"), "twinkle is no imported song"),
        (("list", "--track", "1"), "--track belongs to songs import"),
        (("show", "twinkle", "--replace"), "--replace belongs to songs import"),
        (("check", "nothing.mid"), "nothing.mid cannot be read"),
        (("import", "/dev/null"), "/dev/null is empty"),
        (("check", "twinkle", "--name", "x"), "are for files of other programs"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(arguments, says, capsys):
    assert main(["songs", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("hand-dance: ")
    assert error.count("\n") == 1
    assert says in error


def test_importing_twice_wants_to_be_told_so(tune, capsys):
    assert main(["songs", "import", tune]) == 2  # greensleeves ships
    assert "comes with Hand Dance" in capsys.readouterr().err
    assert main(["songs", "import", tune, "--name", "mine"]) == 0
    assert main(["songs", "import", tune, "--name", "mine"]) == 2
    assert main(["songs", "import", tune, "--name", "mine", "--replace"]) == 0


def test_a_damaged_imported_song_is_passed_over_in_the_list(capsys, state):
    (state / "songs").mkdir(parents=True)
    (state / "songs" / "broken.toml").write_text("title =")
    assert main(["songs"]) == 0
    told = capsys.readouterr()
    assert "twinkle" in told.out
    assert "a song is passed over" in told.err
