"""Bounces: letters that a server took and another one sent back, understood and put down where they belong.

RFC 3464 reports, and the plainer ones of exim and qmail; matched by Message-ID alone, so a forged one can at worst
mark a letter. Not here: where they lie (``bounce_box``).
"""

import email
import email.policy
import logging
import re
from dataclasses import dataclass
from email.message import Message
from typing import Final

from firmware_py.config import MailSettings
from firmware_py.errors import MailError
from firmware_py.post.address import one_line
from firmware_py.post.bounce_box import new_messages
from firmware_py.post.outbox import Outbox
from firmware_py.post.queued_letter import LetterState, QueuedLetter

log: Final = logging.getLogger(__name__)

RECENT_S: Final = 14 * 86_400.0
_MESSAGE_ID: Final = re.compile(r"<[^<>\s@]{1,200}@[^<>\s@]{1,200}>")


@dataclass(frozen=True)
class Bounce:
    """What one report says: marks are the Message-IDs and envelope names in it, reason is one line."""

    marks: frozenset[str]
    reason: str

    def means(self, letter: QueuedLetter) -> bool:
        """Whether it is about this letter."""
        return letter.message_id in self.marks or letter.message_id.strip("<>").partition("@")[0] in self.marks


def read_bounce(content: bytes) -> Bounce | None:
    """Understand a message; None where it is no bounce, or only says that delivery takes longer.

    Parameters
    ----------
    content
        The message, or as much of its beginning as was fetched.
    """
    message = email.message_from_bytes(content, policy=email.policy.compat32)
    reports = [part for part in message.walk() if part.get_content_type() == "message/delivery-status"]
    marks = set(_MESSAGE_ID.findall(_text(message, "In-Reply-To") + " " + _text(message, "References")))
    reason = ""
    if reports:
        groups = [group for report in reports for group in _groups(report)]
        failed = [group for group in groups if _text(group, "Action").lower() == "failed"]
        if not failed:
            return None
        said = _text(failed[0], "Diagnostic-Code").partition(";")[2] or _text(failed[0], "Status")
        recipient = _text(failed[0], "Final-Recipient").partition(";")[2].strip()
        reason = f"{recipient}: {said.strip()}" if recipient else said
        marks |= {name for group in groups if (name := _text(group, "Original-Envelope-Id"))}
    elif message["X-Failed-Recipients"] or _is_daemon(message):
        reason = _text(message, "X-Failed-Recipients") or _text(message, "Subject")
        # Only what it returns is looked at: its own Message-ID is above the first empty line.
        marks |= set(_MESSAGE_ID.findall(content.partition(b"\n\r\n")[2].decode("ascii", "replace")))
        marks |= set(_MESSAGE_ID.findall(content.partition(b"\n\n")[2].decode("ascii", "replace")))
    else:
        return None
    for part in message.walk():
        if part.get_content_type() == "text/rfc822-headers":
            marks |= set(_MESSAGE_ID.findall(str(part.get_payload())))
        elif part.get_content_type() == "message/rfc822":
            marks |= {found for inner in _groups(part) for found in _MESSAGE_ID.findall(_text(inner, "Message-ID"))}
    return Bounce(frozenset(marks), one_line(reason, 300)) if marks else None


def take_in(outbox: Outbox, mail: MailSettings, now: float) -> list[QueuedLetter]:
    """Read the bounces that are new and mark the letters they are about; return those.

    A mailbox that cannot be read is said in the log and by ``outbox.memory["bounces: trouble"]``; letters still go.
    """
    recent = [
        letter
        for letter in outbox.letters()
        if letter.state is LetterState.DELIVERED and abs(now - letter.delivered_at) < RECENT_S
    ]
    if not mail.bounces or not recent:
        return []
    came_back = []
    try:
        for content in new_messages(mail, outbox.memory, now - RECENT_S):
            bounce = read_bounce(content)
            for letter in recent if bounce else ():
                if bounce and bounce.means(letter):
                    log.warning("letter %d: came back: %s", letter.id, bounce.reason)
                    came_back.append(outbox.came_back(letter.id, bounce.reason))
        outbox.memory["bounces: trouble"] = ""
    except MailError as error:
        log.warning("%s", error)
        outbox.memory["bounces: trouble"] = str(error)
    return came_back


def _groups(part: "Message[str, str]") -> list["Message[str, str]"]:
    payload = part.get_payload()
    return [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []


def _text(message: "Message[str, str]", name: str) -> str:
    return " ".join(str(message.get(name, "")).split())


def _is_daemon(message: "Message[str, str]") -> bool:
    return _text(message, "Return-Path") == "<>" and "mailer-daemon" in _text(message, "From").lower()
