"""Mail addresses and other people's words in headers: what is let in, and in which shape.

Not here: finding an address (QR codes, players), or proving that somebody reads it.
"""

import re
import unicodedata
from typing import Final

import idna

from firmware_py.errors import MailRefusedError

_WORD: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+"
_LOCAL: Final = re.compile(rf"{_WORD}(\.{_WORD})*")
_LABEL: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def checked(address: str) -> str:
    """Return one plain mail address, its domain in ASCII (IDNA), or refuse it.

    Parameters
    ----------
    address
        ``name@domain``; blanks around it are dropped. A domain in other letters becomes its ``xn--`` form; a name in
        other letters stays, in one form (NFC), and goes where the server has SMTPUTF8.

    Raises
    ------
    MailRefusedError
        Several addresses, control characters, a display name, a missing part, or one that is too long (RFC 5321,
        4.5.3.1: 64 octets before the @, 254 in all).
    """
    found = unicodedata.normalize("NFC", address.strip(" \t"))
    local, at, domain = found.rpartition("@")
    if any(unicodedata.category(c) == "Cc" for c in found):
        raise _refusal(address, "it holds a line break or another control character")
    if not at or not local or not domain:
        raise _refusal(address, "it has no name@domain")
    if "@" in local:
        raise _refusal(address, "it has more than one @, and a letter goes to one address")
    # Of what RFC 6531 allows beyond ASCII: letters, their marks, and digits, of any script.
    wide = (c for c in local if not c.isascii())
    if not _LOCAL.fullmatch(local) or any(unicodedata.category(c)[0] not in "LMN" for c in wide):
        raise _refusal(address, "the part before the @ may hold only letters, digits and !#$%&'*+/=?^_`{|}~-.")
    try:
        # IDNA 2008 (UTS 46, not transitional): straße.example and strasse.example are two domains, of two owners.
        ascii_domain = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:
        raise _refusal(address, "its domain is not a name that mail knows") from None
    if not all(_LABEL.fullmatch(label) for label in ascii_domain.split(".")):
        raise _refusal(address, "its domain is not a name that mail knows")
    whole = f"{local}@{ascii_domain}"
    if len(local.encode()) > 64 or len(whole.encode()) > 254:
        raise _refusal(address, "it is longer than mail allows (64 octets before the @, 254 in all)")
    return whole


def one_line(text: str, longest: int = 120) -> str:
    """Return any text as one harmless line: no control, format or line-separating characters, blanks joined, cut.

    Headers, file names on a label and lines of a list are built from this, so that a song or a player cannot be
    named into a header of their own.
    """
    kept = "".join(
        " " if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Zs") else "�" if "\ud800" <= c <= "\udfff" else c
        for c in text
        if unicodedata.category(c) not in ("Cf", "Cn", "Co")
    )
    joined = " ".join(kept.split())
    return joined if len(joined) <= longest else joined[: longest - 1].rstrip() + "…"


def _refusal(address: str, why: str) -> MailRefusedError:
    return MailRefusedError(f"{one_line(address, 80)!r} is not one mail address: {why}; give one like name@example.org")
