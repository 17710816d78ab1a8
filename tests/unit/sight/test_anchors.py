import numpy as np

from firmware_py.sight.anchors import anchor_centres


def test_a_side_of_192_has_2016_anchors():
    assert anchor_centres(192).shape == (2016, 2)


def test_the_fine_layer_comes_first_two_anchors_to_a_cell_row_by_row():
    centres = anchor_centres(192)
    assert np.allclose(centres[0], centres[1])
    assert np.allclose(centres[0], [0.5 / 24, 0.5 / 24])
    assert np.allclose(centres[2], [1.5 / 24, 0.5 / 24])
    assert np.allclose(centres[48], [0.5 / 24, 1.5 / 24])


def test_the_three_coarse_layers_share_their_cells_six_anchors_each():
    coarse = anchor_centres(192)[24 * 24 * 2 :]
    assert len(coarse) == 12 * 12 * 6
    assert np.allclose(coarse[:6], [0.5 / 12, 0.5 / 12])
    assert np.allclose(coarse[6], [1.5 / 12, 0.5 / 12])
