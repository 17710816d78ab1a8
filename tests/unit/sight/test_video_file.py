"""Clips: times, sizes, rotation, and what is no clip."""

import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from firmware_py.errors import CameraError
from firmware_py.sight.camera import Pace
from firmware_py.sight.video_file import VideoFile

T0 = 1_000_000_000
OFFLINE = Pace(T0, realtime=False)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty frames at 25 a second, 96×64, each brighter than the one before."""
    path = tmp_path_factory.mktemp("clips") / "brighter.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (96, 64))
    grain = np.random.default_rng(1).integers(0, 20, (64, 96, 3))
    for k in range(20):
        writer.write((grain + 10 * (k + 1)).astype(np.uint8))
    writer.release()
    return path


def test_a_clip_gives_every_frame_once_at_its_own_time(clip: Path) -> None:
    camera = VideoFile(clip)
    frames = list(camera.frames(OFFLINE))
    assert [frame.number for frame in frames] == list(range(20))
    assert [frame.t_capture_ns - T0 for frame in frames] == pytest.approx([k * 40e6 for k in range(20)], abs=1e3)
    lights = [float(frame.i420[: frame.height].mean()) for frame in frames]
    assert lights == sorted(lights)
    assert lights[0] < 50
    assert camera.rate_hz == 25.0
    assert "brighter.avi 96×64" in camera.description


def test_a_clip_is_scaled_down_and_its_own_size_is_kept(clip: Path) -> None:
    frame = next(VideoFile(clip, longest=48).frames(OFFLINE))
    assert (frame.width, frame.height) == (48, 32)
    assert frame.source_size == (96, 64)


def test_a_clip_goes_on_with_the_frame_after_the_last_seen(clip: Path) -> None:
    frames = list(VideoFile(clip).frames(Pace(T0, realtime=False, resume_ns=T0 + 280_000_000)))
    assert frames[0].number == 8
    assert len(frames) == 12


def test_a_clip_in_real_time_waits_for_each_frame(clip: Path) -> None:
    now = [T0]
    pace = Pace(T0, realtime=True, clock=lambda: now[0], sleep=lambda s: now.__setitem__(0, now[0] + round(s * 1e9)))
    for frame in VideoFile(clip).frames(pace):
        assert now[0] == pytest.approx(frame.t_capture_ns, abs=1e3)


def test_a_reader_that_is_too_slow_for_real_time_loses_frames_and_stays_in_time(clip: Path) -> None:
    now = [T0]
    pace = Pace(T0, realtime=True, clock=lambda: now[0], sleep=lambda s: now.__setitem__(0, now[0] + round(s * 1e9)))
    numbers = []
    for frame in VideoFile(clip).frames(pace):
        numbers.append(frame.number)
        now[0] += 100_000_000
    assert len(numbers) < 12
    assert numbers[-1] >= 18


def test_a_clip_that_was_filmed_upright_stands_upright(clip: Path, tmp_path: Path) -> None:
    turned = tmp_path / "upright.mp4"
    source = tmp_path / "lying.mp4"
    quiet = ("ffmpeg", "-v", "error", "-y", "-i")
    subprocess.run([*quiet, str(clip), "-c:v", "mpeg4", str(source)], check=True)
    subprocess.run([*quiet, str(source), "-c", "copy", "-metadata:s:v", "rotate=90", str(turned)], check=True)
    frame = next(VideoFile(turned).frames(OFFLINE))
    assert frame.source_size == (64, 96)


def test_a_clip_cut_off_in_the_middle_ends_there(clip: Path, tmp_path: Path) -> None:
    part = tmp_path / "part.avi"
    content = clip.read_bytes()
    part.write_bytes(content[: len(content) // 2])
    assert 3 <= len(list(VideoFile(part).frames(OFFLINE))) < 20


def test_a_missing_clip_is_named(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match=r"there is no clip .*gone\.mp4"):
        VideoFile(tmp_path / "gone.mp4")


@pytest.mark.parametrize("content", [b"", b"not a video at all" * 100, bytes(5000)])
def test_what_is_no_video_is_refused_in_one_sentence(
    content: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "letter.mp4"
    path.write_bytes(content)
    with pytest.raises(CameraError, match=r"letter\.mp4 is not a video"):
        VideoFile(path)
    assert capfd.readouterr().err == ""


def test_a_folder_is_no_clip(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="cannot be read"):
        VideoFile(tmp_path)
