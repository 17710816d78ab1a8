"""The ghost closes its hand between notes, and the whole chain hears each of them struck."""

from pathlib import Path

import pytest

from tests.rigs.hand_dance import run

pytestmark = pytest.mark.slow


def test_every_note_that_a_fist_strikes_again_is_heard_and_closing_the_hand_costs_nothing(state: Path) -> None:
    asked = ("--song", "twinkle", "--from", "1", "--to", "2", "--audio", "offline", "--no-letter", "--json")
    found = run(state, "play", "--camera", "ghost:strike=fist", "--articulation", "openness", *asked).json
    assert found["notes"] == 7
    assert found["frames_with_hand"] >= 0.95 * 60 * 5.0  # two bars at 96 a minute, the hand in view all along
    assert found["marks"] >= 95
