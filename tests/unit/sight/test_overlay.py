"""What is drawn over a picture: readable on bright and dark, in each hand's own colour, on a copy."""

import numpy as np
import pytest

from firmware_py.music.mapping import Mapping
from firmware_py.sight.hands import SeenHand
from firmware_py.sight.overlay import COLOURS, MarkedHand, drawn

SIZE = (320, 240)
GREYS = (0, 60, 128, 200, 255)


def hand(box=(120.0, 90.0, 60.0, 80.0), area=0.06, side="left"):
    return SeenHand(area, box, 0.9, 0.5, side)


def disc(x, y, radius):
    """What counted as hand: a disc, in cells of 2x2 pixels."""
    down, right = np.mgrid[:120, :160]
    return np.where(np.hypot(right - x / 2, down - y / 2) < radius / 2, 255, 0).astype(np.uint8)


def grey(level, height=480, width=640):
    return np.full((height, width, 3), level, np.uint8)


def near(picture, colour, within=12):
    return (np.abs(picture.astype(int) - colour).max(axis=2) <= within).sum()


@pytest.mark.parametrize("level", GREYS)
def test_the_outline_stands_out_from_any_grey_by_its_own_dark_rim(level):
    picture = drawn(grey(level), [MarkedHand(hand(), 0, SIZE, disc(150, 130, 40))], Mapping())
    row = picture[260, 180:300].astype(int)
    lightness = row.sum(axis=1) / 3
    coloured = np.abs(row - COLOURS[0].bgr).max(axis=1) < 40
    assert coloured.any()
    beside = lightness[np.flatnonzero(coloured)[0] - 3 : np.flatnonzero(coloured)[0]]
    assert beside.min() < 60, "no dark line beside the coloured one"


def test_the_outline_runs_round_what_was_measured():
    empty = grey(90)
    picture = drawn(empty, [MarkedHand(hand(), 0, SIZE, disc(150, 130, 40))], Mapping())
    changed = np.abs(picture.astype(int) - empty).max(axis=2) > 3
    down, right = np.mgrid[:480, :640]
    away = np.hypot(right - 300, down - 260)
    assert changed[(away < 70)].mean() > 0.99  # tinted within
    assert not changed[(away > 90) & (down > 200)].any()  # the label is above
    rim = near(picture, COLOURS[0].bgr)
    assert rim > 2 * np.pi * 80


def test_each_hand_has_a_colour_of_its_own():
    hands = [
        MarkedHand(hand((20.0, 90.0, 60.0, 80.0)), 0, SIZE, disc(50, 130, 30)),
        MarkedHand(hand((220.0, 90.0, 60.0, 80.0)), 1, SIZE, disc(250, 130, 30)),
    ]
    picture = drawn(grey(90), hands, Mapping())
    left, right = picture[200:, :320], picture[200:, 320:]
    assert near(left, COLOURS[0].bgr) > 100 > 5 > near(left, COLOURS[1].bgr)
    assert near(right, COLOURS[1].bgr) > 100 > 5 > near(right, COLOURS[0].bgr)


def test_without_what_was_measured_the_box_is_drawn():
    picture = drawn(grey(90), [MarkedHand(hand(), 0, SIZE)], Mapping())
    assert near(picture[200:320, 238:243], COLOURS[0].bgr, 40) > 100


def test_the_picture_handed_in_stays_as_it_was():
    picture = grey(90)
    drawn(picture, [MarkedHand(hand(), 0, SIZE, disc(150, 130, 40))], Mapping(), "caption")
    assert (picture == 90).all()


def test_without_hands_and_words_nothing_is_drawn():
    assert (drawn(grey(90), [], Mapping()) == 90).all()


def test_the_note_is_the_one_that_the_mapping_hears():
    marked = [MarkedHand(hand(), 0, SIZE, disc(150, 130, 40))]
    low, high, same = (drawn(grey(90), marked, Mapping(low=base, high=base + 24)) for base in (45.0, 60.0, 60.0))
    assert (low != high).any()
    assert (high == same).all()


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (1280, 720), (64, 48), (16, 16), (3840, 2160)])
@pytest.mark.parametrize("box", [(0.0, 0.0, 320.0, 240.0), (-20.0, -9.0, 30.0, 30.0), (310.0, 230.0, 10.0, 10.0)])
def test_hands_at_the_rim_and_pictures_of_any_size_are_drawn(size, box):
    marked = [MarkedHand(hand(box), place, SIZE, disc(x, 239, 60)) for place, x in enumerate((0, 319))]
    picture = drawn(grey(90, size[1], size[0]), marked, Mapping(), "a caption that is longer than the picture")
    assert picture.shape == (size[1], size[0], 3)


def test_labels_of_two_hands_do_not_cover_each_other():
    apart = drawn(grey(90), [MarkedHand(hand((10.0, 100.0, 50.0, 60.0)), 0, SIZE)], Mapping())
    both = drawn(
        grey(90),
        [
            MarkedHand(hand((130.0, 100.0, 60.0, 60.0)), 0, SIZE),
            MarkedHand(hand((134.0, 104.0, 60.0, 60.0)), 1, SIZE),
        ],
        Mapping(),
    )
    plate = (apart.max(axis=2) < 60).sum()
    assert (both.max(axis=2) < 60).sum() > 1.6 * plate
