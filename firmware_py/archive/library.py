"""The sessions on this box, read from their folders: list, find, compare, delete.

The folders are the truth; the index kept over them (``index``) can be thrown away. Not here: ``exporting``.
"""

import shutil
from contextlib import suppress
from pathlib import Path

from firmware_py.archive.index import past_sessions
from firmware_py.archive.session_folder import SessionFolder
from firmware_py.errors import SessionFolderError
from firmware_py.music.progress import PastSession
from firmware_py.music.songs_library import FREE_PLAY


def sessions_in(state: Path) -> Path:
    """Return the folder that sessions lie in."""
    return state / "sessions"


def list_sessions(state: Path) -> list[SessionFolder]:
    """Return all sessions, oldest first; what has no session.json is not one."""
    return [SessionFolder(path.parent) for path in sorted(sessions_in(state).glob(f"*/{SessionFolder.RECORD}"))]


def remove_unbegun(state: Path) -> None:
    """Remove what a power cut left of sessions in the instant in which their folder was made: no session.json yet.

    Only while nobody plays. A folder that holds anything else than what is written before it is left alone, and so is
    one that cannot be removed.
    """
    for path in sessions_in(state).glob("*/"):
        with suppress(OSError):
            if {one.name for one in path.iterdir()} <= {SessionFolder.UNFINISHED, SessionFolder.RECORD_PART}:
                shutil.rmtree(path)


def find_session(state: Path, named: str) -> SessionFolder:
    """Return the session of this path or name, or of the only name that begins so; ``last`` is the newest.

    Raises SessionFolderError where there is none, or more than one.
    """
    if (Path(named) / SessionFolder.RECORD).is_file():
        return SessionFolder(Path(named).resolve())
    there = list_sessions(state)
    if named == "last" and there:
        return there[-1]
    exact = [folder for folder in there if folder.path.name == named]
    found = exact or [folder for folder in there if folder.path.name.startswith(named)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(folder.path.name for folder in (found or there)[-5:]) or "none yet"
    count = "no session" if not found else f"{len(found)} sessions"
    raise SessionFolderError(f"{count} named {named} in {sessions_in(state)}; there are: {known}")


def earlier_sessions(folder: SessionFolder) -> tuple[PastSession, ...]:
    """Return the sessions that a session's marks may be compared with, oldest first.

    The same player's, of the same song, begun before it, with marks and with notes played. A player without a name is
    everybody who gave none on this box. None for free play, for a practised passage, and for a folder that lies in no
    library, as one that was copied elsewhere. Raises SessionFolderError where the session itself cannot be read.
    """
    record = folder.record()
    if record.song in ("", FREE_PLAY) or not record.passage.is_whole or folder.path.parent.name != "sessions":
        return ()
    begun = (record.started_utc, folder.path.name)
    there = past_sessions(folder.path.parent.parent, player=record.player, song=record.song)
    return tuple(past for past in there if past.counts and (past.started_utc, past.name) < begun)


def delete_session(folder: SessionFolder) -> None:
    """Remove the session's folder, session.json last: cut short, it is still a session that can be deleted again.

    Raises SessionFolderError where it cannot be removed.
    """
    try:
        for path in folder.path.iterdir():
            if path.name == SessionFolder.RECORD:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        shutil.rmtree(folder.path)
    except OSError as error:
        raise SessionFolderError(f"{folder.path} cannot be deleted ({error.strerror}); make it writable") from error
