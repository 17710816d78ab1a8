"""Sessions in real time whose delay is measured, and whose player's reach is found, before the song begins.

The ghost has an arm of its own, which the instrument does not know. Run by ``make count-in-test``: half a minute.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from firmware_py.archive.players import Players
from firmware_py.archive.session_folder import SessionFolder
from firmware_py.music.reach import Reach
from firmware_py.sound.arrival import LONGEST_S, SHORTEST_S
from tests.rigs.hand_dance import run

pytestmark = pytest.mark.slow
FAST = ("--song", "twinkle", "--tempo-percent", "200", "--audio", "paced", "--no-letter", "--json")


@pytest.mark.timeout(60)
def test_a_short_arm_is_found_far_and_near_and_plays_the_song_with_a_delay_that_was_measured(state: Path) -> None:
    ghost = "ghost:far=0.03,near=0.09,plain=1"
    found = run(
        state, "play", "--camera", ghost, "--fit-reach", "count-in", "--player", "Ana", "--seconds", "20", *FAST
    ).json
    assert found["reach"]["how"] == "found in the count-in"
    assert found["reach"]["area_far"] == pytest.approx(0.03, rel=0.1)
    assert found["reach"]["area_near"] == pytest.approx(0.09, rel=0.1)
    kept = Players(state).named("Ana").reach
    assert kept == Reach(found["reach"]["area_far"], found["reach"]["area_near"])

    delay, record = found["delay"], SessionFolder(Path(found["session"])).record()
    assert delay["how"] == "measured"
    assert SHORTEST_S * 1e3 <= delay["ms"] <= LONGEST_S * 1e3
    assert delay["ms"] == pytest.approx(delay["age_p99_ms"] + delay["interval_ms"] + 3.0, abs=0.01)
    assert delay["frames"] > 100
    assert record.delay_s == pytest.approx(delay["ms"] / 1e3)
    assert found["counters"]["late_samples"] <= 0.02 * found["frames"]

    report = json.loads(Path(found["files"]["report.json"]).read_text())
    begins_s = record.song_start_s
    early = [mark for mark in report["wanted"] if mark["onset_s"] < found["seconds"] - 1.0]
    right = [mark for mark in early if mark["verdict"] == "right"]
    assert len(early) >= 5
    assert len(right) >= 0.75 * len(early), [mark["verdict"] for mark in early]
    assert min(note["onset_s"] + note["duration_s"] for note in report["notes"]) > begins_s - 0.1, (
        "trying was taken for playing"
    )

    sound, rate = soundfile.read(found["files"]["sound.wav"], dtype="float64", always_2d=True)
    low, high = (_pitch_hz(sound[round(at_s * rate) :][: rate // 5, 0], rate) for at_s in (0.02, 5.02))
    assert (low, high) == (pytest.approx(262, abs=5), pytest.approx(1046, abs=8))


def _pitch_hz(tone: np.ndarray, rate: int) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(tone * np.hanning(len(tone)), 1 << 16))) * rate / (1 << 16))


@pytest.mark.timeout(60)
def test_a_slow_clip_in_real_time_is_given_the_delay_that_it_needs(state: Path, real_data: Path) -> None:
    clip = real_data / "clips" / "fist-beside-face.mp4"  # 15 frames a second
    done = run(state, "play", "--camera", clip, *FAST)
    delay = done.json["delay"]
    assert delay["how"] == "measured"
    assert 60 < delay["interval_ms"] < 70
    assert delay["ms"] > delay["interval_ms"]
    assert ("the sound comes" in done.err) == (delay["ms"] > 80)
