import numpy as np

from firmware_py.sight.lightness import coloured, hand_lit, without_grain


def test_a_window_is_lifted_by_its_dark_middle_not_by_its_bright_rim():
    window = np.full((224, 224, 3), 240, dtype=np.uint8)
    window[40:184, 40:184] = 30
    assert hand_lit(window)[112, 112].min() > 100
    window[40:184, 40:184] = 120
    assert np.array_equal(hand_lit(window), window)


def test_a_dark_rim_around_a_lit_hand_changes_nothing():
    window = np.full((224, 224, 3), 5, dtype=np.uint8)
    window[50:174, 50:174] = 150
    assert np.array_equal(hand_lit(window), window)


def test_a_grey_picture_gets_tones_of_skin_and_keeps_its_order_of_light():
    grey = np.repeat(np.tile(np.arange(0, 200, dtype=np.uint8), (200, 1))[..., None], 3, axis=2)
    tinted = coloured(grey)
    assert (tinted[:, 50:, 0] > tinted[:, 50:, 2]).all()
    assert (np.diff(tinted.astype(int), axis=1) >= 0).all()


def test_a_small_hand_before_a_grey_wall_keeps_its_colours():
    wall = np.full((480, 640, 3), 128, dtype=np.uint8)
    wall[200:240, 300:330] = (190, 140, 120)
    assert coloured(wall) is wall


def test_a_dark_picture_loses_its_grain_and_keeps_its_light_and_edges():
    rng = np.random.default_rng(1)
    dark = np.full((240, 320, 3), 20, dtype=np.uint8)
    dark[:, 160:] = 60
    noisy = np.clip(dark + rng.normal(0, 8, dark.shape), 0, 255).astype(np.uint8)
    quiet = without_grain(noisy)
    assert quiet[:, 170:].std() < 0.3 * noisy[:, 170:].std()
    assert abs(quiet.mean() - noisy.mean()) < 1
    assert quiet[:, 164].mean() - quiet[:, 155].mean() > 35


def test_a_well_lit_picture_is_left_as_sharp_as_it_is():
    lit = np.full((240, 320, 3), 120, dtype=np.uint8)
    assert without_grain(lit) is lit
