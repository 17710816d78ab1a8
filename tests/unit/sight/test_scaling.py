"""Sizes and layout of the frames that hands are measured on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.sight.camera import Frame
from firmware_py.sight.scaling import fitted, i420_of

SIDES = st.integers(1, 8000)


@pytest.mark.parametrize(
    ("size", "fit"),
    [((544, 960), (362, 640)), ((1280, 720), (640, 360)), ((800, 600), (640, 480)), ((3840, 2160), (640, 360))],
)
def test_the_longer_side_comes_down_to_the_limit(size: tuple[int, int], fit: tuple[int, int]) -> None:
    assert fitted(size, 640) == fit


@given(SIDES, SIDES, st.integers(16, 1280))
def test_sizes_are_even_at_least_two_and_never_enlarged(width: int, height: int, longest: int) -> None:
    w, h = fitted((width, height), longest)
    assert w % 2 == h % 2 == 0
    assert 2 <= w <= max(2, width + 1)
    assert 2 <= h <= max(2, height + 1)
    assert max(w, h) <= longest + 1


def test_colours_survive_the_way_into_i420_and_back() -> None:
    for bgr in ((40, 80, 200), (200, 120, 30), (128, 128, 128)):
        frame = Frame(i420_of(np.full((60, 80, 3), bgr, np.uint8), (40, 30)), 0, 0, (80, 60))
        assert (frame.width, frame.height) == (40, 30)
        assert np.abs(frame.rgb()[15, 20].astype(int) - bgr[::-1]).max() <= 3
