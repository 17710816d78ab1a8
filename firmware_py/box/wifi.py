r"""Wireless networks: read from the text of a QR code, checked, and written as NetworkManager's keyfile.

Pure: no file and no network is touched (``box.grant`` does). The code's form is
``WIFI:T:WPA;S:name;P:password;H:true;;`` in any order, with a backslash before each of ``\ ; , : "`` that is meant as
itself.
"""

import hashlib
import re
import uuid
from dataclasses import dataclass, field
from typing import Final, Self

from firmware_py.errors import SetupError

PREFIX: Final = "hand-dance-"
"""What the names of the connections begin with that are ours, and that a reset forgets."""
_SSID_MOST_BYTES: Final = 32
_FIELD: Final = re.compile(r"([A-Za-z0-9]+):((?:[^\\;]|\\.)*)(?:;|$)", re.DOTALL)
_OPEN: Final = ("", "NOPASS")
_WPA: Final = ("WPA", "WPA2", "WPA/WPA2", "WPA2/WPA3")
_SAE: Final = ("SAE", "WPA3")


@dataclass(frozen=True)
class Network:
    """One wireless network.

    ssid: its name, 1 to 32 bytes of UTF-8. password: 8 to 63 characters of ASCII, or 64 hexadecimal digits; empty for
    an open network. hidden: it does not tell its name. sae: it takes WPA3 alone. Raises SetupError for anything else,
    without the password.
    """

    ssid: str
    password: str = field(default="", repr=False)
    hidden: bool = False
    sae: bool = False

    def __post_init__(self) -> None:
        size = len(self.ssid.encode("utf-8", "surrogatepass"))
        if not 1 <= size <= _SSID_MOST_BYTES:
            raise SetupError(
                f"the wireless network's name has {size} bytes; allowed are 1 to {_SSID_MOST_BYTES}: look it up again"
            )
        if not self.ssid.isprintable():
            raise SetupError("the wireless network's name holds a sign that cannot be shown; rename the network")
        if self.sae and not self.password:
            raise SetupError(f"the network {self.ssid} is said to take WPA3, but there is no password; give it one")
        if self.password and not _is_password(self.password):
            raise SetupError(
                f"the password of the network {self.ssid} has {len(self.password)} characters; allowed are 8 to 63 "
                "letters, digits and signs without accents, or 64 hexadecimal digits: look it up again"
            )

    @property
    def name(self) -> str:
        """The connection's name, the same for the same network, and safe as a file's."""
        return PREFIX + hashlib.sha256(self.ssid.encode()).hexdigest()[:12]

    @property
    def file_name(self) -> str:
        """The keyfile's name."""
        return f"{self.name}.nmconnection"

    def keyfile(self) -> str:
        """Return NetworkManager's keyfile (nm-settings-keyfile(5)); it holds the password: root's, mode 0600."""
        lines = [
            "[connection]",
            f"id={self.name}",
            f"uuid={uuid.uuid5(uuid.NAMESPACE_URL, self.name)}",
            "type=wifi",
            "autoconnect-priority=10",
            "",
            "[wifi]",
            "mode=infrastructure",
            # As bytes: a name may hold what the form of the file means something by.
            "ssid=" + "".join(f"{byte};" for byte in self.ssid.encode()),
        ]
        if self.hidden:
            lines.append("hidden=true")
        if self.password:
            management = "sae" if self.sae else "wpa-psk"
            lines += ["", "[wifi-security]", f"key-mgmt={management}", f"psk={_escaped(self.password)}"]
        lines += ["", "[ipv4]", "method=auto", "", "[ipv6]", "method=auto", ""]
        return "\n".join(lines)

    @classmethod
    def of_code(cls, text: str) -> Self | None:
        """Return the network that a code names, None for a code of another kind.

        Raises SetupError for one that is cut off, or a kind of network that needs more than a password.
        """
        if text[:5].upper() != "WIFI:":
            return None
        fields = _fields(text[5:].strip())
        security = fields.get("T", "").upper()
        password = fields.get("P", "")
        if security not in (*_OPEN, *_WPA, *_SAE):
            raise SetupError(
                f"the code's network is secured by {security[:16]!r}; allowed are WPA, WPA2, WPA3 and nopass: "
                "use another network of the router, its guest network say"
            )
        if security not in _OPEN and not password:
            raise SetupError("the code names a secured network without its password; make the code again")
        if security == "NOPASS":
            password = ""
        hidden = fields.get("H", "").lower() in ("true", "1", "yes")
        return cls(fields.get("S", ""), password, hidden=hidden, sae=security in _SAE)


def _fields(text: str) -> dict[str, str]:
    """Return the first of each field, by its letter."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text) and text[at] != ";":
        match = _FIELD.match(text, at)
        if match is None:
            raise SetupError("the code of a wireless network is cut off or damaged; make it again")
        found.setdefault(match[1].upper(), _plain(match[2]))
        at = match.end()
    return found


def _plain(value: str) -> str:
    """Take backslashes away, and the quotes that some programs put around a value of hexadecimal digits."""
    if len(value) >= 2 and value[0] == value[-1] == '"' and re.fullmatch(r"[0-9A-Fa-f]+", value[1:-1]):
        return value[1:-1]
    return re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)


def _is_password(text: str) -> bool:
    return bool(re.fullmatch(r"[ -~]{8,63}|[0-9A-Fa-f]{64}", text))


def _escaped(text: str) -> str:
    """Return a value in the form of GLib's key files, which drop blanks at its beginning and its end."""
    escaped = text.replace("\\", "\\\\")
    inner = escaped.strip(" ")
    before = len(escaped) - len(escaped.lstrip(" "))
    return "\\s" * before + inner + "\\s" * (len(escaped) - len(inner) - before)
