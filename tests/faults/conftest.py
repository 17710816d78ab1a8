"""A card of a size of its own, so that it can be full."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Card = Callable[..., Path]


@pytest.fixture
def card(tmp_path: Path, models_state: Path) -> Iterator[Card]:
    """Make a file system of so much room, as ``mount`` writes it (``24M``); with_models: those that tests share."""
    made: list[Path] = []

    def make(size: str, name: str = "card", *, with_models: bool = False) -> Path:
        place = tmp_path / name
        place.mkdir()
        if (
            os.geteuid() != 0
            or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place]).returncode
        ):
            pytest.skip("needs root and mount, for a file system of its own")
        made.append(place)
        for shared in ("models", "cache") if with_models else ():
            (models_state / shared).mkdir(parents=True, exist_ok=True)
            (place / shared).symlink_to(models_state / shared)
        return place

    yield make
    for place in made:
        subprocess.run(["umount", "-l", place], check=True)
