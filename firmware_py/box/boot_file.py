"""hand-dance.toml on the boot partition: what in it is for the box itself, and the same file without its secrets.

Pure; ``box.grant`` reads, stores and erases. Everything else in that file is the configuration's (``config``), which
passes over what stands here: ``[wifi]`` with ssid, password and hidden, and ``password`` under ``[mail]``.
"""

import re
import tomllib
from dataclasses import dataclass, field
from typing import Any, Final

from firmware_py.box.wifi import Network
from firmware_py.errors import SetupError

NOTES: Final = {b"wifi": b"# joined, erased", b"mail": b"# stored, erased"}
"""What stands in place of a password; no line that could hold one is shorter."""
_WIFI_KEYS: Final = {"ssid": str, "password": str, "hidden": bool}
_MOST_PASSWORD: Final = 1024
_HEADING: Final = re.compile(rb"\s*\[\s*([A-Za-z]+)\s*\]")
_LINE: Final = re.compile(rb"\s*#?\s*(?:(wifi|mail)\s*\.\s*)?\"?password\"?\s*=")


@dataclass(frozen=True)
class SetUp:
    """What a set-up file asks for.

    network: to be joined. mail_password: for the mail server. erased: the whole file without the secrets among these,
    byte for byte as long as it was. complaints: what cannot be followed, and stays as it is.
    """

    network: Network | None = None
    mail_password: str = field(default="", repr=False)
    erased: bytes = field(default=b"", repr=False)
    complaints: tuple[str, ...] = ()


def read_set_up(content: bytes) -> SetUp:
    """Read a set-up file: UTF-8, with a byte order mark or Windows line ends or without.

    Raises SetupError where it is no TOML, as one that was cut in half may be: then nothing of it is followed.
    """
    document = _document(content)
    complaints: list[str] = []
    network, mail_password = None, ""
    secrets: set[bytes] = set()
    try:
        network = _network(document.get("wifi"), joined=NOTES[b"wifi"] in content)
        if network is not None and network.password:
            secrets.add(b"wifi")
    except SetupError as error:
        complaints.append(str(error))
    try:
        mail_password = _mail_password(document.get("mail"))
        if mail_password:
            secrets.add(b"mail")
    except SetupError as error:
        complaints.append(str(error))
    erased = _without(content, secrets)
    for section in sorted(name.decode() for name in secrets):
        if not _is_erased(erased, section):
            erased = content
            complaints.append(
                f"the password under [{section}] cannot be erased: write it on a line of its own, password = "
                '"…", below the heading'
            )
            break
    return SetUp(network, mail_password, erased, tuple(complaints))


def _document(content: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        raise SetupError(f"it is no UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        # The message names the place alone, never what stands there.
        raise SetupError(f"it is not valid TOML, or cut off ({error}); write it again") from None


def _network(table: Any, *, joined: bool) -> Network | None:
    if table is None:
        return None
    if not isinstance(table, dict):
        raise SetupError("wifi is a section; write [wifi] and ssid and password below it")
    for key, value in table.items():
        if key not in _WIFI_KEYS:
            raise SetupError(f"unknown key {key!r} in [wifi]; known are {', '.join(_WIFI_KEYS)}")
        if type(value) is not _WIFI_KEYS[key]:
            wanted = "true or false" if _WIFI_KEYS[key] is bool else "text in quotes"
            raise SetupError(f"wifi.{key} is of another kind; allowed is {wanted}")
    if joined and "password" not in table:
        return None  # not an open network: its password was moved away at an earlier start
    return Network(table.get("ssid", ""), table.get("password", ""), hidden=table.get("hidden", False))


def _mail_password(table: Any) -> str:
    if not isinstance(table, dict) or "password" not in table:
        return ""
    found = table["password"]
    if not isinstance(found, str) or not 1 <= len(found) <= _MOST_PASSWORD or any(sign in found for sign in "\0\r\n"):
        raise SetupError("mail.password is not one line of text in quotes; write it as your mail provider gave it")
    return found


def _without(content: bytes, secrets: set[bytes]) -> bytes:
    """Return the file with the passwords of these sections made comments of the same length."""
    lines = content.split(b"\n")
    section = b""
    for number, line in enumerate(lines):
        if heading := _HEADING.match(line.removeprefix(b"\xef\xbb\xbf")):
            section = heading[1]
        match = _LINE.match(line)
        if match and (found := match[1] or section) in secrets:
            end = b"\r" if line.endswith(b"\r") else b""
            size = len(line) - len(end)
            lines[number] = NOTES[found][:size].ljust(size) + end
    return b"\n".join(lines)


def _is_erased(content: bytes, section: str) -> bool:
    try:
        return "password" not in _document(content).get(section, {})
    except SetupError:
        return False
