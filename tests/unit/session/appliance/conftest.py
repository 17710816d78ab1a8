"""A box with a drawn hand and a sound that is paced, and what it says."""

from pathlib import Path

import pytest

from firmware_py.archive.space import Space
from firmware_py.config import CameraSettings, Config, PathSettings, PlaySettings, SoundSettings
from firmware_py.session import appliance


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(
        paths=PathSettings(state=str(tmp_path)),
        camera=CameraSettings(source="ghost:plain=1"),
        sound=SoundSettings(audio="paced"),
        play=PlaySettings(song="free", player="Ana"),
    )


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the box says, in order."""
    said: list[str] = []
    monkeypatch.setattr(appliance, "space_of", lambda _: Space(10**10))
    monkeypatch.setattr(appliance.Chimes, "play", lambda _, chime: said.append(str(chime)))
    return said
