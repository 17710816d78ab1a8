"""The word a person gives, and the camera that opens."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from firmware_py.config import CameraSettings
from firmware_py.errors import CameraError, UsageError
from firmware_py.sight.cameras import check_source, is_scripted, open_camera
from firmware_py.sight.ghost.camera import GhostCamera
from firmware_py.sight.pictures import Pictures

SETTINGS = CameraSettings()


@pytest.mark.parametrize("source", ["webcam", "", "Ghost", "autos"])
def test_an_unknown_camera_is_refused_with_the_known_ones(source: str) -> None:
    for refuse in (check_source, is_scripted):
        with pytest.raises(UsageError, match=r"known are auto, ghost, .*picamera2, v4l2"):
            refuse(source)


@pytest.mark.parametrize(
    ("source", "scripted"),
    [("auto", False), ("v4l2", False), ("v4l2:/dev/video3", False), ("picamera2", False), ("ghost", True),
     ("ghost:late=0.1", True), ("clips/one.mp4", True), ("one.mp4", True)],
)  # fmt: skip
def test_only_ghosts_clips_and_pictures_have_an_end_of_their_own(source: str, scripted: bool) -> None:
    assert is_scripted(source) is scripted


def test_a_ghost_opens_with_its_failings(tmp_path: Path) -> None:
    camera = open_camera("ghost:player=held,seed=3", SETTINGS, cache=tmp_path)
    assert isinstance(camera, GhostCamera)
    assert camera.rate_hz == SETTINGS.rate_hz
    assert "held" in camera.description


def test_a_ghosts_wrong_key_is_refused_before_anything_starts() -> None:
    with pytest.raises(UsageError, match="the ghost knows no 'lates=1'"):
        check_source("ghost:lates=1")


def test_files_that_are_not_there_are_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="there is no clip, picture or folder"):
        check_source(str(tmp_path / "gone.mp4"))


def test_a_folder_and_a_picture_open_as_pictures(tmp_path: Path) -> None:
    path = tmp_path / "hand.jpg"
    cv2.imwrite(str(path), np.zeros((20, 20, 3), np.uint8))
    assert isinstance(open_camera(str(tmp_path), SETTINGS), Pictures)
    assert isinstance(open_camera(str(path), SETTINGS), Pictures)


def test_without_any_camera_auto_says_to_plug_one_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware_py.sight.v4l2_devices.devices", lambda *_: ())
    with pytest.raises(CameraError, match="plug one in, or use --camera ghost"):
        open_camera("auto", SETTINGS)


def test_a_driver_that_raises_anything_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise KeyError("fps")

    monkeypatch.setattr("firmware_py.sight.v4l2.candidates", breaks)
    with pytest.raises(CameraError, match=r"the camera failed \(KeyError: 'fps'\); plug it in again"):
        open_camera("v4l2", SETTINGS)


def test_without_picamera2_its_camera_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(CameraError, match="apt install python3-picamera2"):
        open_camera("picamera2", SETTINGS)
