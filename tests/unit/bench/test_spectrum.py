"""An alias is found where there is one, and a drawing shows it."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from firmware_py.bench.spectrum import FRAMES, RATE_HZ, SAW_HZ, alias_db, draw
from firmware_py.errors import BenchError

AT_S = np.arange(FRAMES) / RATE_HZ
HARMONICS = sum(np.sin(2 * np.pi * SAW_HZ * n * AT_S) / n for n in range(1, 6))


def with_alias(hz: float, level_db: float) -> np.ndarray:
    return HARMONICS + 10 ** (level_db / 20) * np.sin(2 * np.pi * hz * AT_S)


@pytest.mark.parametrize(("hz", "level_db"), [(30.0, -60.0), (6111.0, -83.5), (14_900.0, -100.0)])
def test_the_loudest_alias_is_measured_against_the_fundamental(hz: float, level_db: float) -> None:
    assert alias_db(with_alias(hz, level_db)) == pytest.approx(level_db, abs=0.4)  # a peak between two bins


def test_what_lies_above_15_khz_or_on_a_harmonic_does_not_count() -> None:
    assert alias_db(with_alias(17_000.0, -10.0)) < -120
    assert alias_db(with_alias(2 * SAW_HZ, -10.0)) < -120


def test_a_bare_ramp_folds_back() -> None:
    assert -25 < alias_db(2 * (SAW_HZ * AT_S % 1) - 1) < -15


@pytest.mark.parametrize("sound", [np.zeros(FRAMES), HARMONICS[: FRAMES - 1]], ids=["silence", "too short"])
def test_what_is_no_saw_is_refused(sound: np.ndarray) -> None:
    with pytest.raises(BenchError, match="where a saw was asked for"):
        alias_db(sound)


def test_the_drawing_shows_one_panel_for_each_sound_and_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    path = tmp_path / "new" / "saw.png"
    draw(path, {"one": with_alias(6111.0, -50.0), "other": HARMONICS})
    picture = cv2.imread(str(path))
    assert picture.shape == (1280, 1500, 3)
    red = np.all(picture == (40, 40, 200), axis=2)
    assert np.any(red[:640])
    with pytest.raises(BenchError, match="name another file with --plot"):
        draw(tmp_path, {"one": HARMONICS})
