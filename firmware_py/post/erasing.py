"""Takes sessions away for good: the recording, its place in the outbox, and for a player the letter kept on this box.

Not here: the list of players (``archive.players``). What a mail server took cannot be called back.
"""

from pathlib import Path

from firmware_py.archive.library import delete_session, list_sessions
from firmware_py.archive.players import player_key
from firmware_py.archive.session_folder import SessionFolder
from firmware_py.config import Config
from firmware_py.errors import MailError, SessionFolderError
from firmware_py.post.mailer import open_outbox
from firmware_py.post.outbox import Outbox
from firmware_py.post.queued_letter import AT_REST, QueuedLetter


def sessions_of(state: Path, player: str) -> list[SessionFolder]:
    """Return a player's sessions, oldest first; one whose record cannot be read is nobody's."""
    found = []
    for folder in list_sessions(state):
        try:
            record = folder.record()
        except SessionFolderError:
            continue
        if player_key(record.player) == player_key(player):
            found.append(folder)
    return found


def call_off(config: Config, folder: SessionFolder) -> QueuedLetter | None:
    """Cancel the letter of a session that is about to be deleted, and return it; None where none was still to go.

    Raises MailError where it is on its way just now.
    """
    if not (config.state / "outbox" / Outbox.DATABASE).exists():
        return None
    with open_outbox(config) as outbox:
        letter = outbox.of(folder.path)
        return outbox.cancel(letter.id) if letter and letter.state not in AT_REST else None


def erase_session(config: Config, folder: SessionFolder) -> None:
    """Delete one session, its letter in the outbox, and the one that lies in a maildir of this box.

    The letter goes first: after a power cut between the two the recording is still found and erased again. Raises
    MailError or SessionFolderError where something cannot be deleted.
    """
    with open_outbox(config) as outbox:
        letter = outbox.forget(folder.path)
    if letter and letter.where.startswith("/"):
        try:
            Path(letter.where).unlink(missing_ok=True)
        except OSError as error:
            raise MailError(f"{letter.where} cannot be deleted ({error.strerror}); delete it by hand") from error
    delete_session(folder)
