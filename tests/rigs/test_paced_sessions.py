"""A session in real time whose end nobody knows beforehand: it begins, plays, and ends with its pictures."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.rigs.hand_dance import run

pytestmark = pytest.mark.slow


def test_a_session_without_a_known_end_begins_in_real_time_and_ends_with_its_pictures(
    state: Path, tmp_path: Path
) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for name in ("a.png", "b.png", "c.png"):
        cv2.imwrite(str(pictures / name), np.full((60, 80, 3), 120, np.uint8))
    found = run(state, "play", "--camera", pictures, "--audio", "paced", "--no-letter", "--json", within_s=40).json
    assert found["end"] == "the clip ended"
    assert found["seconds"] == pytest.approx(1.5, abs=0.2)
    assert found["counters"]["ring_drops"] == 0
