"""A passage practised by the ghost through the whole chain: camera, sound, folder, marks for each time, notes."""

from pathlib import Path

import pytest

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.music.passage import Passage, passage
from firmware_py.music.songs_library import load_song
from tests.rigs.ghost_notes import LEAST_F1, f1_of
from tests.rigs.hand_dance import run

pytestmark = pytest.mark.slow
TWICE = ("--from", "3", "--to", "4", "--loop", "2", "--tempo-step", "25")


def test_a_passage_practised_twice_is_played_and_marked_each_time(state: Path) -> None:
    ghost = ("--camera", "ghost", "--audio", "offline", "--no-letter", "--json")
    found = run(state, "play", "--song", "frere-jacques", *TWICE, *ghost).json
    folder = SessionFolder(Path(found["session"]))
    assert folder.record().passage == Passage(3, 4, times=2, rise=0.25)
    assert found["passage"]["repetitions"] == pytest.approx([1.0, 1.0], abs=0.05)
    assert f1_of(folder, passage(load_song("frere-jacques"), folder.record().passage)) >= LEAST_F1
