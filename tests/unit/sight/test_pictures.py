"""Folders of pictures, single pictures, and broken ones."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from firmware_py.errors import CameraError
from firmware_py.sight.camera import Pace
from firmware_py.sight.pictures import Pictures, decoded

T0 = 1_000_000_000
OFFLINE = Pace(T0, realtime=False)


def picture(path: Path, light: int, size: tuple[int, int] = (80, 60)) -> Path:
    rng = np.random.default_rng(light)
    noise = rng.integers(0, 30, (size[1], size[0], 3))
    cv2.imwrite(str(path), (noise + light).astype(np.uint8))
    return path


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    for name, light in (("c.png", 200), ("a.jpg", 20), ("b.JPG", 100)):
        picture(tmp_path / name, light)
    (tmp_path / "labels.csv").write_text("no picture")
    frames = list(Pictures(tmp_path).frames(OFFLINE))
    assert [frame.name for frame in frames] == ["a.jpg", "b.JPG", "c.png"]
    assert [frame.number for frame in frames] == [0, 1, 2]
    assert [frame.t_capture_ns - T0 for frame in frames] == [0, 500_000_000, 1_000_000_000]


def test_pictures_may_differ_in_size(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", 50, (1600, 1200))
    picture(tmp_path / "b.png", 50, (33, 21))
    large, small = Pictures(tmp_path).frames(OFFLINE)
    assert (large.width, large.height, large.source_size) == (640, 480, (1600, 1200))
    assert (small.width % 2, small.height % 2, small.source_size) == (0, 0, (33, 21))


def test_one_picture_is_a_camera_too(tmp_path: Path) -> None:
    (frame,) = Pictures(picture(tmp_path / "hand.png", 90)).frames(OFFLINE)
    assert frame.name == "hand.png"


@pytest.mark.parametrize("channels", [1, 4])
def test_grey_and_transparent_pictures_are_read(channels: int, tmp_path: Path) -> None:
    path = tmp_path / "hand.png"
    cv2.imwrite(str(path), np.full((20, 30, channels), 77, np.uint8))
    (frame,) = Pictures(path).frames(OFFLINE)
    assert np.abs(frame.rgb()[10, 15].astype(int) - 77).max() <= 2


def test_of_a_jpeg_cut_short_the_part_that_is_there_is_kept(tmp_path: Path) -> None:
    whole = picture(tmp_path / "whole.jpg", 20, (320, 240)).read_bytes()
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(whole[: len(whole) // 2])
    found = decoded(cut)
    assert found is not None
    assert found.shape == (240, 320, 3)
    assert found[:60].mean() < 50


def test_a_broken_picture_is_said_and_left_out(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", 10)
    (tmp_path / "b.png").write_bytes(b"broken")
    (tmp_path / "c.png").write_bytes(b"")
    picture(tmp_path / "d.png", 90)
    said: list[str] = []
    frames = list(Pictures(tmp_path, say=said.append).frames(OFFLINE))
    assert [(frame.number, frame.name) for frame in frames] == [(0, "a.png"), (3, "d.png")]
    assert len(said) == 2
    assert "b.png is not a picture" in said[0]


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="holds no pictures"):
        Pictures(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="there is no picture or folder"):
        Pictures(tmp_path / "gone")


def test_one_picture_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "hand.jpg").write_bytes(b"\xff\xd8broken")
    with pytest.raises(CameraError, match="is not a picture"):
        Pictures(tmp_path / "hand.jpg")
