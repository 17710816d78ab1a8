"""The command that finds a player's reach, with the ghost before the camera: kept for the player, or refused."""

from pathlib import Path

import pytest

from firmware_py.archive.players import Players
from firmware_py.music.reach import Reach
from tests.rigs.hand_dance import run

pytestmark = pytest.mark.slow


def test_the_reach_of_a_ghost_is_kept_for_the_player_and_refused_of_one_that_hardly_moves(state: Path) -> None:
    arm = ("calibrate", "reach", "--player", "Ana", "--hand", "left", "--camera")
    refused = run(state, *arm, "ghost:far=0.05,near=0.07,plain=1")
    assert refused.code == 1
    assert "1.4 times as much, 2 times are needed" in refused.err
    assert Players(state).all() == ()
    found = run(state, *arm, "ghost:far=0.04,near=0.16,plain=1", "--json").json
    assert (found["player"], found["hand"]) == ("Ana", "left")
    assert found["area_far"] == pytest.approx(0.04, rel=0.1)
    assert found["ratio"] == pytest.approx(4.0, rel=0.15)
    player = Players(state).named("Ana")
    assert player.reach == Reach(found["area_far"], found["area_near"])
