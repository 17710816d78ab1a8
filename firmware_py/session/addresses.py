"""Addresses held up to the camera as codes: one before playing is the next session's, one soon after it the last one's.

A reader of ``session.codes``. Not here: reading an address out of a code (``post.contact_codes``), and who gets the
letter where none was held up (``post.recipients``).
"""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.config import Config
from firmware_py.errors import HandDanceError, MailRefusedError
from firmware_py.post.contact_codes import contact_in
from firmware_py.post.mailer import queue_session

log: Final = logging.getLogger(__name__)
HELD_FOR_S: Final = 180.0
"""An address is kept so long for whoever plays next; later it may be another visitor who does."""


class Addresses:
    """What was held up, and the session whose letter may still be given another address.

    clock: seconds that only go forward.
    """

    def __init__(self, config: Config, clock: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._clock = clock
        self._held = ""
        self._held_until = 0.0
        self._last: SessionFolder | None = None
        self._last_address = ""  # that a code gave it
        self._last_until = 0.0

    def read(self, text: str) -> str | None:
        """Take a code's text; return in one sentence where a letter goes now, None where it holds no address.

        Raises MailRefusedError for an address that no letter can go to, or where this box sends none; MailError where
        the letter cannot be given another one.
        """
        contact = contact_in(text)
        if contact is None:
            return None
        if self._config.mail.transport == "off":
            raise MailRefusedError("this box sends no letters; set mail.transport, then hold the code up again")
        last = self._last if self._clock() < self._last_until else None
        if last and contact.address == self._last_address:
            return f"the letter of {last.path.name} goes to {contact.address} already"
        if last and not self._last_address:
            queue_session(self._config, last.path, contact.address)  # its letter has not left, for it waited
            last.update(address=contact.address)
            self._last_address = contact.address
            return f"the letter of {last.path.name} goes to {contact.address}"
        # Whoever played last has an address: another one is somebody else's, who waits for their turn.
        self._held, self._held_until = contact.address, self._clock() + HELD_FOR_S
        return f"the letter of the next session goes to {contact.address}"

    def for_session(self, config: Config) -> Config:
        """Return the configuration of a session that begins now, with the address that was held up for it."""
        self._let_go()
        if self._clock() >= self._held_until:
            self._held = ""
        return replace(config, play=replace(config.play, address=self._held)) if self._held else config

    def wait_s(self, *, looking: bool) -> float:
        """Return how long the letter of the session that begins waits for an address.

        looking: whether the camera looks for codes while nobody plays; where it does not, no letter waits.
        """
        return self._config.mail.code_seconds if looking and not self._held else 0.0

    def played(self, folder: SessionFolder) -> None:
        """Hear of a session that was played and whose letter was queued: it is the last one from here on."""
        self._last, self._last_address, self._held = folder, self._held, ""
        self._last_until = self._clock() + self._config.mail.code_seconds

    def tend(self) -> None:
        """Let a letter go that waited long enough; to be called every now and then while nobody plays."""
        if self._last and self._clock() >= self._last_until:
            self._let_go()

    def _let_go(self) -> None:
        """End the wait of the last session's letter: nobody can hold up an address for it any more."""
        last, self._last = self._last, None
        if last is None or self._last_address or self._config.mail.transport == "off":
            return
        try:
            if last.path.is_dir():
                queue_session(self._config, last.path)
        except HandDanceError as error:
            log.warning("the letter of %s goes when the mailer comes by: %s", last.path.name, error)
