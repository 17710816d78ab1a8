"""How the post is: for the light, the page and ``doctor``. Reads the outbox and changes nothing.

Not here: what a light makes of it.
"""

from dataclasses import dataclass

from firmware_py.config import Config
from firmware_py.post.outbox import Outbox
from firmware_py.post.queued_letter import LetterState


@dataclass(frozen=True)
class Condition:
    """Counts of letters; reason is why a person is needed, or else why the oldest letter waits; empty where all went.

    next_try is the earliest, in seconds since 1970; 0 where nothing waits.
    """

    due: int
    waiting: int
    needs_a_person: int
    delivered: int
    trouble: str
    reason: str
    next_try: float

    @property
    def well(self) -> bool:
        """Whether nobody has to do anything."""
        return not self.needs_a_person and not self.trouble


def condition(config: Config) -> Condition:
    """Look at the outbox. Raises MailError where it cannot be read."""
    if not (config.state / "outbox" / Outbox.DATABASE).exists():
        return Condition(0, 0, 0, 0, "", "", 0.0)
    with Outbox(config.state) as outbox:
        letters, trouble = outbox.letters(), outbox.memory.get("bounces: trouble", "")
    by_state = {state: [letter for letter in letters if letter.state is state] for state in LetterState}
    stuck, waiting = by_state[LetterState.NEEDS_A_PERSON], by_state[LetterState.WAITING]
    return Condition(
        due=len(by_state[LetterState.DUE]) + len(by_state[LetterState.SENDING]),
        waiting=len(waiting),
        needs_a_person=len(stuck),
        delivered=len(by_state[LetterState.DELIVERED]),
        trouble=trouble,
        reason=stuck[0].reason if stuck else trouble or (waiting[0].reason if waiting else ""),
        next_try=min((letter.next_try for letter in waiting), default=0.0),
    )
