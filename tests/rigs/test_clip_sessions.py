"""Whole sessions and inspections on real clips and pictures."""

import json
from pathlib import Path

import cv2
import pytest
import soundfile

from tests.rigs.hand_dance import run

pytestmark = pytest.mark.slow


def test_a_clip_is_played_for_its_own_length_with_a_hand_in_nearly_every_frame(state: Path, real_data: Path) -> None:
    clip = real_data / "clips" / "one-hand-plain-wall.mp4"
    video = cv2.VideoCapture(str(clip))
    seconds = video.get(cv2.CAP_PROP_FRAME_COUNT) / video.get(cv2.CAP_PROP_FPS)
    found = run(state, "play", "--camera", clip, "--audio", "offline", "--song", "ode-to-joy", "--json").json
    assert soundfile.info(found["files"]["sound.wav"]).duration == pytest.approx(seconds, abs=0.1)
    assert found["frames"] == pytest.approx(video.get(cv2.CAP_PROP_FRAME_COUNT), abs=2)
    assert found["frames_with_hand"] >= 0.95 * found["frames"]
    assert {"score.pdf", "notes.mid", "notes.musicxml", "report.json"} <= set(found["files"])


def test_inspect_prints_a_line_of_the_contract_for_every_frame_of_a_clip(state: Path, real_data: Path) -> None:
    done = run(state, "inspect", real_data / "clips" / "fist-beside-face.mp4", "--json")
    assert done.code == 0, done.err
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert [line["frame"] for line in lines] == list(range(len(lines)))
    assert len(lines) > 50
    for line in lines:
        assert set(line) >= {"frame", "t", "hands", "ms"}
        assert set(line["ms"]) >= {"finder", "tracker"}
        for hand in line["hands"]:
            assert set(hand) >= {"area", "bbox", "confidence", "openness", "side"}
            assert 0 < hand["area"] < 1
            assert hand["side"] in ("left", "right")
            assert len(hand["bbox"]) == 4
