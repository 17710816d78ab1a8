"""A card without any room left: letters wait, nothing is lost, and all go once there is room."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_py.archive.session_folder import SessionFolder, SessionRecord
from firmware_py.config import Config, PathSettings
from firmware_py.errors import MailError
from firmware_py.music.mapping import Mapping
from firmware_py.post.mailer import open_outbox, queue_session, send_due
from firmware_py.post.queued_letter import LetterState


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for two letters and little more."""
    place = tmp_path / "card"
    place.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", place]).returncode:
        pytest.skip("needs root and mount, for a file system of its own")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def a_session(state: Path, number: int) -> SessionFolder:
    record = SessionRecord(
        started_utc=f"2026-11-21T10:15:{number:02d}Z",
        song="ode-to-joy",
        patch="air",
        player="Ana",
        camera="ghost",
        audio="offline",
        mapping=Mapping(),
        t0_ns=number,
        rate_hz=48_000,
        song_start_s=2.0,
        delay_s=0.06,
        tempo_bpm=100.0,
        end="stop",
    )
    folder = SessionFolder.create(state / "sessions", record)
    folder.write_whole(SessionFolder.SCORE, b"%PDF-1.7\n" + bytes(300_000))
    return folder


def fill(card: Path) -> Path:
    ballast = card / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return ballast


def test_a_full_card_holds_letters_back_and_room_brings_them(card: Path) -> None:
    config = Config(paths=PathSettings(state=str(card)))
    first, second = a_session(card, 1), a_session(card, 2)
    queue_session(config, first.path)
    with open_outbox(config):
        ballast = fill(card)
    with pytest.raises(MailError, match="free some space or mount it writable"):
        queue_session(config, second.path)
    assert not list((card / "outbox").glob("damaged-*")), "a full card was taken for a damaged outbox"
    ballast.unlink()
    queue_session(config, second.path)
    sent = send_due(config)
    with open_outbox(config) as outbox:
        assert {letter.state for letter in outbox.letters()} == {LetterState.DELIVERED}
    assert len({delivery.message_id for delivery in sent}) == 2
    letters = list((card / "mail" / "new").iterdir())
    assert len(letters) == 2
    assert all(letter.stat().st_size > 400_000 for letter in letters)


def test_a_maildir_without_room_keeps_no_part_of_a_letter(card: Path) -> None:
    config = Config(paths=PathSettings(state=str(card)))
    queue_session(config, a_session(card, 1).path)
    ballast = fill(card)
    with ballast.open("r+b") as file:
        file.truncate(ballast.stat().st_size - 300_000)
    (after,) = send_due(config)
    assert after.state is LetterState.WAITING
    assert "No space left" in after.reason
    assert [*(card / "mail" / "tmp").iterdir(), *(card / "mail" / "new").iterdir()] == []
    ballast.unlink()
    (after,) = send_due(config, lambda: after.next_try + 1)
    assert after.delivered
