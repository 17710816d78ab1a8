"""The record of a session that was never played: for whoever measures or tries what comes after one.

Not here: what else lies in the folder (a score of some size, a sound), which each writes as it needs it.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from firmware_py.archive.session_folder import SessionRecord
from firmware_py.music.mapping import Mapping

_FIRST: Final = datetime(2026, 11, 21, 10, 15, tzinfo=UTC)


def finished_record(number: int = 0, **changes: Any) -> SessionRecord:
    """Return the record of finished session ``number``, each a second after the one before, with some fields changed.

    Another number is another session: its folder has another name, and its letter another Message-ID.
    """
    record = SessionRecord(
        started_utc=f"{_FIRST + timedelta(seconds=number):%Y-%m-%dT%H:%M:%SZ}",
        song="ode-to-joy",
        patch="air",
        player="Ana",
        camera="ghost",
        audio="offline",
        mapping=Mapping(),
        t0_ns=number,
        rate_hz=48_000,
        song_start_s=2.0,
        delay_s=0.06,
        tempo_bpm=100.0,
        end="stop",
    )
    return replace(record, **changes)
