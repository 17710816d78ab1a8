"""The letter of one session: composed from its folder, and written out piece by piece in constant memory.

Not here: what is attached (``attachments``), the words (``wording``, ``dress``), and handing it over
(``transports``). The same session gives the same bytes at every try, attachments included.
"""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.config import LANGUAGES
from firmware_py.errors import MailError, MailRefusedError
from firmware_py.languages.words import words_in
from firmware_py.post import wording
from firmware_py.post.address import one_line
from firmware_py.post.attachments import LARGEST_RAW_BYTES, Attachment, choose, stem_of
from firmware_py.post.dress import html
from firmware_py.post.queued_letter import QueuedLetter
from firmware_py.post.summary import Summary, summarise

_LINE_BYTES: Final = 57
"""Bytes of a file on one line of base64: 76 characters (RFC 2045, 6.8)."""

_READ_BYTES: Final = _LINE_BYTES * 1024
_LARGEST_PICTURE_BYTES: Final = 1_000_000
_WORDS_BYTES: Final = 60_000
"""Room left for headers, text and HTML when a server names its largest letter."""


@dataclass(frozen=True)
class Letter:
    """A composed letter, ready to be written out.

    stem is a file name for the letter itself; copy_to is empty where nobody gets a copy. opening holds the headers and
    the text, up to the first attachment; closing ends the last one. Lines end with CRLF, no line is longer than 998
    octets, every octet is below 128 unless an address is in other letters (RFC 6532).
    """

    message_id: str
    sender: str
    recipient: str
    copy_to: str
    stem: str
    opening: bytes
    attachments: tuple[Attachment, ...]
    boundary: str
    closing: bytes

    @property
    def size(self) -> int:
        """Octets of the whole letter as written out."""
        return (
            len(self.opening)
            + sum(len(self._heading(a)) + encoded_size(a.size) for a in self.attachments)
            + len(self.closing)
        )

    def chunks(self) -> Iterator[bytes]:
        """Yield the letter in pieces of whole lines, at most about 80 kB each.

        Raises MailError where an attachment is gone or has changed since the letter was composed: a letter with
        half a file in it must not be accepted by anybody.
        """
        yield self.opening
        for attachment in self.attachments:
            yield self._heading(attachment)
            yield from _encoded(attachment)
        yield self.closing

    def _heading(self, attachment: Attachment) -> bytes:
        return (
            f"--{self.boundary}\r\n"
            f'Content-Type: {attachment.mime};\r\n name="{attachment.name}"\r\n'
            "Content-Transfer-Encoding: base64\r\n"
            f"Content-Disposition: attachment;\r\n {_file_name(attachment)}\r\n"
            "MIME-Version: 1.0\r\n"
            "\r\n"
        ).encode("ascii")


def compose(
    queued: QueuedLetter, sender: str, workspace: Path, largest_bytes: int | None = None, *, copy_to: str = ""
) -> Letter:
    """Compose the letter of a session.

    Parameters
    ----------
    queued
        The letter as the outbox knows it: session folder, recipient, Message-ID.
    sender
        Address that it comes from.
    workspace
        Folder for made attachments.
    largest_bytes
        The largest letter that the transport takes, as encoded; None: it does not say.
    copy_to
        Address that gets a copy, in the header and the words for its player to see; empty: none.

    Raises
    ------
    MailRefusedError
        The session folder is gone.
    MailError
        A file cannot be read or made just now.
    """
    folder = SessionFolder(queued.session)
    if not folder.path.is_dir():
        raise MailRefusedError(
            f"the session folder {folder.path} is gone; put it back and run 'hand-dance post --retry {queued.id}'"
        )
    summary = summarise(folder)
    words = words_in(summary.language)
    stem = stem_of(summary.song, summary.started)
    try:
        chosen = choose(folder, stem, workspace, _raw_limit(largest_bytes), title=summary.title)
        picture = _preview(folder)
    except OSError as error:
        raise MailError(
            f"the files of {folder.path} could not be read or made smaller ({error}); free some space"
        ) from error

    identity = hashlib.sha256(queued.message_id.encode()).hexdigest()[:24]
    content = EmailMessage(policy=SMTP)
    content.set_content(wording.text(words, summary, chosen, copy_to), cte="quoted-printable")
    cid = f"preview.{identity}@{queued.message_id.strip('<>').partition('@')[2]}"
    page = html(summary, chosen, cid if picture else None, copy_to)
    content.add_alternative(page, subtype="html", cte="quoted-printable")
    if picture:
        part = content.get_payload(1)
        if isinstance(part, EmailMessage):
            part.add_related(picture, "image", "png", cid=f"<{cid}>", disposition="inline", filename="preview.png")
            part.set_boundary(f"=_page_{identity}")
    content.set_boundary(f"=_words_{identity}")
    del content["MIME-Version"]

    boundary = f"=_letter_{identity}"
    headers = _headers(queued, sender, summary, boundary, copy_to)
    opening = b"%s\r\n--%s\r\n%s\r\n" % (headers, boundary.encode(), content.as_bytes().rstrip(b"\r\n"))
    return Letter(
        message_id=queued.message_id,
        sender=sender,
        recipient=queued.recipient,
        copy_to=copy_to,
        stem=stem,
        opening=opening,
        attachments=chosen.attachments,
        boundary=boundary,
        closing=f"--{boundary}--\r\n".encode(),
    )


def encoded_size(size_bytes: int) -> int:
    """Octets of so many bytes in base64 with a CRLF after every 76 characters."""
    lines = -(-size_bytes // _LINE_BYTES)
    return -(-size_bytes // 3) * 4 + lines * 2


def _headers(queued: QueuedLetter, sender: str, summary: Summary, boundary: str, copy_to: str) -> bytes:
    policy = SMTP if (sender + queued.recipient).isascii() else SMTPUTF8
    head = EmailMessage(policy=policy)
    head["From"] = _address("Hand Dance", sender)
    head["To"] = _address(_in_header(summary.player), queued.recipient)
    if copy_to:
        head["Cc"] = _address("", copy_to)
    head["Subject"] = _in_header(wording.subject(words_in(summary.language), summary))
    # The time it was queued, not that of this try: the same letter is the same bytes whenever it gets through.
    head["Content-Language"] = summary.language if summary.language in LANGUAGES else "en"
    head["Date"] = format_datetime(datetime.fromtimestamp(int(queued.queued), UTC))
    head["Message-ID"] = queued.message_id
    head["Auto-Submitted"] = "auto-generated"
    head["MIME-Version"] = "1.0"
    folded = b"".join(policy.fold_binary(name, value) for name, value in head.items())
    return folded + f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n'.encode()


def _address(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    return Address(name, username=local, domain=domain)  # as one word, it may hold ASCII only


def _file_name(attachment: Attachment) -> str:
    """The name as a parameter: plain, or as RFC 2231 writes other letters.

    Never both: two of one name are a fault to strict readers. Who knows no RFC 2231 takes Content-Type's plain one.
    """
    if attachment.wide_name:
        return f"filename*=UTF-8''{quote(attachment.wide_name, safe='')}"
    return f'filename="{attachment.name}"'


def _in_header(text: str) -> str:
    """One line that no reader takes for an encoded word (RFC 2047)."""
    return one_line(text).replace("=?", "= ?")


def _preview(folder: SessionFolder) -> bytes | None:
    path = folder.file(SessionFolder.PREVIEW)
    if not path.is_file() or path.stat().st_size > _LARGEST_PICTURE_BYTES:
        return None
    picture = path.read_bytes()
    return picture if picture.startswith(b"\x89PNG\r\n\x1a\n") else None


def _raw_limit(largest_bytes: int | None) -> int:
    if not largest_bytes:
        return LARGEST_RAW_BYTES
    room = largest_bytes - _WORDS_BYTES - encoded_size(_LARGEST_PICTURE_BYTES)
    return min(LARGEST_RAW_BYTES, max(room * _LINE_BYTES // 78, 0))


def _encoded(attachment: Attachment) -> Iterator[bytes]:
    left = attachment.size
    try:
        with attachment.path.open("rb") as file:
            while left:
                raw = file.read(min(_READ_BYTES, left))
                if not raw:
                    break
                left -= len(raw)
                yield base64.encodebytes(raw).replace(b"\n", b"\r\n")
            if left or file.read(1):
                raise MailError(f"{attachment.path} changed while it was being sent; it is sent again later")
    except OSError as error:
        if isinstance(error, MailError):
            raise
        raise MailError(f"{attachment.path} could not be read ({error.strerror}); it is sent again later") from error
