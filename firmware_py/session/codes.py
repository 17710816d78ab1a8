"""What is done with the text of a QR code that was held up to the camera while nobody played.

Each kind of text (an address to send to, a wireless network) has one reader, in its own room's terms; the first that
understands the text acts on it. Not here: seeing codes (``sight.codes``).
"""

import logging
import re
from collections.abc import Callable, Sequence
from typing import Final

from firmware_py.errors import HandDanceError

log: Final = logging.getLogger(__name__)

Reader = Callable[[str], str | None]
"""Takes a code's text; returns what was done, in one sentence for people, or None where the text is not of its kind.

Raises HandDanceError for a text of its kind that cannot be followed.
"""


class Codes:
    """The readers that this box has, asked in their order.

    answered: hears whether a code that one of them understood could be followed, to let whoever holds it up know.
    """

    def __init__(self, readers: Sequence[Reader] = (), answered: Callable[[bool], None] | None = None) -> None:
        self._readers = list(readers)
        self._answered = answered or (lambda _followed: None)

    def add(self, reader: Reader) -> None:
        """Ask this reader too, after those before it."""
        self._readers.append(reader)

    def act_on(self, text: str) -> str | None:
        """Let the first reader that understands ``text`` act; returns its sentence, None where none does.

        The text itself is never logged: it may be a password.
        """
        for reader in self._readers:
            try:
                done = reader(text)
            except HandDanceError as error:
                log.warning("a code was held up, but: %s", error)
                self._answered(False)
                return str(error)
            if done is not None:
                log.info("a code was held up: %s", done)
                self._answered(True)
                return done
        log.info("a code was held up that nothing here understands: %s", described(text))
        return None


def described(text: str) -> str:
    """Say what a code is without saying what is in it: ``WIFI: and 24 characters``."""
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]{0,15}:", text)
    kind = scheme.group() + " and " if scheme else ""
    return f"{kind}{len(text) - (scheme.end() if scheme else 0)} characters"
