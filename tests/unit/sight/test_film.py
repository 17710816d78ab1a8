"""Pictures written down: clips that players open, single pictures, folders; and what is refused."""

import json
import subprocess

import cv2
import numpy as np
import pytest

from firmware_py.errors import CameraError, UsageError
from firmware_py.sight import film
from firmware_py.sight.film import Clip, Folder, Still, film_to, on_paper


def picture(light, width=64, height=48):
    return np.full((height, width, 3), light, np.uint8)


def probed(path):
    told = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", str(path)],
        capture_output=True,
        check=True,
    )
    (stream,) = json.loads(told.stdout)["streams"]
    return stream


def test_a_clip_is_h264_that_browsers_play_with_every_picture_in_it(tmp_path):
    clip = Clip(tmp_path / "out.mp4", 25.0)
    for k in range(10):
        clip.add(picture(20 * k), k / 25, "")
    assert not (tmp_path / "out.mp4").exists(), "it is there only when it is whole"
    clip.close()
    stream = probed(tmp_path / "out.mp4")
    assert (stream["codec_name"], stream["pix_fmt"], stream["nb_read_frames"]) == ("h264", "yuv420p", "10")
    assert (stream["color_space"], stream["color_range"]) == ("bt709", "tv")
    assert (stream["width"], stream["height"], stream["avg_frame_rate"]) == (64, 48, "25/1")
    assert [file.name for file in tmp_path.iterdir()] == ["out.mp4"]
    content = (tmp_path / "out.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat"), "it does not play while it loads"


def test_without_ffmpegs_command_opencv_writes_what_it_can(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(film, "_command_can", lambda: False)
    clip = Clip(tmp_path / "out.mp4", 25.0)
    for k in range(10):
        clip.add(picture(20 * k), k / 25, "")
    clip.close()
    assert probed(tmp_path / "out.mp4")["nb_read_frames"] == "10"
    assert capfd.readouterr().err == ""


def test_where_pictures_are_missing_the_last_one_stands_still(tmp_path):
    clip = Clip(tmp_path / "out.mp4", 10.0)
    for t_s in (0.0, 0.1, 0.8, 0.9):
        clip.add(picture(100), t_s, "")
    clip.close()
    assert probed(tmp_path / "out.mp4")["nb_read_frames"] == "10"


def test_pictures_of_other_sizes_are_fitted_into_the_first(tmp_path):
    clip = Clip(tmp_path / "out.mp4", 2.0)
    for k, size in enumerate(((65, 49), (480, 640), (16, 16))):
        clip.add(picture(200, *size), k / 2, "")
    clip.close()
    stream = probed(tmp_path / "out.mp4")
    assert (stream["width"], stream["height"], stream["nb_read_frames"]) == (64, 48, "3")


def test_a_picture_of_odd_size_stands_straight(tmp_path):
    clip = Clip(tmp_path / "out.mp4", 2.0)
    halves = picture(0, 65, 49)
    halves[:, 32:] = 255
    for k in range(3):
        clip.add(halves, k / 2, "")
    clip.close()
    shown = cv2.VideoCapture(str(tmp_path / "out.mp4")).read()[1]
    assert shown[:, :28].max() < 40
    assert shown[:, 36:].min() > 215


def test_a_clip_without_pictures_leaves_nothing_behind(tmp_path):
    Clip(tmp_path / "out.mp4", 10.0).close()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_gets_each_picture_under_its_name(tmp_path):
    folder = film_to(tmp_path / "out", 2.0, one=False)
    assert isinstance(folder, Folder)
    folder.add(picture(50), 0.0, "hand.jpg")
    folder.add(picture(50), 0.5, "")
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["00001.png", "hand.png"]


def test_one_picture_is_written_as_its_name_says(tmp_path):
    still = film_to(tmp_path / "out.PNG", 2.0, one=True)
    assert isinstance(still, Still)
    still.add(picture(50), 0.0, "hand.jpg")
    assert (cv2.imread(str(tmp_path / "out.PNG")) == 50).all()


def test_several_pictures_do_not_go_into_one(tmp_path):
    with pytest.raises(UsageError, match="one picture, but there are several"):
        film_to(tmp_path / "out.png", 2.0, one=False)


def test_a_name_that_says_nothing_is_refused_with_those_that_do(tmp_path):
    with pytest.raises(UsageError, match=r"\.mp4.*\.png"):
        film_to(tmp_path / "out.xyz", 2.0, one=True)


@pytest.mark.parametrize("name", ["out.mp4", "out.png"])
def test_a_folder_that_is_not_there_is_named_at_once(name, tmp_path):
    with pytest.raises(CameraError, match="there is no folder"):
        film_to(tmp_path / "gone" / name, 2.0, one=True)


@pytest.mark.parametrize(("size", "shown"), [((320, 240), (640, 480)), ((3840, 2160), (1280, 720)), ((800, 600), None)])
def test_what_is_shown_is_large_enough_to_read_and_small_enough_to_send(size, shown):
    height, width = on_paper(picture(9, *size)).shape[:2]
    assert (width, height) == (shown or size)
