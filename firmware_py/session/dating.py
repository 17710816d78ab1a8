"""When a session was: a board without a battery does not know before it has met the network.

Until then a session is told by the boot it was played in and the time since, and its name keeps the order; once the
clock is set in the same boot, its folder is named right. Not here: setting the clock (the system's time service).
"""

import logging
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from firmware_py.archive.library import list_sessions
from firmware_py.archive.session_folder import SessionFolder, SessionRecord
from firmware_py.config import Config
from firmware_py.errors import HandDanceError, SessionFolderError
from firmware_py.post.mailer import open_outbox

log: Final = logging.getLogger(__name__)
TIME_SERVICE: Final = Path("/run/systemd/timesync")  # its mark lies there once it has set the clock
BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
NEAR: Final = timedelta(seconds=2)  # a clock that was right all the time is left alone
UNSET, SET_LATER = "unset", "set later"


@dataclass(frozen=True)
class Now:
    """The machine's clocks at one instant. boot_ns: CLOCK_BOOTTIME; is_set: whether utc can be believed."""

    utc: datetime
    boot_id: str
    boot_ns: int
    is_set: bool


def read_clocks(time_service: Path = TIME_SERVICE, boot: Path = BOOT) -> Now:
    """Read the clocks. Without systemd's time service nobody tells, and the clock is believed."""
    try:
        boot_id = boot.read_text().strip()
    except OSError:
        boot_id = ""
    return Now(
        utc=datetime.now(UTC),
        boot_id=boot_id,
        boot_ns=time.clock_gettime_ns(time.CLOCK_BOOTTIME),
        is_set=not time_service.is_dir() or (time_service / "synchronized").exists(),
    )


def dated(record: SessionRecord, state: Path, now: Now) -> SessionRecord:
    """Return the record of a session that begins now, dated by a set clock, or so that it comes after all others."""
    if now.is_set:
        return replace(record, boot_id=now.boot_id, boot_ns=now.boot_ns)
    started = now.utc
    for folder in reversed(list_sessions(state)):
        try:
            started = max(started, _started(folder.record()) + timedelta(seconds=1))
            break
        except (SessionFolderError, ValueError):
            continue
    return replace(record, started_utc=_written(started), boot_id=now.boot_id, boot_ns=now.boot_ns, clock=UNSET)


def date_right(config: Config, now: Now) -> list[SessionFolder]:
    """Date the sessions of this boot that began before the clock was set, and return their folders as now named.

    Each is to be reported anew, for its date. What a power cut left between two steps is done the next time, set clock
    or not.
    """
    changed = []
    for folder in list_sessions(config.state):
        try:
            record = folder.record()
            if now.is_set and record.clock == UNSET and record.boot_id == now.boot_id and record.end:
                record = _right(folder, record, now)
            if record.clock == SET_LATER and not folder.path.name.startswith(record.stem):
                changed.append(_renamed(folder, record, config))
        except (HandDanceError, OSError, ValueError) as error:
            log.warning("a session keeps its date for now: %s", error)
    return changed


def _right(folder: SessionFolder, record: SessionRecord, now: Now) -> SessionRecord:
    """Write down when it began: as long ago as the clock that never jumps says."""
    began = now.utc - timedelta(microseconds=(now.boot_ns - record.boot_ns) / 1000)
    if abs(began - _started(record)) <= NEAR:
        return folder.update(clock="")
    return folder.update(started_utc=_written(began), clock=SET_LATER)


def _renamed(folder: SessionFolder, record: SessionRecord, config: Config) -> SessionFolder:
    """Give the folder its name, and its letter the folder; the score is made anew, with the right date."""
    stem = folder.path.with_name(record.stem)
    target = next(
        path for n in range(1, 1000) if not (path := stem if n == 1 else stem.with_name(f"{stem.name}-{n}")).exists()
    )

    def rename() -> None:
        folder.count_try(0)
        folder.path.rename(target)

    with open_outbox(config) as outbox:
        outbox.move(folder.path, target, rename)
    log.info("the clock is set: the session %s is now %s", folder.path.name, target.name)
    return SessionFolder(target)


def _started(record: SessionRecord) -> datetime:
    started = datetime.fromisoformat(record.started_utc)
    return started if started.tzinfo else started.replace(tzinfo=UTC)


def _written(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
