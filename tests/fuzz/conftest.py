"""How every fuzz target is run: a few cases, always the same, in the test run; ``make fuzz`` for as long as was asked.

A target is a test that takes the fixture ``fuzz`` and gives it a Hypothesis strategy and what must hold of every case.
``HAND_DANCE_FUZZ_SECONDS`` gives each so many seconds of the processor, with cases that are new every time; a case that
breaks is shrunk and printed. The summary tells the cases and the processor's time of each target.
"""

import os
import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

SECONDS = float(os.environ.get("HAND_DANCE_FUZZ_SECONDS", "0"))
CASES = 40  # where no time is given
ROUND = 200  # cases, after which the time is looked at
DONE = pytest.StashKey[dict[str, tuple[int, float]]]()

Fuzz = Callable[..., None]


@pytest.fixture
def fuzz(request: pytest.FixtureRequest) -> Fuzz:
    """Run ``holds`` on many cases of a strategy; ``at_least`` so many where no time is given."""

    def run(cases: SearchStrategy[Any], holds: Callable[[Any], None], at_least: int = CASES) -> None:
        tried = 0
        begin = time.process_time()

        def one(case: Any) -> None:
            nonlocal tried
            tried += 1
            holds(case)

        def some(number: int, most: int) -> None:
            phases = (Phase.generate, Phase.target, Phase.shrink)
            options = settings(
                max_examples=most, deadline=None, database=None, phases=phases, suppress_health_check=list(HealthCheck)
            )
            seed(number)(options(given(cases)(one)))()

        some(1, at_least)
        while time.process_time() - begin < SECONDS:
            some(random.SystemRandom().randrange(1 << 48), ROUND)
        spent = time.process_time() - begin
        request.config.stash.setdefault(DONE, {})[request.node.name] = tried, spent

    return run


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A target may take as long as was asked, on a machine that has other things to do too."""
    for item in items:
        if SECONDS and "fuzz" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(SECONDS * 60 + 600))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what was tried."""
    done = config.stash.get(DONE, {})
    if done and SECONDS:
        terminalreporter.section("fuzzed")
        for name, (tried, spent) in done.items():
            terminalreporter.write_line(f"{tried:9,d} cases {spent:8.1f} s  {name}")
        cases, spent = (sum(column) for column in zip(*done.values(), strict=True))
        terminalreporter.write_line(f"{cases:9,.0f} cases {spent:8.1f} s of the processor in all")
