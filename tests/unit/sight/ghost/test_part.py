"""The words that describe a ghost on the command line."""

import pytest

from firmware_py.errors import UsageError
from firmware_py.sight.ghost.part import GhostPlayer


def test_no_word_is_the_perfect_player() -> None:
    assert GhostPlayer.parse("") == GhostPlayer()


def test_every_key_is_read() -> None:
    found = GhostPlayer.parse("player=first-half,late=0.1,cents=-30,tremble=12.5,missing=0.2,seed=7,plain=1")
    assert found == GhostPlayer("first-half", late=0.1, cents=-30, tremble=12.5, missing=0.2, seed=7, plain=1)


@pytest.mark.parametrize("spec", ["lates=1", "late", "=3", "late:0.1"])
def test_a_wrong_key_is_refused_with_the_allowed_ones(spec: str) -> None:
    with pytest.raises(UsageError, match="a key of player, late, cents, tremble, missing, seed, plain"):
        GhostPlayer.parse(spec)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("player=bad", "player is one of perfect, held, random, silent, first-half"),
        ("late=soon", "a number from -2 to 5"),
        ("late=nan", "a number from -2 to 5"),
        ("missing=1.5", "a number from 0 to 1"),
        ("seed=-1", "a whole number from 0"),
        ("seed=1.5", "a whole number from 0"),
        ("plain=2", "a whole number from 0 to 1"),
        ("cents=inf", "a number from -2400 to 2400"),
    ],
)
def test_a_wrong_value_is_refused_with_the_allowed_range(spec: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        GhostPlayer.parse(spec)
