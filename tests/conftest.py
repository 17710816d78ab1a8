"""For every tier: where the real data lies, and the rule that no skip goes unseen.

The summary names every skip with its reason. With ``CI=true`` a skip fails the run unless its reason begins with one
of ``ALLOWED_SKIPS``: data that is not everywhere, and hardware that no test machine has.
"""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from firmware_py.sight import models

# A busy machine is no failure of the property: how long one example takes is not what these tests are about.
settings.register_profile("hand-dance", deadline=None, print_blob=True)
settings.load_profile("hand-dance")

ALLOWED_SKIPS = ("needs ../shared/data", "needs hardware")
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real pictures and clips; skips where it is not there."""
    place = Path(os.environ.get("HAND_DANCE_DATA") or ROOT.parent / "shared" / "data")
    if not (place / "hands" / "labels.csv").is_file():
        pytest.skip(f"needs ../shared/data (looked in {place})")
    return place


@pytest.fixture(scope="session")
def models_state() -> Path:
    """A state folder that the finder's model files were fetched to, once for all runs in this checkout."""
    place = Path(os.environ.get("HAND_DANCE_TEST_STATE") or ROOT / ".cache" / "test-state")
    models.fetch(place)
    return place


@pytest.fixture(scope="session")
def model_files(models_state: Path) -> models.ModelFiles:
    """The finder's files, each one checked."""
    return models.find(models_state)


@pytest.fixture
def state(tmp_path: Path, models_state: Path) -> Path:
    """A new state folder for a whole session, with the models and the drawn hands that all tests share."""
    for shared in ("models", "cache"):
        (models_state / shared).mkdir(parents=True, exist_ok=True)
        (tmp_path / shared).symlink_to(models_state / shared)
    return tmp_path


def _unseen(terminal: pytest.TerminalReporter) -> list[str]:
    """Return the skips that CI does not allow, as 'test: reason'."""
    found = []
    for report in terminal.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reason = reason.removeprefix("Skipped: ")
        if not reason.startswith(ALLOWED_SKIPS):
            found.append(f"{report.nodeid}: {reason}")
    return found


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In CI, a skip that is not allowed fails the run."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == 0 and os.environ.get("CI") == "true" and terminal is not None and _unseen(terminal):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the skips that are a failure here; say how many letters the faults of the post doubled."""
    told = [value for report in terminalreporter.stats.get("passed", []) for value in report.user_properties]
    if letters := [count for name, count in told if name == "letters"]:
        again = sum(count for name, count in told if name == "letters again")
        said = f"{sum(letters)} letters, none lost, {again} arrived again under their Message-ID"
        terminalreporter.write_line(f"post: {len(letters)} faults, {said}")
    unseen = _unseen(terminalreporter)
    if unseen and os.environ.get("CI") == "true":
        terminalreporter.section("skips that CI does not allow", red=True)
        for line in unseen:
            terminalreporter.write_line(line)
