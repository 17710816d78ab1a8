"""Send the letters that are due, or show what became of them."""

import argparse
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from firmware_py.config import Config
from firmware_py.errors import UsageError

if TYPE_CHECKING:
    from firmware_py.post.outbox import Outbox
    from firmware_py.post.queued_letter import LetterId, QueuedLetter


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what can be done with the outbox."""
    parser.add_argument("--list", action="store_true", help="show every letter instead of sending")
    parser.add_argument("--retry", metavar="ID|all", help="try a letter again now, whatever was decided")
    parser.add_argument("--cancel", metavar="ID|all", help="never send a letter that has not left; its session stays")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace, config: Config) -> int:
    """Send or show; 1 when a letter that was tried needs a person."""
    from firmware_py.post.mailer import as_json, open_outbox, send_due
    from firmware_py.post.queued_letter import LetterState

    if args.cancel is not None and args.retry is not None:
        raise UsageError("--cancel and --retry together: give one of the two")
    if args.cancel is not None:
        with open_outbox(config) as outbox:
            letters = [as_json(letter) for letter in _cancel(args.cancel, outbox)]
            if args.list:
                letters = [as_json(letter) for letter in outbox.letters()]
    elif args.list:
        with open_outbox(config) as outbox:
            _retry(args.retry, outbox)
            letters = [as_json(letter) for letter in outbox.letters()]
    else:
        if args.retry is not None:
            with open_outbox(config) as outbox:
                _retry(args.retry, outbox)
        letters = [as_json(delivery) for delivery in send_due(config)]
        if config.mail.transport == "off" and not args.json:
            print("mail is off (mail.transport): sessions stay on the box, and nothing is sent")
            return 0
        if not letters and not args.json:
            print(_nothing_due(config))
            return 0
    print(json.dumps(letters, indent=2) if args.json else "\n".join(map(_line, letters)) or "no letters")
    sent = not args.list and args.cancel is None
    return 1 if sent and any(letter["state"] == LetterState.NEEDS_A_PERSON for letter in letters) else 0


def _retry(which: str | None, outbox: "Outbox") -> None:
    if which == "all":
        outbox.retry_all()
    elif which is not None:
        outbox.retry(_number(which, "--retry"))


def _cancel(which: str, outbox: "Outbox") -> list["QueuedLetter"]:
    from firmware_py.post.queued_letter import LetterState

    if which != "all":
        return [outbox.cancel(_number(which, "--cancel"))]
    left = (LetterState.DELIVERED, LetterState.CANCELLED)
    return [outbox.cancel(letter.id) for letter in outbox.letters() if letter.state not in left]


def _nothing_due(config: Config) -> str:
    """Say so without sounding as if all had arrived."""
    from firmware_py.post.mailer import open_outbox
    from firmware_py.post.queued_letter import LetterState

    with open_outbox(config) as outbox:
        states = [letter.state for letter in outbox.letters()]
    waiting = sum(state in (LetterState.DUE, LetterState.SENDING, LetterState.WAITING) for state in states)
    stuck = states.count(LetterState.NEEDS_A_PERSON)
    rest = [f"{count} {what}" for count, what in ((waiting, "waiting"), (stuck, "in need of a person")) if count]
    return f"nothing is due: {' and '.join(rest)} (hand-dance post --list)" if rest else "no letters to send"


def _number(text: str, flag: str) -> "LetterId":
    from firmware_py.post.queued_letter import LetterId

    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise UsageError(f"{flag} {text}: give a letter's number from hand-dance post --list, or all")
    return LetterId(int(text))


def _line(letter: dict[str, object]) -> str:
    when = ""
    if letter["state"] == "waiting":
        when = f", next try {datetime.fromtimestamp(float(str(letter['next_try'])), UTC):%Y-%m-%d %H:%M} UTC"
    what = letter["where"] or letter["reason"] or ""
    return f"{letter['id']:>4}  {letter['state']:<14} {letter['recipient']}  {what}{when}"
