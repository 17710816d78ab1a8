"""The drawn hand and its cache."""

from pathlib import Path

import numpy as np
import pytest

from firmware_py.sight.ghost import drawing
from firmware_py.sight.ghost.drawing import PIXELS_PER_BREADTH, Pose, Sprite, draw, sprite


@pytest.fixture(scope="module")
def hand() -> Sprite:
    return draw(Pose())


def same(one: Sprite, other: Sprite) -> bool:
    return (
        np.array_equal(one.rgb, other.rgb)
        and np.array_equal(one.alpha, other.alpha)
        and (one.centre, one.area) == (other.centre, other.area)
    )


def test_a_hand_has_the_size_of_a_hand(hand: Sprite) -> None:
    assert 1.7 < hand.area / PIXELS_PER_BREADTH**2 < 2.4, "square palm breadths"


def test_the_area_does_not_depend_on_the_resolution(hand: Sprite) -> None:
    coarse = draw(Pose(), PIXELS_PER_BREADTH // 2)
    assert coarse.area * 4 == pytest.approx(hand.area, rel=0.003)


def test_a_hand_has_five_fingers(hand: Sprite) -> None:
    def parts(breadths_from_the_top: float) -> int:
        row = hand.alpha[round(breadths_from_the_top * PIXELS_PER_BREADTH)] > 0.5
        return int(np.count_nonzero(np.diff(row.astype(int)) == 1))

    assert [parts(down) for down in (0.03, 0.2, 0.6, 1.3)] == [1, 3, 4, 2], "tips, fingers, all four, palm and thumb"


def test_the_sleeve_reaches_far_below_and_counts_for_nothing(hand: Sprite) -> None:
    assert hand.alpha[-1].any()
    assert hand.alpha.sum() > 1.5 * hand.area


def test_a_spread_hand_is_wider_at_its_finger_tips_than_a_closed_one() -> None:
    wide, narrow = (np.ptp(np.flatnonzero(draw(Pose(spread=spread), 32).alpha[20])) for spread in (1.0, 0.0))
    assert wide > 1.3 * narrow


def test_the_second_time_the_hand_comes_from_the_cache(
    hand: Sprite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert same(sprite(Pose(), tmp_path), hand)
    monkeypatch.setattr(drawing, "draw", lambda _: pytest.fail("drawn again"))
    assert same(sprite(Pose(), tmp_path), hand)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half a file", b"something else"])
def test_a_broken_cache_is_replaced(content: bytes, hand: Sprite, tmp_path: Path) -> None:
    sprite(Pose(), tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(content)
    assert same(sprite(Pose(), tmp_path), hand)
    assert kept.stat().st_size > 1000


def test_a_cache_that_cannot_be_made_costs_only_time(hand: Sprite, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert same(sprite(Pose(), tmp_path / "file" / "cache"), hand)
