import json

import cv2
import pytest

from firmware_py.errors import CameraError
from firmware_py.sight.camera import Pace
from firmware_py.sight.ghost.camera import GhostCamera
from firmware_py.sight.ghost.part import GhostPart, GhostPlayer
from firmware_py.sight.inspect import inspect


@pytest.fixture(scope="module")
def hand_picture():
    camera = GhostCamera(GhostPart(seconds=1.0), GhostPlayer(plain=1), size=(640, 480))
    return next(iter(camera.frames(Pace(1, realtime=False)))).rgb()[..., ::-1]


@pytest.fixture
def folder(tmp_path, hand_picture):
    large = cv2.resize(hand_picture, (1280, 960))
    cv2.imwrite(str(tmp_path / "b.png"), large * 0)
    cv2.imwrite(str(tmp_path / "a.png"), large)
    cv2.imwrite(str(tmp_path / "c.png"), large)
    return tmp_path


def test_pictures_come_in_the_order_of_their_names_each_on_its_own(folder, model_files):
    records = list(inspect(folder, model_files))
    assert [record["frame"] for record in records] == [0, 1, 2]
    assert [len(record["hands"]) for record in records] == [1, 0, 1]
    assert records[0]["hands"] == records[2]["hands"]
    assert records[0]["t"] == 0


def test_a_record_has_the_contracts_keys_and_boxes_in_pixels_of_the_picture(folder, model_files):
    record = next(iter(inspect(folder, model_files)))
    assert json.loads(json.dumps(record)) == record
    assert list(record) == ["frame", "t", "hands", "ms"]
    assert set(record["ms"]) == {"finder", "tracker"}
    (hand,) = record["hands"]
    assert list(hand) == ["area", "bbox", "confidence", "openness", "side"]
    assert hand["side"] in ("left", "right")
    x, y, width, height = hand["bbox"]
    assert x + width / 2 == pytest.approx(640, abs=100)
    assert y + height / 2 == pytest.approx(480, abs=200)
    assert width > 150
    assert x >= 0
    assert x + width <= 1280
    assert y >= 0
    assert y + height <= 960


def test_without_models_colours_answer(folder):
    assert all(hand["confidence"] <= 0.3 for record in inspect(folder, None) for hand in record["hands"])


def test_what_is_not_there_is_refused(tmp_path, model_files):
    with pytest.raises(CameraError):
        list(inspect(tmp_path / "absent.mp4", model_files))
