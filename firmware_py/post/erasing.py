"""Takes a player's sessions away for good: the recording, its place in the outbox, and the letter kept on this box.

Not here: the list of players (``archive.players``). What a mail server took cannot be called back.
"""

from pathlib import Path

from firmware_py.archive.library import delete_session, list_sessions
from firmware_py.archive.players import player_key
from firmware_py.archive.session_folder import SessionFolder
from firmware_py.config import Config
from firmware_py.errors import MailError, SessionFolderError
from firmware_py.post.mailer import open_outbox


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
