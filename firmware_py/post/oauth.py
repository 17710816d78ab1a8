"""A token to log in with, where a provider takes no passwords (OAuth 2, RFC 6749, 6).

The secret file holds either the token itself, kept fresh by another program, or what is needed to fetch one as JSON:
``{"token_url": "https://…", "client_id": "…", "client_secret": "…", "refresh_token": "…"}``. Not here: getting a
refresh token in the first place, which a person does once in a browser.
"""

import json
import os
import ssl
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from firmware_py.post.address import one_line
from firmware_py.post.password import password, secret
from firmware_py.post.transports import ServerDownError, ServerRefusedError

LIMIT_S: Final = 30.0
_LARGEST_ANSWER: Final = 65_536
_NEEDED: Final = ("token_url", "client_id", "refresh_token")


def access_token(password_file: str, context: ssl.SSLContext) -> str:
    """Return a token that is good for now.

    Parameters
    ----------
    password_file
        As for ``password``.
    context
        What certificates of the token's server are trusted.

    Raises
    ------
    ServerRefusedError
        The file is not one of the two, or the provider wants a person to allow it anew.
    ServerDownError
        The provider cannot be reached.
    """
    text = secret(password_file)
    if not text.lstrip().startswith("{"):
        return password(password_file)
    try:
        known = json.loads(text)
    except ValueError:
        known = {}
    wrong = [name for name in _NEEDED if not isinstance(known.get(name), str) or not known[name]]
    if wrong or not known["token_url"].startswith("https://"):
        raise ServerRefusedError(
            f"the secret for XOAUTH2 needs {', '.join(_NEEDED)} as JSON text, the first beginning with https://; "
            f"wrong or missing: {', '.join(wrong) or 'token_url'}"
        )
    answer = _asked(known, context)
    renewed = answer.get("refresh_token")
    if password_file and isinstance(renewed, str) and renewed and renewed != known["refresh_token"]:
        _keep(Path(password_file).expanduser(), {**known, "refresh_token": renewed})
    token = answer.get("access_token")
    if not isinstance(token, str) or not token or not token.isprintable():
        raise ServerDownError(f"{_host(known)} answered without a token")
    return token


def _asked(known: dict[str, str], context: ssl.SSLContext) -> dict[str, Any]:
    form = {"grant_type": "refresh_token", "client_id": known["client_id"], "refresh_token": known["refresh_token"]}
    if known.get("client_secret"):
        form["client_secret"] = known["client_secret"]
    request = urllib.request.Request(known["token_url"], urllib.parse.urlencode(form).encode())  # noqa: S310 - https
    try:
        with urllib.request.urlopen(request, timeout=LIMIT_S, context=context) as answer:  # noqa: S310 - https
            found = json.loads(answer.read(_LARGEST_ANSWER))
    except urllib.error.HTTPError as error:
        why = ""
        with error, suppress(ValueError, OSError, AttributeError):
            # The error's name only: what is told beside it may quote what was sent.
            why = one_line(str(json.loads(error.read(_LARGEST_ANSWER)).get("error", "")), 60)
        if error.code >= 500 or error.code == 429:
            raise ServerDownError(f"{_host(known)} has no token just now ({error.code})") from None
        raise ServerRefusedError(
            f"{_host(known)} gives no token any more ({error.code} {why}); allow the box anew and put the new "
            "refresh_token in place, then run 'hand-dance post --retry all'"
        ) from None
    except (OSError, ValueError) as error:
        raise ServerDownError(f"no token could be fetched from {_host(known)} ({type(error).__name__})") from None
    return found if isinstance(found, dict) else {}


def _keep(path: Path, known: dict[str, str]) -> None:
    """Keep a renewed refresh token where the file can be written; where it cannot, the old one goes on."""
    part = path.with_name(f".{path.name}.part")
    with suppress(OSError):
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(known))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)


def _host(known: dict[str, str]) -> str:
    return one_line(urllib.parse.urlsplit(known["token_url"]).hostname or "the token's server", 80)
