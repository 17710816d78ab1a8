"""What follows a performance: report and letter. Nothing here can harm the recording, which is complete by now.

The same steps complete a session that a power cut left unfinished.
"""

import sys
from enum import Enum

from firmware_py.archive.library import list_sessions
from firmware_py.archive.session_folder import SessionFolder
from firmware_py.config import Config
from firmware_py.errors import HandDanceError
from firmware_py.session.outcome import Outcome


class Letter(Enum):
    """What is done about a session's letter: nothing, queued for the post service, or queued and sent now."""

    NONE = "none"
    QUEUE = "queue"
    SEND = "send"


def finish(folder: SessionFolder, config: Config, letter: Letter) -> Outcome:
    """Make the report, then see to the letter.

    What fails is said on standard error and can be done again: ``hand-dance report`` and ``hand-dance post``.
    """
    from firmware_py.report.report import make_report

    try:
        make_report(folder)
    except HandDanceError as error:
        print(f"hand-dance: {error}; the recording is kept, try hand-dance report {folder.path}", file=sys.stderr)
    return Outcome.of(folder, _post(folder, config, letter))


def _post(folder: SessionFolder, config: Config, letter: Letter) -> str:
    """Queue the letter, try once if it is to be sent now, and return where it went, or an empty string."""
    if letter is Letter.NONE or config.mail.transport == "off":
        return ""
    from firmware_py.post.mailer import queue_session, send_due

    try:
        queued = queue_session(config, folder.path)
        if letter is Letter.QUEUE:
            return ""
        sent = next((delivery for delivery in send_due(config) if delivery.id == queued), None)
    except HandDanceError as error:
        print(f"hand-dance: {error}; the session is kept, try hand-dance post", file=sys.stderr)
        return ""
    if sent is None or not sent.delivered:
        why = sent.reason if sent else "another mailer has it, or the server was asked to wait"
        print(f"hand-dance: the letter waits in the outbox: {why}", file=sys.stderr)
        return ""
    return sent.where


def complete_unfinished(config: Config, letter: Letter) -> list[Outcome]:
    """Complete the sessions that a power cut or a crash left without an end or a report; oldest first."""
    outcomes = []
    for folder in list_sessions(config.state):
        ended = bool(folder.record().end)
        if ended and folder.file(SessionFolder.REPORT).exists():
            continue
        if not ended:
            folder.update(end="interrupted", seconds=_recorded_s(folder))
        outcomes.append(finish(folder, config, letter))
    return outcomes


def _recorded_s(folder: SessionFolder) -> float:
    """Return the length of sound.wav in seconds, 0 where there is none that can be read."""
    import soundfile

    try:
        return float(soundfile.info(folder.file(SessionFolder.SOUND)).duration)
    except (OSError, soundfile.LibsndfileError):
        return 0.0
