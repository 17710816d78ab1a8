"""Where bounces come back to: a mailbox by IMAP, or a maildir that the machine's own mail server fills.

Read only: nothing is moved, deleted or marked as seen, since the mailbox may be a person's. Not here: what a bounce
means (``bounces``).
"""

import imaplib
import json
import ssl
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from firmware_py.config import MailSettings
from firmware_py.errors import MailError, MailRefusedError
from firmware_py.post.address import one_line
from firmware_py.post.oauth import access_token
from firmware_py.post.password import password
from firmware_py.post.smtp import trusted

LIMIT_S: Final = 30.0
_LARGEST: Final = 262_144
_MOST: Final = 200
_PLACE: Final = "bounces: read"


def new_messages(mail: MailSettings, memory: MutableMapping[str, str], since: float) -> Iterator[bytes]:
    """Yield the beginning of each message that was not read before and may be a bounce.

    Parameters
    ----------
    mail
        mail.bounces names the place; user, password and certificates are those of sending.
    memory
        Remembers what was read.
    since
        Older messages do not matter, seconds since 1970.

    Raises
    ------
    MailError
        The place cannot be read, in one sentence.
    """
    if mail.bounces.startswith("imaps://"):
        yield from _by_imap(mail, memory, since)
    elif "://" in mail.bounces:
        raise MailRefusedError(f"mail.bounces is {one_line(mail.bounces)!r}; give imaps://HOST/FOLDER or a maildir")
    else:
        yield from _in_maildir(Path(mail.bounces).expanduser(), memory)


def _in_maildir(folder: Path, memory: MutableMapping[str, str]) -> Iterator[bytes]:
    seen: set[str] = set()
    with suppress(ValueError):
        seen = set(json.loads(memory.get(_PLACE, "[]")))
    there = set()
    try:
        if not folder.is_dir():
            raise MailError(f"the maildir of bounces {folder} is not there; make it or change mail.bounces")
        for path in sorted([*folder.glob("new/*"), *folder.glob("cur/*")]):
            name = path.name.partition(":")[0]
            there.add(name)
            if name in seen or not path.is_file():
                continue
            with path.open("rb") as file:
                yield file.read(_LARGEST)
    except OSError as error:
        if isinstance(error, MailError):
            raise
        raise MailError(f"the maildir of bounces {folder} cannot be read ({error.strerror})") from error
    memory[_PLACE] = json.dumps(sorted(there))


def _by_imap(mail: MailSettings, memory: MutableMapping[str, str], since: float) -> Iterator[bytes]:
    place = urlsplit(mail.bounces)
    folder = unquote(place.path.strip("/")) or "INBOX"
    day = f"{datetime.fromtimestamp(since, UTC):%d-%b-%Y}"
    with _told(place.netloc, ""):
        host, port = place.hostname or "", place.port or 993
    context = trusted(mail)
    secret = access_token(mail.password_file, context) if mail.login == "xoauth2" else password(mail.password_file)
    with _told(host, secret), imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=LIMIT_S) as box:
        if mail.login == "xoauth2":
            box.authenticate("XOAUTH2", lambda _: f"user={mail.user}\x01auth=Bearer {secret}\x01\x01".encode())
        else:
            box.login(mail.user, secret)
        _wanted(box.select(f'"{folder}"', readonly=True), f"folder {folder}")
        validity = str(box.response("UIDVALIDITY")[1][-1])
        known, _, last = memory.get(_PLACE, "").rpartition(" ")
        after = int(last) if known == validity and last.isdecimal() else 0
        found = _wanted(
            box.uid("SEARCH", f"UID {after + 1}:* SINCE {day}", 'OR FROM "mailer-daemon" FROM "postmaster"'), "search"
        )
        # A range up to * always holds the last message, even one that is known.
        numbers = sorted(int(word) for word in (found[0] or b"").split() if int(word) > after)
        for number in numbers[:_MOST]:
            for part in _wanted(box.uid("FETCH", str(number), f"(BODY.PEEK[]<0.{_LARGEST}>)"), "message"):
                if isinstance(part, tuple):
                    yield part[1]
            memory[_PLACE] = f"{validity} {number}"


def _wanted(answer: tuple[str, list[Any]], what: str) -> list[Any]:
    if answer[0] != "OK":
        raise MailError(f"the mailbox of bounces gave no {what} ({one_line(str(answer[1]), 80)})")
    return answer[1]


@contextmanager
def _told(host: str, secret: str) -> Iterator[None]:
    """Say in one sentence, without the secret, why a mailbox cannot be read."""
    try:
        yield
    except MailError:
        raise
    except (imaplib.IMAP4.error, OSError, ValueError, ssl.SSLError) as error:
        said = str(error).replace(secret, "…") if secret else str(error)
        raise MailError(f"the mailbox of bounces at {one_line(host, 80)} cannot be read ({one_line(said)})") from None
