"""Every shipped song played by the ghost through the whole chain, at its own tempo: note by note as it is written.

Run by ``make ghost-test``: about five minutes.
"""

from pathlib import Path

import pytest

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.music.songs_library import known_songs, load_song
from tests.rigs.ghost_notes import LEAST_F1, f1_of
from tests.rigs.hand_dance import run

pytestmark = pytest.mark.slow
GHOST = ("--camera", "ghost", "--audio", "offline", "--no-letter", "--json")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", known_songs())
def test_every_note_is_heard_where_it_is_written(state: Path, name: str) -> None:
    found = run(state, "play", "--song", name, *GHOST, within_s=280).json
    f1 = f1_of(SessionFolder(Path(found["session"])), load_song(name))
    print(f"{name}: F1 {f1:.3f}")
    assert f1 >= LEAST_F1
