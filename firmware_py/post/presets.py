"""What is known of the mail providers that most boxes use, as data: server, encryption, login, documented limits.

A preset fills in what the configuration leaves at its default; whatever is set there counts for more. A limit that a
provider's pages do not tell is left to its server, which names its SIZE and refuses what is too much. Not here:
talking to them (``smtp``).
"""

from dataclasses import dataclass, fields, replace
from typing import Any, Final

from firmware_py.config import MailSettings


@dataclass(frozen=True)
class Preset:
    """One provider.

    Attributes
    ----------
    title
        Its name.
    host, port, security, login
        As in the configuration; an empty host has to be named there.
    limit_bytes
        Largest letter as encoded; None: the server says it itself (SIZE).
    recipients_per_day
        None: no limit is known.
    needs
        What a person has to do there first.
    source
        Where that is documented, as it was read in November 2026.
    """

    title: str
    host: str
    port: int
    security: str
    login: str
    limit_bytes: int | None
    recipients_per_day: int | None
    needs: str
    source: str


PRESETS: Final[dict[str, Preset]] = {
    "gmail": Preset(
        title="Gmail",
        host="smtp.gmail.com",
        port=587,
        security="starttls",
        login="auto",
        limit_bytes=25_000_000,
        recipients_per_day=500,
        needs="two-step verification and an app password; the account's own password is refused",
        source="support.google.com/mail/answer/22839 and /answer/185833",
    ),
    "outlook": Preset(
        title="Outlook.com",
        host="smtp-mail.outlook.com",
        port=587,
        security="starttls",
        login="xoauth2",
        # Two versions of its page name 25 and 34 MB: the smaller. It names 1000 new people a day for subscribers and
        # "lower" for all others, for whom msoutlook.info (question 235) tells of 300.
        limit_bytes=25_000_000,
        recipients_per_day=300,
        needs="an OAuth 2 token: no kind of password is taken since September 2024",
        source="support.microsoft.com: POP, IMAP, and SMTP settings for Outlook.com (host, port, OAuth2); "
        "Sending limits in Outlook.com (279ee200-594c-40f0-9ec8-bb6af7735c2e)",
    ),
    "gmx": Preset(
        title="GMX",
        host="mail.gmx.net",
        port=587,
        security="starttls",
        login="auto",
        limit_bytes=None,
        recipients_per_day=None,
        needs="POP3 and IMAP allowed in the account's settings, and with two-factor login a password of the box's own "
        "(at gmx.com the host is mail.gmx.com)",
        source="gmx.net/mail/tipps/posts/pop3-imap/36 (off until allowed); hilfe.gmx.net/sicherheit/2fa/"
        "anwendungsspezifisches-passwort.html; host and ports: github.com/deltachat/provider-db, gmx.net.md",
    ),
    "lan": Preset(
        title="a relay in the local network",
        host="",
        port=25,
        security="none",
        login="auto",
        limit_bytes=None,
        recipients_per_day=None,
        needs="its name as mail.host; it has to take letters from this box without a login",
        source="RFC 5321 and 1870: the relay says its limit itself",
    ),
}


def preset_of(mail: MailSettings) -> Preset | None:
    """Return the preset that the configuration names; None: none."""
    return PRESETS.get(mail.preset)


def with_preset(mail: MailSettings) -> MailSettings:
    """Fill in what the configuration leaves at its default. A preset means SMTP, unless another way is named."""
    preset = preset_of(mail)
    if preset is None:
        return mail
    known: dict[str, Any] = {
        "transport": "smtp",
        "host": preset.host,
        "port": preset.port,
        "security": preset.security,
        "login": preset.login,
    }
    default = {declared.name: declared.default for declared in fields(mail)}
    return replace(mail, **{name: value for name, value in known.items() if getattr(mail, name) == default[name]})
