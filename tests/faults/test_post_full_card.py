"""A card without any room left: letters wait, nothing is lost, and all go once there is room."""

from pathlib import Path

import pytest

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.bench.finished_session import finished_record
from firmware_py.config import Config, PathSettings
from firmware_py.errors import MailError
from firmware_py.post.mailer import open_outbox, queue_session, send_due
from firmware_py.post.queued_letter import LetterState
from tests.faults.conftest import Card


@pytest.fixture
def small(card: Card) -> Path:
    """A card with room for two letters and little more."""
    return card("3m")


def a_session(state: Path, number: int) -> SessionFolder:
    folder = SessionFolder.create(state / "sessions", finished_record(number))
    folder.write_whole(SessionFolder.SCORE, b"%PDF-1.7\n" + bytes(300_000))
    return folder


def fill(small: Path) -> Path:
    ballast = small / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return ballast


def test_a_full_card_holds_letters_back_and_room_brings_them(small: Path) -> None:
    config = Config(paths=PathSettings(state=str(small)))
    first, second = a_session(small, 1), a_session(small, 2)
    queue_session(config, first.path)
    with open_outbox(config):
        ballast = fill(small)
    with pytest.raises(MailError, match="free some space or mount it writable"):
        queue_session(config, second.path)
    assert not list((small / "outbox").glob("damaged-*")), "a full card was taken for a damaged outbox"
    ballast.unlink()
    queue_session(config, second.path)
    sent = send_due(config)
    with open_outbox(config) as outbox:
        assert {letter.state for letter in outbox.letters()} == {LetterState.DELIVERED}
    assert len({delivery.message_id for delivery in sent}) == 2
    letters = list((small / "mail" / "new").iterdir())
    assert len(letters) == 2
    assert all(letter.stat().st_size > 400_000 for letter in letters)


def test_a_maildir_without_room_keeps_no_part_of_a_letter(small: Path) -> None:
    config = Config(paths=PathSettings(state=str(small)))
    queue_session(config, a_session(small, 1).path)
    ballast = fill(small)
    with ballast.open("r+b") as file:
        file.truncate(ballast.stat().st_size - 300_000)
    (after,) = send_due(config)
    assert after.state is LetterState.WAITING
    assert "No space left" in after.reason
    assert [*(small / "mail" / "tmp").iterdir(), *(small / "mail" / "new").iterdir()] == []
    ballast.unlink()
    (after,) = send_due(config, lambda: after.next_try + 1)
    assert after.delivered
