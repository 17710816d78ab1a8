"""Bad input: one clear sentence, the documented exit code, and nothing half-written left behind."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile

from tests.faults.conftest import Card
from tests.rigs.hand_dance import Ran, run

pytestmark = pytest.mark.slow


def _refused(state: Path, code: int, says: list[str], *arguments: str | Path) -> Ran:
    done = run(state, "play", "--audio", "offline", *arguments)
    assert done.code == code, (done.out, done.err)
    sentences = [line for line in done.err.splitlines() if line.startswith("hand-dance:")]
    assert len(sentences) == 1, done.err
    assert "Traceback" not in done.err
    assert [part for part in says if part not in sentences[0]] == [], sentences[0]
    assert list((state / "sessions").glob("*")) == []
    assert list(Path("/dev/shm").glob(f"hand-dance-{os.getuid()}-session-{done.pid}")) == []
    return done


@pytest.mark.parametrize(
    ("flag", "value", "code", "says"),
    [
        ("--song", "odd-to-joy", 2, ["odd-to-joy", "ode-to-joy"]),
        ("--patch", "trumpet-of-doom", 2, ["trumpet-of-doom", "air"]),
        ("--camera", "webcam", 2, ["webcam", "ghost", "v4l2", "picamera2"]),
        ("--camera", "ghost:player=best", 2, ["best", "perfect"]),
        ("--camera", "v4l2:/dev/video97", 1, ["/dev/video97"]),
        ("--camera", "no-such-clip.mp4", 1, ["no-such-clip.mp4"]),
        ("--audio", "tape", 2, ["tape", "offline"]),
        ("--seconds", "-3", 2, ["-3", "allowed"]),
        ("--players", "7", 2, ["7", "from 1 to 2"]),
    ],
)
def test_a_name_that_is_not_known_is_refused_with_those_that_are(
    state: Path, flag: str, value: str, code: int, says: list[str]
) -> None:
    others = [] if flag == "--camera" else ["--camera", "ghost"]
    _refused(state, code, says, *others, flag, value)


def test_a_clip_that_is_no_video_is_refused(state: Path, tmp_path: Path) -> None:
    clip = tmp_path / "notes.mp4"
    clip.write_text("these are only words")
    _refused(state, 1, ["notes.mp4"], "--camera", clip)


def test_an_alsa_device_that_is_not_there_is_refused_with_those_that_are(state: Path) -> None:
    _refused(state, 1, ["no-such-card"], "--camera", "ghost", "--audio", "alsa:no-such-card")


def test_a_folder_without_pictures_is_refused(state: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    _refused(state, 1, ["empty"], "--camera", tmp_path / "empty")


def test_a_clip_with_no_hand_gives_the_backing_a_page_and_no_marks(state: Path, tmp_path: Path) -> None:
    clip = str(tmp_path / "wall.mp4")
    writer = cv2.VideoWriter(clip, cv2.VideoWriter.fourcc(*"mp4v"), 30, (320, 240))
    noise = np.random.default_rng(1)
    for _ in range(120):
        writer.write(noise.normal(120, 3, (240, 320, 3)).clip(0, 255).astype(np.uint8))
    writer.release()
    found = run(state, "play", "--camera", clip, "--audio", "offline", "--json").json
    assert (found["marks"], found["notes"], found["frames_with_hand"]) == (0, 0, 0)
    assert Path(found["files"]["score.pdf"]).read_bytes().startswith(b"%PDF")
    sound, _ = soundfile.read(found["files"]["sound.wav"], dtype="int16")
    assert np.abs(sound).max() > 100, "the backing is not in the recording"


def test_a_disk_without_room_for_a_session_is_refused_before_it_begins(card: Card) -> None:
    small_disk = card("1M", with_models=True)
    done = run(small_disk, "play", "--camera", "ghost:plain=1", "--audio", "offline", "--seconds", "20")
    assert done.code == 1
    assert "room" in done.err
    assert "Traceback" not in done.err
    assert list((small_disk / "sessions").glob("*")) == []


def test_a_state_folder_that_cannot_be_written_is_one_clear_sentence(tmp_path: Path, state: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run(tmp_path / "file" / "state", "play", "--camera", "ghost", "--audio", "offline")
    assert done.code == 1
    assert "cannot be written" in done.err
    assert "Traceback" not in done.err


def test_without_model_files_it_says_what_to_do_and_plays_by_colour(tmp_path: Path) -> None:
    found = run(
        tmp_path, "play", "--camera", "ghost:plain=1", "--audio", "offline", "--seconds", "6", "--no-letter", "--json"
    )
    assert "hand-dance models" in found.err
    assert found.json["frames_with_hand"] > 0.5 * found.json["frames"]
