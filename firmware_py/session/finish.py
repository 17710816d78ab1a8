"""What follows a performance: report and letter. Nothing here can harm the recording, which is complete by now.

The same steps complete a session that a power cut left unfinished, or whose report or letter could not be made.
"""

from collections.abc import Iterator
from typing import Final

from firmware_py.archive.library import list_sessions, remove_unbegun
from firmware_py.archive.session_folder import SessionFolder
from firmware_py.config import Config
from firmware_py.errors import HandDanceError, SessionFolderError
from firmware_py.session.outcome import Outcome
from firmware_py.session.saying import say
from firmware_py.sound.wav_file import complete_wav

TRIES: Final = 3  # that a session is completed by itself; each is counted before it begins, as it may end the process


def finish(folder: SessionFolder, config: Config, *, letter: bool, letter_after_s: float = 0.0) -> Outcome:
    """Make the report, then queue the letter, which waits ``letter_after_s`` seconds for a better address.

    What fails is said on standard error, leaves the folder marked as unfinished, and can be done again:
    ``hand-dance report`` and ``hand-dance post``.
    """
    folder.count_try()
    reported = _report(folder)
    queued = letter and config.mail.transport != "off"
    posted = not queued or _queue(folder, config, letter_after_s)
    if reported and posted:
        folder.is_finished()
    return Outcome.of(folder, queued=queued and posted)


def send_now(folder: SessionFolder, config: Config) -> str:
    """Try once to send a session's queued letter and return where it went; empty: it waits, and a sentence says why."""
    from firmware_py.post.mailer import queue_session, send_due

    try:
        queued = queue_session(config, folder.path)
        sent = next((delivery for delivery in send_due(config) if delivery.id == queued), None)
    except HandDanceError as error:
        say(f"{error}; the session is kept, try hand-dance post")
        return ""
    except KeyboardInterrupt:
        say("the letter waits in the outbox: stopped by SIGINT; hand-dance post sends it")
        return ""
    if sent is None or not sent.delivered:
        why = sent.reason if sent else "another mailer has it, or the server was asked to wait"
        say(f"the letter waits in the outbox: {why}")
        return ""
    return sent.where


def complete_unfinished(config: Config) -> Iterator[Outcome]:
    """Complete, oldest first, the sessions that were left without an end, a report or their letter.

    One a step, so that the caller may do something else between two. A session that cannot be completed is said once
    and given up after TRIES tries of this version; what a power cut left of one that had not begun is removed.
    """
    remove_unbegun(config.state)
    for folder in list_sessions(config.state):
        if folder.tries >= TRIES:
            continue
        try:
            ended = bool(folder.record().end)
            if ended and not folder.unfinished and folder.file(SessionFolder.REPORT).exists():
                continue
            if not ended:
                mark_interrupted(folder)
            yield finish(folder, config, letter=True)
        except SessionFolderError as error:
            folder.count_try(TRIES)
            say(f"a session is passed over: {error}")


def mark_interrupted(folder: SessionFolder) -> None:
    """Give a session that nobody plays any more its end: ``interrupted``, after as long as sound.wav is.

    mic.wav, where there is one, is made as long.
    """
    record = folder.update(end="interrupted", seconds=_recorded_s(folder))
    microphone = folder.file(SessionFolder.MICROPHONE)
    try:
        if microphone.exists() and not complete_wav(microphone, round(record.seconds * record.rate_hz)):
            say(f"{microphone} is no recording; it is left as it is")
    except OSError as error:
        say(f"{microphone} cannot be completed ({error.strerror}); it is left as it is")


def _report(folder: SessionFolder) -> bool:
    from firmware_py.report.report import make_report

    try:
        make_report(folder)
    except HandDanceError as error:
        say(f"{error}; the recording is kept, try hand-dance report {folder.path}")
        return False
    return True


def _queue(folder: SessionFolder, config: Config, after_s: float) -> bool:
    from firmware_py.post.mailer import queue_session

    try:
        queue_session(config, folder.path, after_s=after_s)
    except HandDanceError as error:
        say(f"the letter cannot be queued: {error}; the session is kept in {folder.path}")
        return False
    return True


def _recorded_s(folder: SessionFolder) -> float:
    """Return the length of sound.wav in seconds, 0 where there is none that can be read."""
    import soundfile

    try:
        return float(soundfile.info(folder.file(SessionFolder.SOUND)).duration)
    except (OSError, soundfile.LibsndfileError):
        return 0.0
