"""What follows a performance: report and letter. Nothing here can harm the recording, which is complete by now.

The same steps complete a session that a power cut left unfinished.
"""

import sys

from firmware_py.archive.library import list_sessions
from firmware_py.archive.session_folder import SessionFolder
from firmware_py.config import Config
from firmware_py.errors import HandDanceError
from firmware_py.session.outcome import Outcome


def finish(folder: SessionFolder, config: Config, *, letter: bool) -> Outcome:
    """Make the report, then queue the letter and hand it over if it can be.

    What fails is said on standard error and can be done again: ``hand-dance report`` and ``hand-dance post``.
    """
    from firmware_py.report.report import make_report

    try:
        make_report(folder)
    except HandDanceError as error:
        print(f"hand-dance: {error}; the recording is kept, try hand-dance report {folder.path}", file=sys.stderr)
    return Outcome.of(folder, _post(folder, config) if letter and config.mail.transport != "off" else "")


def _post(folder: SessionFolder, config: Config) -> str:
    """Queue the letter and try once; return where it went, or an empty string."""
    from firmware_py.post.mailer import send_due
    from firmware_py.post.outbox import Outbox

    try:
        with Outbox(config.state) as outbox:
            queued = outbox.queue(folder.path, config.mail.recipient)
        send_due(config)
        with Outbox(config.state) as outbox:
            sent = outbox.letter(queued)
    except HandDanceError as error:
        print(f"hand-dance: {error}; the session is kept, try hand-dance post", file=sys.stderr)
        return ""
    if not sent.where:
        print(f"hand-dance: the letter is in the outbox: {sent.reason or sent.state}", file=sys.stderr)
    return sent.where


def unfinished(config: Config) -> list[SessionFolder]:
    """Return the sessions that began and have no end or no report yet."""
    return [
        folder
        for folder in list_sessions(config.state)
        if not folder.record().end or not folder.file(SessionFolder.REPORT).exists()
    ]
