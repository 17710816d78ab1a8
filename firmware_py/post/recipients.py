"""Whom a session's letter goes to: an address given for the session, else the player's own, else the box's.

Not here: which addresses are good (``address``), reading one from a code (``contact_codes``), the copy to the owner.
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware_py.archive.players import Players
from firmware_py.archive.session_folder import SessionFolder
from firmware_py.config import Config
from firmware_py.errors import MailRefusedError, SessionFolderError
from firmware_py.post.address import checked

log: Final = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipient:
    """An address that a letter goes to; ``how`` is ``session``, ``player`` or ``box``."""

    address: str
    how: str


def recipient_of(config: Config, session: Path) -> Recipient:
    """Return whom the letter of a session goes to.

    An address that was written into a file by hand and is none is passed over with a word in the log: the letter goes
    to the next one rather than nowhere. Raises MailRefusedError where even the box's own is none.
    """
    address = player = ""
    try:
        record = SessionFolder(session).record()
        address, player = record.address, record.player
    except SessionFolderError as error:
        log.warning("%s; its letter goes to mail.recipient", error)
    for given, how in ((address, "session"), (Players(config.state).named(player).address, "player")):
        if given:
            try:
                return Recipient(checked(given), how)
            except MailRefusedError as error:
                log.warning("the address of this %s is passed over: %s", how, error)
    return Recipient(checked(config.mail.recipient), "box")


def copy_for(copy_to: str, recipient: str) -> str:
    """Return the address that a copy goes to, empty for none: nobody gets the same letter twice.

    A copy that cannot be sent keeps no letter from its player: what is wrong with its address is logged.
    """
    try:
        copy = checked(copy_to) if copy_to else ""
    except MailRefusedError as error:
        log.warning("mail.copy_to: %s", error)
        return ""
    if not copy.isascii():
        log.warning("mail.copy_to: %s is not in plain letters, which not every server takes; give another", copy)
        return ""
    return "" if copy.lower() == recipient.lower() else copy
