"""What tests of several rooms share: the finder's model files and the real pictures and clips."""

import os
from pathlib import Path

import pytest

from firmware_py.sight import models

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def model_files() -> models.ModelFiles:
    """The finder's files, fetched once into the project's cache folder."""
    state = ROOT / ".cache"
    models.fetch(state)
    return models.find(state)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real pictures and clips."""
    named = os.environ.get("HAND_DANCE_DATA")
    place = Path(named) if named else ROOT.parent / "shared" / "data"
    if not (place / "hands").is_dir():
        pytest.skip(f"no real pictures and clips at {place}; HAND_DANCE_DATA may name another place")
    return place
