"""The machine that the tests in here begin with: built once, and switched on anew for each file of them."""

import os
import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.box.machine import PLACE, Machine

SEED = int(os.environ.get("HAND_DANCE_SEED", "1"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.timeout(3 * 3600))  # each wait inside has a limit of its own


@pytest.fixture(scope="session")
def built() -> None:
    """The machine's disk, made anew where the project or the rig has changed."""
    subprocess.run([Path(__file__).with_name("build"), PLACE], check=True)


@pytest.fixture(scope="module")
def machine(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A box whose power is on."""
    with Machine(tmp_path_factory.mktemp("box")) as one:
        one.power_on()
        yield one


@pytest.fixture
def dice() -> random.Random:
    return random.Random(SEED)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print a figure where whoever runs the tests sees it."""

    def printed(text: str) -> None:
        with capsys.disabled():
            print(text)

    return printed
