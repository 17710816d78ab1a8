"""A card that fills up in mid-session: the session ends in order, says why, and everything that follows is made."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.lanes import BLOCK_FRAMES
from tests.faults.conftest import Card
from tests.rigs.hand_dance import run
from tests.unit.sound.test_recorder import block
from tests.unit.sound.test_tracks import LiveStudio

pytestmark = pytest.mark.slow


@pytest.fixture
def filling_card(card: Card) -> Path:
    """A card with room for a minute of sound and a few seconds."""
    return card("12500k", with_models=True)


def test_both_recordings_stop_whole_on_a_card_that_is_full(filling_card: Path) -> None:
    (filling_card / "one").mkdir()
    studio = LiveStudio(filling_card / "one", room=lambda _: 1 << 40)  # nobody sees it coming
    for n in range(0, 6_000_000, BLOCK_FRAMES):
        studio.play(block(n))
        studio.hear(n, n + 128)
        studio.now += 0.1
        studio.recorder.step()
        if studio.recorder.failure:
            break
    studio.recorder.finish()
    assert "is full" in studio.recorder.failure
    sound, room = studio.sound(), studio.room()
    assert len(sound) > 1_500_000
    assert abs(len(sound) - len(room)) <= 48_000
    assert np.array_equal(sound, np.arange(len(sound)) % 30_000 + 1)
    assert np.array_equal(-room, np.arange(len(room)) % 30_000 + 1)


def test_a_card_that_fills_up_ends_the_session_in_order_with_its_reason_page_and_letter(filling_card: Path) -> None:
    done = run(filling_card, "play", "--camera", "ghost:plain=1", "--audio", "paced", "--seconds", "60", "--json")
    assert done.code == 1, "a session that a full card ended was not what was asked for"
    assert "has room for" in done.err
    found = json.loads(done.out)
    folder = SessionFolder(Path(found["session"]))
    record = folder.record()
    assert "has room for" in record.end
    assert "60 s are needed" in record.end
    assert "free some space" in record.end
    assert 1 < record.seconds < 20
    sound, rate = soundfile.read(folder.file(SessionFolder.SOUND), dtype="int16")
    assert len(sound) == round(record.seconds * rate)
    assert np.abs(sound[-rate:]).max() > 100, "the last second was not recorded"
    assert np.abs(sound[-10:]).max() < 30, "the end has no fade"
    assert folder.file(SessionFolder.SCORE).read_bytes().startswith(b"%PDF")
    assert folder.file(SessionFolder.REPORT).exists()
    assert Path(found["letter"]).stat().st_size > folder.file(SessionFolder.SOUND).stat().st_size
    again = run(filling_card, "play", "--camera", "ghost:plain=1", "--audio", "offline", "--seconds", "5")
    assert again.code == 1
    assert "room" in again.err
    assert soundfile.info(folder.file(SessionFolder.SOUND)).frames == len(sound)
