"""Watches what becomes of the letters, so that the box can say so. Not here: sending them (``post``)."""

import logging
import time
from collections.abc import Callable
from typing import Final

from firmware_py.config import Config
from firmware_py.errors import MailError
from firmware_py.post.mailer import open_outbox
from firmware_py.post.outbox import Outbox
from firmware_py.post.queued_letter import LetterId, LetterState
from firmware_py.sound.chimes import Chime

log: Final = logging.getLogger(__name__)
LOOK_S: Final = 2.0
LOOK_AGAIN_S: Final = 30.0  # once all that is still here was said to wait


class LetterWatch:
    """Tells once of each letter that it waits, and once that it was sent; clock gives monotonic seconds."""

    def __init__(self, config: Config, clock: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._clock = clock
        self._next = 0.0
        self._told: dict[LetterId, LetterState] | None = None  # None: what was delivered before we came is no news

    def look_now(self) -> None:
        """Look the next time, however soon: there is a new letter."""
        self._next = 0.0

    def news(self) -> Chime | None:
        """Return what there is to say, if it is time to look and there is anything."""
        now = self._clock()
        if now < self._next or not (self._config.state / "outbox" / Outbox.DATABASE).exists():
            return None
        self._next = now + LOOK_S
        try:
            with open_outbox(self._config) as outbox:
                letters = outbox.letters()
        except MailError as error:
            log.debug("%s", error)
            return None
        if self._told is None:
            self._told = {one.id: one.state for one in letters if one.state is LetterState.DELIVERED}
        said: Chime | None = None
        open_still = False
        for letter in letters:
            before = self._told.get(letter.id)
            if letter.state is LetterState.DELIVERED:
                said = Chime.MAIL_SENT if before is not LetterState.DELIVERED else said
            elif letter.state is not LetterState.SENDING and (letter.attempts or letter.server_wide):
                if before is None:
                    down = letter.state is LetterState.WAITING and letter.server_wide
                    said = said or (Chime.NO_NETWORK if down else Chime.MAIL_WAITING)
            else:  # not tried yet, or on its way
                open_still = True
                continue
            self._told[letter.id] = letter.state
        if not open_still:
            self._next = now + LOOK_AGAIN_S
        return said
