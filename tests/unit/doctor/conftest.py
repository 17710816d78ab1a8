"""A machine in a folder, whose files and commands a test breaks one at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from firmware_py.config import Config, PathSettings
from firmware_py.doctor.check import Patient
from firmware_py.doctor.place import Machine


@dataclass(frozen=True)
class FakeMachine(Machine):
    """Tells what it was taught; ``says`` maps a command's first words to what it prints."""

    says: Mapping[str, str | None] = field(default_factory=dict)

    def tells(self, *command: str) -> str | None:
        return next((told for words, told in self.says.items() if " ".join(command).startswith(words)), None)


Examined = Callable[..., Patient]


@pytest.fixture
def patient(tmp_path: Path) -> Examined:
    """Make a patient: files of its machine by name, what its commands say, and sections of its configuration."""

    def make(
        files: Mapping[str, str] | None = None, says: Mapping[str, str | None] | None = None, **sections
    ) -> Patient:
        root = tmp_path / "root"
        for name, text in (files or {}).items():
            path = root / name.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        state = tmp_path / "state"
        state.mkdir(exist_ok=True)
        return Patient(Config(paths=PathSettings(state=str(state)), **sections), FakeMachine(root, says or {}))

    return make
