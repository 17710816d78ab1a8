"""The receipt: what the outbox last knew of a session's letter, kept beside the session itself.

A lost or damaged outbox is filled again from these, so that nobody gets a letter twice and none is forgotten. Not
here: the outbox (``outbox``, ``outbox_file``).
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.errors import MailRefusedError, SessionFolderError
from firmware_py.post.address import checked
from firmware_py.post.queued_letter import LetterState, QueuedLetter

NAME: Final = ".letter.json"


@dataclass(frozen=True)
class Receipt:
    """What is known of one letter: queued in seconds since 1970, state as the outbox says it, where it went."""

    recipient: str
    message_id: str
    queued: float
    state: LetterState
    where: str

    @classmethod
    def of(cls, letter: QueuedLetter) -> Self:
        """Return the receipt of a letter. One on its way, or waiting, is due as far as a new outbox is concerned."""
        final = letter.state in (LetterState.DELIVERED, LetterState.CANCELLED)
        state = letter.state if final else LetterState.DUE
        return cls(letter.recipient, letter.message_id, letter.queued, state, letter.where)

    def write(self, session: Path) -> None:
        """Keep it in the session folder; a folder that is gone or cannot be written goes without."""
        with suppress(OSError, SessionFolderError):
            if session.is_dir():
                SessionFolder(session).write_whole(NAME, json.dumps(asdict(self)).encode())


def receipts(sessions: Path) -> Iterator[tuple[Path, Receipt]]:
    """Yield each session folder that has a receipt, oldest letter first; one that makes no sense is passed over."""
    found = []
    for path in sessions.glob(f"*/{NAME}"):
        with suppress(OSError, ValueError, TypeError, KeyError, MailRefusedError):
            known = json.loads(path.read_bytes())
            receipt = Receipt(
                recipient=checked(known["recipient"]),
                message_id=str(known["message_id"]),
                queued=float(known["queued"]),
                state=LetterState(known["state"]),
                where=str(known["where"]),
            )
            found.append((path.parent, receipt))
    yield from sorted(found, key=lambda each: (each[1].queued, each[0]))


def message_id_of(folder: Path, domain: str) -> str:
    """The same session gives the same Message-ID, even to an outbox that was lost and filled again."""
    mark = folder.name
    with suppress(SessionFolderError):
        record = SessionFolder(folder).record()
        mark += f" {record.started_utc} {record.t0_ns}"
    return f"<{hashlib.sha256(mark.encode()).hexdigest()[:32]}@{domain}>"
