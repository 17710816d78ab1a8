import numpy as np
import pytest

from firmware_py.sight.palm import iou, merged


def answer(x, y, width, height):
    return np.array([[x, y], [width, height], *[[x, y]] * 7], dtype=np.float32)


def test_a_box_overlaps_itself_wholly_and_a_distant_one_not_at_all():
    one = answer(0.5, 0.5, 0.2, 0.2)
    assert iou(one, np.stack([one, answer(0.9, 0.5, 0.2, 0.2)])) == pytest.approx([1.0, 0.0])


def test_half_shifted_boxes_overlap_by_a_third():
    assert iou(answer(0.5, 0.5, 0.2, 0.2), answer(0.6, 0.5, 0.2, 0.2)[None]) == pytest.approx([1 / 3])


def test_answers_for_one_palm_become_their_mean_weighted_by_score():
    joined = merged(np.stack([answer(0.50, 0.5, 0.2, 0.2), answer(0.53, 0.5, 0.2, 0.2)]), np.array([0.9, 0.6]))
    assert len(joined) == 1
    assert joined[0][0][0, 0] == pytest.approx(0.512)
    assert joined[0][1] == pytest.approx(0.9)


def test_answers_for_two_palms_stay_apart_the_surer_first():
    joined = merged(np.stack([answer(0.2, 0.5, 0.2, 0.2), answer(0.7, 0.5, 0.2, 0.2)]), np.array([0.6, 0.9]))
    assert [score for _, score in joined] == [0.9, 0.6]
    assert joined[0][0][0, 0] == pytest.approx(0.7)


def test_no_answers_are_no_palms():
    assert merged(np.zeros((0, 9, 2), dtype=np.float32), np.zeros(0)) == []
