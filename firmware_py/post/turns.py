"""Whose turn it is: which letters of the outbox are tried now, and in which order.

Pure; the outbox knows the letters, the mailer tries them.
"""

from collections.abc import Sequence

from firmware_py.post.backoff import JITTER, LONGEST_S
from firmware_py.post.queued_letter import AT_REST, LetterState, QueuedLetter


def to_try(letters: Sequence[QueuedLetter], now: float) -> list[QueuedLetter]:
    """Return the letters to try now, in the order given, which is oldest first.

    Those that are due; those whose wait is over, or so far ahead that only a clock set back explains it; those that a
    mailer left in ``sending`` (a claim tells a dead mailer from a living one). Where any letter is to be tried, those
    that wait for the same server come along, so that the order is kept once it answers; and so do those that wait for
    the same recipient, who gets the older one first where that can be.
    """
    too_far = now + LONGEST_S * (1 + JITTER)
    moving = [letter for letter in letters if letter.state not in AT_REST]
    ready = {
        letter.id
        for letter in moving
        if letter.state in (LetterState.DUE, LetterState.SENDING)
        or (letter.state is LetterState.WAITING and not now < letter.next_try <= too_far)
    }
    if not ready:
        return []
    newest = {letter.recipient: letter.id for letter in moving if letter.id in ready}
    return [
        letter
        for letter in moving
        if letter.id in ready
        or (letter.state is LetterState.WAITING and (letter.server_wide or letter.id < newest.get(letter.recipient, 0)))
    ]
