"""Reads a gettext catalogue (.po) as it is edited, so that nothing has to be compiled and none can be out of date.

The plural forms are the standard library's own doing. Not here: which words are asked for (``words``).
"""

import ast
import gettext
import io
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from firmware_py.errors import LanguageError

FOLDER: Final = Path(__file__).parent
_LINE: Final = re.compile(r'(?:(msgctxt|msgid_plural|msgid|msgstr)(?:\[(\d)\])? )?("(?:[^"\\]|\\.)*")')
_MAGIC: Final = 0x950412DE

Entry = dict[str, str]
"""One message: ``msgid``, ``msgid_plural``, ``msgstr``, ``msgstr[0]`` and so on, as far as they are there."""


def catalogue(language: str) -> gettext.GNUTranslations:
    """Return the translations of a language.

    Raises LanguageError where its catalogue is missing, or names its file, line and what is wrong in it.
    """
    messages: dict[str, str] = {}
    for entry in entries(FOLDER / f"{language}.po"):
        key = entry["msgid"]
        if "msgid_plural" in entry:
            key += "\0" + entry["msgid_plural"]
            value = "\0".join(entry[f"msgstr[{n}]"] for n in range(9) if f"msgstr[{n}]" in entry)
        else:
            value = entry["msgstr"]
        messages[key] = value
    return gettext.GNUTranslations(io.BytesIO(_compiled(messages)))


def entries(path: Path) -> Iterator[Entry]:
    """Yield the messages of a .po file in their order, the header (an empty msgid) first."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LanguageError(f"{path} cannot be read ({error}); install hand-dance again") from error
    entry: Entry = {}
    field = ""
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line.strip())
        if not found or not (found[1] or field):
            raise LanguageError(f"{path}, line {number}: {line.strip()[:60]!r} is no line of a catalogue")
        keyword, index, quoted = found.groups()
        if keyword:
            field = f"{keyword}[{index}]" if index else keyword
            if keyword == "msgid" and entry:
                yield entry
                entry = {}
            entry[field] = ""
        try:
            entry[field] += ast.literal_eval(quoted)
        except (SyntaxError, ValueError) as error:
            raise LanguageError(f"{path}, line {number}: {quoted[:60]} is no text in quotes ({error})") from error
    if entry:
        yield entry


def _compiled(messages: dict[str, str]) -> bytes:
    """Return the messages as a .mo file (GNU gettext manual, 10.3), for the standard library to read."""
    pairs = sorted((key.encode(), value.encode()) for key, value in messages.items() if value)
    table = 28 + 16 * len(pairs)
    heads: list[list[tuple[int, int]]] = [[], []]
    content = b""
    for column in (0, 1):
        for pair in pairs:
            heads[column].append((len(pair[column]), table + len(content)))
            content += pair[column] + b"\0"
    header = struct.pack("<7I", _MAGIC, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    return header + b"".join(struct.pack("<2I", *head) for head in heads[0] + heads[1]) + content
