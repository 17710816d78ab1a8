"""Session folders to work on, made in a moment."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from firmware_py.archive.library import sessions_in
from firmware_py.archive.session_folder import SessionFolder, SessionRecord
from firmware_py.config import Config, MailSettings, PathSettings
from firmware_py.music.mapping import Mapping
from firmware_py.sound.wav_file import WavFile


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(paths=PathSettings(state=str(tmp_path)), mail=MailSettings(recipient="ana@example.org"))


@pytest.fixture
def played(tmp_path: Path) -> Callable[..., SessionFolder]:
    """Make the folder of a session of two seconds; ``end=""`` is one that was cut off."""

    def make(**changes: Any) -> SessionFolder:
        known = {
            "started_utc": "2026-11-21T10:30:00Z",
            "song": "ode-to-joy",
            "patch": "air",
            "player": "",
            "camera": "ghost",
            "audio": "offline",
            "mapping": Mapping(),
            "t0_ns": 1,
            "rate_hz": 48_000,
            "song_start_s": 0.0,
            "delay_s": 0.06,
            "tempo_bpm": 120.0,
            "seconds": 2.0,
            "end": "the song ended",
        }
        folder = SessionFolder.create(sessions_in(tmp_path), SessionRecord(**{**known, **changes}))
        sound = WavFile(folder.file(SessionFolder.SOUND), 48_000)
        sound.cut_or_pad(96_000)
        sound.close()
        return folder

    return make
