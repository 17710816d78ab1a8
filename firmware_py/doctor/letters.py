"""The way of letters: whether the server takes the login, or the program can send; and what waits in the outbox."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Final

from firmware_py.config import MailSettings
from firmware_py.doctor.check import Patient
from firmware_py.doctor.finding import Finding, Level
from firmware_py.errors import MailError, MailRefusedError
from firmware_py.post.dialogue import Patience
from firmware_py.post.mailer import open_outbox
from firmware_py.post.outbox import Outbox
from firmware_py.post.password import CREDENTIAL, SEALED
from firmware_py.post.presets import preset_of, with_preset
from firmware_py.post.queued_letter import LetterState
from firmware_py.post.sendmail import INSTEAD, SendmailTransport, gains_rights
from firmware_py.post.smtp import SmtpTransport

IMPATIENT: Final = Patience(connect=5.0, answer=5.0)


def mail(patient: Patient) -> list[Finding]:
    """Log in to the mail server and hang up; or look at the folder that letters are put into."""
    settings = with_preset(patient.config.mail)

    def found(level: Level, says: str, remedy: str = "") -> list[Finding]:
        return [Finding("mail", "Mail", level, says, remedy)]

    if settings.transport == "off":
        return found(Level.GREEN, "off: sessions stay on the box")
    if settings.transport == "maildir":
        folder = Path(settings.maildir).expanduser() if settings.maildir else patient.config.state / "mail"
        there = next(path for path in (folder, *folder.parents) if path.exists())
        if not there.is_dir() or not os.access(there, os.W_OK):
            return found(Level.RED, f"{there} cannot be written", "name another folder as maildir under [mail]")
        return found(Level.GREEN, f"letters are put into {folder}")
    server = f"{settings.host}:{settings.port}"
    tried, untried = _as_this_user(settings)
    by_program = settings.transport == "sendmail"
    try:
        way = SendmailTransport(settings.command) if by_program else SmtpTransport(tried, IMPATIENT)
        way.connect().close()
    except MailRefusedError as error:
        said, _, remedy = str(error).partition("; ")
        needs = f"{preset.title} wants {preset.needs}; " if (preset := preset_of(settings)) else ""
        remedy = remedy or "look at [mail]: host, port, security, user and its password"
        return found(Level.RED, said, needs + remedy)
    except MailError as error:
        said, _, remedy = str(error).partition("; ")
        return found(Level.AMBER, said, remedy or "letters wait and are tried again; see Network")
    if by_program and gains_rights(settings.command):
        return found(Level.AMBER, f"{settings.command} works with rights that the mail service cannot give it", INSTEAD)
    if by_program:
        return found(Level.GREEN, f"letters go through {settings.command}")
    if untried:
        return found(Level.GREEN, f"{server} answers; the password is the mail service's alone to try")
    return found(Level.GREEN, f"{server} answers{' and takes the login' if settings.user else ''}")


def _as_this_user(settings: MailSettings) -> tuple[MailSettings, bool]:
    """Leave the login out where its password is a credential that only the mail service is given."""
    given = os.environ.get("CREDENTIALS_DIRECTORY", "")
    hidden = (
        bool(settings.user)
        and not settings.password_file
        and not any(given and Path(given, name).exists() for name in (CREDENTIAL, SEALED))
    )
    return (replace(settings, user="") if hidden else settings), hidden


def outbox(patient: Patient) -> list[Finding]:
    """Count the letters that wait and those that need a person."""
    title = "Letters"
    if not (patient.config.state / "outbox" / Outbox.DATABASE).exists():
        return [Finding("letters", title, Level.GREEN, "none yet")]
    try:
        with open_outbox(patient.config) as box:
            letters = box.letters()
    except MailError as error:
        said, _, remedy = str(error).partition("; ")
        return [Finding("letters", title, Level.RED, said, remedy)]
    stuck = [letter for letter in letters if letter.state is LetterState.NEEDS_A_PERSON]
    waiting = [letter for letter in letters if letter.state in (LetterState.WAITING, LetterState.DUE)]
    sent = sum(letter.state is LetterState.DELIVERED for letter in letters)
    figures = {"delivered": sent, "waiting": len(waiting), "stuck": len(stuck)}
    says = f"{sent} delivered, {len(waiting)} waiting, {len(stuck)} stuck"
    if stuck:
        remedy = "put right what it says, then: hand-dance post --retry all"
        return [Finding("letters", title, Level.RED, f"{says}: {stuck[-1].reason}", remedy, figures)]
    failed = [letter for letter in waiting if letter.reason and (letter.attempts or letter.server_wide)]
    if failed:
        why = failed[-1].reason
        remedy = "they are tried again by themselves; at once: hand-dance post --retry all"
        return [Finding("letters", title, Level.AMBER, f"{says}: {why}", remedy, figures)]
    return [Finding("letters", title, Level.GREEN, says, figures=figures)]
