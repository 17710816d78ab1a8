"""What the outbox knows of one letter: its number, its state and why it is in it.

Not here: the letter as it is sent (``letter``), or how it is kept (``outbox``).
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, NewType

LetterId = NewType("LetterId", int)


class LetterState(StrEnum):
    """``due → sending → delivered | waiting | needs-a-person | cancelled``; the last three can be made due again."""

    DUE = "due"
    SENDING = "sending"
    DELIVERED = "delivered"
    WAITING = "waiting"
    NEEDS_A_PERSON = "needs-a-person"
    CANCELLED = "cancelled"


AT_REST: Final = (LetterState.DELIVERED, LetterState.CANCELLED)


@dataclass(frozen=True)
class QueuedLetter:
    """One letter as the outbox knows it.

    queued and next_try are seconds since 1970; next_try counts only while waiting. reason is empty or one sentence.
    server_wide: the reason lies with the server, not with this letter. where is the delivered letter's place (a path,
    or the server's answer), delivered_at when that was, 0 before.
    """

    id: LetterId
    session: Path
    recipient: str
    message_id: str
    queued: float
    state: LetterState
    reason: str
    next_try: float
    attempts: int
    server_wide: bool
    where: str
    delivered_at: float = 0.0
