"""Recordings leave the box some days after their letter has: privacy by default.

Only what is heard goes (``sound.wav``, ``mic.wav``); the score, the marks and what makes them stay. Never of a session
whose letter is still here: in the outbox, or delivered into this box's own mail folder. Not here: erasing a player.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.config import Config
from firmware_py.errors import MailError
from firmware_py.post.mailer import open_outbox
from firmware_py.post.outbox import Outbox
from firmware_py.post.queued_letter import LetterState, QueuedLetter

log: Final = logging.getLogger(__name__)
DAY_S: Final = 86_400.0
MARK: Final = ".delivered"  # holds when the delivery was first seen, in seconds since 1970
RECORDINGS: Final = (SessionFolder.SOUND, SessionFolder.MICROPHONE)


def delete_delivered(config: Config, clock: Callable[[], float] = time.time) -> list[Path]:
    """Delete the recordings whose letter left the box ``paths.keep_days`` ago; return their sessions' folders.

    The days are counted from when this first saw the letter delivered. A clock that was set back begins them anew.
    What cannot be read or deleted is logged and tried again the next time.
    """
    days = config.paths.keep_days
    if not days or not (config.state / "outbox" / Outbox.DATABASE).exists():
        return []
    try:
        with open_outbox(config, clock) as outbox:
            letters = outbox.letters()
    except MailError as error:
        log.warning("no recording is deleted: %s", error)
        return []
    gone = []
    for letter in letters:
        if _has_left(letter, config.state) and any((letter.session / name).exists() for name in RECORDINGS):
            try:
                if clock() - _seen(letter.session, clock()) >= days * DAY_S:
                    _delete(letter.session)
                    gone.append(letter.session)
            except OSError as error:
                log.warning("the recording in %s cannot be deleted (%s)", letter.session, error.strerror)
    return gone


def _has_left(letter: QueuedLetter, state: Path) -> bool:
    """Whether somebody else has it now: a mail server, or a folder outside of this box's own."""
    if letter.state is not LetterState.DELIVERED:
        return False
    return not letter.where.startswith("/") or not Path(letter.where).is_relative_to(state)


def _seen(session: Path, now: float) -> float:
    """Return when the delivery was first seen, which is now where it was not; never in the future."""
    mark = session / MARK
    with suppress(OSError, ValueError):
        if (seen := float(mark.read_text())) <= now:
            return seen
    mark.write_text(f"{now:.0f}\n")
    return now


def _delete(session: Path) -> None:
    for name in RECORDINGS:
        (session / name).unlink(missing_ok=True)
    log.info("the recording of %s was delivered long enough ago and is deleted", session.name)
