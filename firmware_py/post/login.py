"""The login at a mail server: PLAIN, LOGIN or XOAUTH2, tried once.

Made here and not by smtplib, so that a wrong password is tried once and not once per mechanism, and may hold any
letters. Not here: where the secret is kept (``password``), or a token is had (``oauth``).
"""

import base64
import ssl
from typing import Final

from firmware_py.config import MailSettings
from firmware_py.post.address import one_line
from firmware_py.post.dialogue import LOGIN, Dialogue
from firmware_py.post.oauth import access_token
from firmware_py.post.password import password
from firmware_py.post.transports import ServerRefusedError

_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


def log_in(dialogue: Dialogue, mail: MailSettings, context: ssl.SSLContext) -> None:
    """Log in as the configuration says; ``auto`` is PLAIN (RFC 4616), else LOGIN, in UTF-8.

    Raises ServerRefusedError (refused, nothing usable offered, no secret) or ServerDownError.
    """
    if mail.security == "none" and mail.host not in _LOOPBACK and not mail.host.startswith("/"):
        raise ServerRefusedError(
            f"{dialogue.where} would get the password unencrypted; set mail.security to starttls or tls, "
            "or leave mail.user empty"
        )
    offered = dialogue.extension("auth").upper().split()
    wanted = ("PLAIN", "LOGIN") if mail.login == "auto" else (mail.login.upper(),)
    mechanism = next((name for name in wanted if name in offered), None)
    if mechanism is None:
        raise ServerRefusedError(
            f"{dialogue.where} offers no login known here ({' or '.join(wanted)}; it has: "
            f"{one_line(' '.join(offered)) or 'none'}); leave mail.user empty if it needs none, or change mail.login"
        )
    if mechanism == "XOAUTH2":
        _with_token(dialogue, mail, context)
    else:
        _with_password(dialogue, mail, mechanism)


def _with_password(dialogue: Dialogue, mail: MailSettings, mechanism: str) -> None:
    secret = password(mail.password_file)
    plain, _ = _kept(dialogue, mail.user, secret)
    if mechanism == "PLAIN":
        answer = dialogue.say(f"AUTH PLAIN {plain}", "AUTH")
        if answer[0] == 334:  # it takes no first word with the command (RFC 4954, 4)
            answer = dialogue.say(plain, "AUTH")
    else:
        answer = dialogue.say("AUTH LOGIN", "AUTH")
        for word in (_base64(mail.user), _base64(secret)):
            if answer[0] == 334:
                answer = dialogue.say(word, "AUTH")
    dialogue.expect(answer, LOGIN)


def _with_token(dialogue: Dialogue, mail: MailSettings, context: ssl.SSLContext) -> None:
    """Google's and Microsoft's own: the token in the first line; a refusal is told after an empty one."""
    token = access_token(mail.password_file, context)
    _, line = _kept(dialogue, mail.user, token)
    answer = dialogue.say(f"AUTH XOAUTH2 {line}", "AUTH")
    if answer[0] == 334:
        answer = dialogue.say("", "AUTH")
    dialogue.expect(answer, LOGIN)


def _kept(dialogue: Dialogue, user: str, secret: str) -> tuple[str, str]:
    """Keep a secret out of every message, in each shape there is, and return it as PLAIN and XOAUTH2 say it."""
    plain, bearer = _base64(f"\0{user}\0{secret}"), _base64(f"user={user}\x01auth=Bearer {secret}\x01\x01")
    dialogue.keep_secret(plain, bearer, _base64(secret), secret)
    return plain, bearer


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
