"""The mail address in the text of a code: mailto:, MATMSG, MECARD, BIZCARD, SMTP, vCard 2.1 to 4.0, or a plain address.

Pure: a text in, a contact or nothing out. Only whom to write to is read, never a subject, a body or a copy that a code
asks for. Not here: seeing codes (``sight.codes``), or what is done with an address (``recipients``).
"""

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from firmware_py.errors import MailRefusedError
from firmware_py.post.address import checked, one_line

LONGEST: Final = 8192
"""Characters that are looked at: the largest code holds 4296."""

_NAME: Final = 60
_SCHEME: Final = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]{0,31}):")
_VCARD: Final = re.compile(r"\s*BEGIN\s*:\s*VCARD\b", re.IGNORECASE)
_ESCAPED: Final = re.compile(r"\\([\\;:,\"nN])")
_PLAIN: Final = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+")
_NAMED: Final = re.compile(r"(?P<name>[^<>\r\n]*)<\s*(?P<address>[^\s<>]*)\s*>")


@dataclass(frozen=True)
class Contact:
    """Whom a code names: an address as ``address.checked`` returns it, and a name of one line, or empty."""

    address: str
    name: str = ""


def contact_in(text: str) -> Contact | None:
    """Return the contact in a code's text; None where the text is about something else.

    A card with several addresses gives the one it prefers, else its first. Raises MailRefusedError where the text
    means to name an address and does not name one that a letter can go to, or names several to choose from.
    """
    if len(text) > LONGEST:
        return None
    if _VCARD.match(text):
        return _from_vcard(text)
    scheme = _SCHEME.match(text)
    kind = scheme.group(1).lower() if scheme else ""
    rest = text[scheme.end() :].strip() if scheme else text.strip()
    match kind:
        case "mailto":
            return _from_mailto(rest)
        case "matmsg":
            return _one([value for key, value in _fields(rest) if key == "TO"])
        case "mecard" | "bizcard":
            return _from_card(rest)
        case "smtp":
            return _one([rest.partition(":")[0]])
        case "":
            return _from_plain(rest)
    return None


def _one(found: list[str], name: str = "") -> Contact:
    """Return the contact of the only address found; what is not exactly one is refused, by ``checked``."""
    several = [one for one in found if one.strip()]
    if len(several) > 1:
        raise MailRefusedError(f"{len(several)} addresses were given; a letter goes to one: give one alone")
    return Contact(checked(several[0].strip() if several else ""), one_line(name, _NAME))


def _from_plain(text: str) -> Contact | None:
    if "@" not in text or "://" in text:
        return None
    named = _NAMED.fullmatch(text)
    if named:
        return _one([named["address"]], named["name"].strip().strip('"'))
    parts = [part for part in re.split(r"[\s,;]+", text) if part]
    if len(parts) > 1 and all(_PLAIN.fullmatch(part) for part in parts):
        return _one(parts)
    if len(parts) > 1 and not re.search(r"[,;<>\r\n]", text):
        return None  # a sentence with an @ in it
    return _one([text])


def _from_mailto(rest: str) -> Contact:
    """RFC 6068: addresses before the ``?``, comma between them, and those of the field ``to``."""
    before, _, after = rest.partition("?")
    fields = [part.partition("=") for part in after.replace("&amp;", "&").split("&")]
    parts = [*before.split(","), *(one for key, _, to in fields if key.lower() == "to" for one in to.split(","))]
    found = [unquote(part, errors="replace") for part in parts]
    named = _NAMED.fullmatch(found[0]) if len(found) == 1 else None
    return _one([named["address"]], named["name"].strip().strip('"')) if named else _one(found)


def _from_card(rest: str) -> Contact | None:
    """MECARD and BIZCARD: ``KEY:value;`` each, a name as last,first."""
    fields = list(_fields(rest))
    found = [value for key, value in fields if key in ("EMAIL", "E") and value.strip()]
    if not found:
        return None
    names = {key: value for key, value in reversed(fields) if key in ("N", "X")}
    last, _, first = names.get("N", "").partition(",")
    name = f"{first or ''} {last} {names.get('X', '')}"
    return _one(found[:1], name)


def _fields(rest: str) -> Iterator[tuple[str, str]]:
    r"""Yield the fields of a text like ``TO:a@b.c;SUB:x\;y;;``, keys in upper case, values without their escapes."""
    for part in re.findall(r"(?:\\.|[^;\\])+", rest, re.DOTALL):
        key, colon, value = part.partition(":")
        if colon:
            yield key.strip().upper(), _plain(value)


def _plain(value: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found.group(1) in "nN" else found.group(1), value)


def _from_vcard(text: str) -> Contact | None:
    """RFC 6350 and 2426 and vCard 2.1: the EMAIL that is preferred, and the name in FN, else in N."""
    emails: list[tuple[int, str]] = []
    names: dict[str, str] = {}
    for key, parameters, value in _properties(text):
        if key == "EMAIL" and value.strip():
            emails.append((_rank(parameters), re.sub(r"^mailto:", "", _plain(value).strip(), flags=re.IGNORECASE)))
        elif key == "FN":
            names.setdefault("FN", _plain(value))
        elif key == "N":
            last, first, *_ = [*re.split(r"(?<!\\);", value), "", ""]
            names.setdefault("N", _plain(f"{first} {last}"))
    if not emails:
        return None
    return _one([min(emails, key=lambda email: email[0])[1]], names.get("FN", "").strip() or names.get("N", ""))


def _rank(parameters: list[str]) -> int:
    """How much an address is preferred, least first: ``PREF=1`` (4.0), ``TYPE=pref`` (3.0), ``PREF`` (2.1)."""
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key == "PREF":
            return int(value) if re.fullmatch(r"[0-9]{1,3}", value) else 1
        if key == "TYPE" and "PREF" in value.strip('"').split(","):
            return 1
    return 101


def _properties(text: str) -> Iterator[tuple[str, list[str], str]]:
    """Yield name without its group, parameters and value of each line of a vCard, unfolded and decoded."""
    unfolded = re.sub(r"(?<!=)\n[ \t]", "", text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = iter(unfolded.split("\n"))
    for line in lines:
        head, colon, value = line.partition(":")
        key, *parameters = head.strip().upper().split(";")
        if any(p in ("QUOTED-PRINTABLE", "ENCODING=QUOTED-PRINTABLE") for p in parameters):
            while value.endswith("="):  # a soft line break of vCard 2.1
                value = value[:-1] + next(lines, "")
            value = _unquoted(value, parameters)
        if colon:
            yield key.rpartition(".")[2], parameters, value


def _unquoted(value: str, parameters: list[str]) -> str:
    charset = next((p.partition("=")[2] for p in parameters if p.startswith("CHARSET=")), "UTF-8")
    try:
        return quopri.decodestring(value.encode()).decode(charset, errors="replace")
    except (LookupError, binascii.Error, UnicodeError):
        return value
