"""The camera, with its faults: missing, in use, without pictures, slow, dark, dazzled."""

import numpy as np
import pytest

from firmware_py.config import CameraSettings
from firmware_py.doctor import camera
from firmware_py.doctor.finding import Level
from firmware_py.errors import CameraError
from firmware_py.session.lock import only_one
from firmware_py.sight.camera import Frame

GREEN, AMBER, RED = Level


class Eye:
    """A camera of one grey, at its own rate, in no time."""

    description, scripted, rate_hz = "an eye, 64x48", False, 60.0

    def __init__(self, grey=120, rate_hz=60.0, frames=1000):
        self._picture = np.full((72, 64), grey, np.uint8)
        self._rate_hz, self._frames = rate_hz, frames
        self.closed = False

    def frames(self, _pace):
        for n in range(self._frames):
            yield Frame(self._picture, n, round(n * 1e9 / self._rate_hz) + 1, (64, 48))

    def close(self):
        self.closed = True


def _look(patient, monkeypatch, eye, files=None, **settings):
    def opened(*_):
        if isinstance(eye, Exception):
            raise eye
        return eye

    monkeypatch.setattr(camera, "open_camera", opened)
    return {one.name: one for one in camera.camera(patient(files, camera=CameraSettings(**settings)))}


def test_a_good_camera_in_good_light_is_green_and_given_back(patient, monkeypatch):
    eye = Eye()
    found = _look(patient, monkeypatch, eye)
    assert {name: one.level for name, one in found.items()} == dict.fromkeys(camera.THINGS, GREEN)
    assert found["camera"].found == eye.description
    assert eye.closed


@pytest.mark.parametrize(("rate_hz", "level"), [(30.0, GREEN), (15.0, AMBER), (7.0, RED)])
def test_a_slow_camera_is_told_with_its_rate(patient, monkeypatch, rate_hz, level):
    found = _look(patient, monkeypatch, Eye(rate_hz=rate_hz))["frame-rate"]
    assert found.level is level
    assert found.figures["rate_hz"] == pytest.approx(rate_hz, rel=0.05)


@pytest.mark.parametrize(
    ("grey", "level", "says"),
    [(3, RED, "black"), (30, AMBER, "dim"), (120, GREEN, "bright enough"), (240, AMBER, "dazzling")],
)
def test_the_light_is_told(patient, monkeypatch, grey, level, says):
    found = _look(patient, monkeypatch, Eye(grey))["light"]
    assert (found.level, found.found.startswith(says)) == (level, True)


def test_no_camera_is_red_with_what_to_do(patient, monkeypatch):
    found = _look(patient, monkeypatch, CameraError("no camera was found; plug one in"))
    assert [one.level for one in found.values()] == [RED, AMBER, AMBER]
    assert "plug a camera in" in found["camera"].remedy


def test_a_camera_that_gives_no_pictures_is_red(patient, monkeypatch):
    assert _look(patient, monkeypatch, Eye(frames=0))["camera"].level is RED


def test_a_camera_that_the_instrument_uses_is_in_order(patient, monkeypatch):
    with only_one(patient().config.state):
        eye = {"/sys/class/video4linux/video0/name": "unicam-image\n"}
        found = _look(patient, monkeypatch, CameraError("busy"), eye)
    assert {one.level for one in found.values()} == {GREEN}
    assert "in use by the instrument" in found["camera"].found


def test_an_instrument_that_runs_without_a_camera_is_red(patient, monkeypatch):
    codec = {"/sys/class/video4linux/video10/name": "bcm2835-codec-decode\n"}
    with only_one(patient().config.state):
        found = _look(patient, monkeypatch, CameraError("no camera was found"), codec)
    assert found["camera"].level is RED


def test_a_stand_in_for_a_camera_is_told(patient):
    assert camera.camera(patient(camera=CameraSettings(source="ghost")))[0].level is AMBER
