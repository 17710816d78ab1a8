import json

import cv2
import numpy as np
import pytest

from firmware_py.cli import main
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


def listed(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_command_draws_a_folder_into_a_clip_and_prints_the_same_lines(folder, models_state, tmp_path, capsys):
    assert main(["inspect", str(folder), "--state", str(models_state), "--json"]) == 0
    plain = listed(capsys)
    out = tmp_path / "seen.mp4"
    assert main(["inspect", str(folder), "--state", str(models_state), "--show", str(out)]) == 0
    for lines in (plain, shown := listed(capsys)):
        for line in lines:
            del line["ms"]
    assert plain == shown, "drawing changes nothing that is measured"
    assert cv2.VideoCapture(str(out)).get(cv2.CAP_PROP_FRAME_COUNT) == 3


def test_the_command_draws_one_picture_in_its_own_size(folder, models_state, tmp_path, capsys):
    out = tmp_path / "seen.png"
    assert main(["inspect", str(folder / "a.png"), "--state", str(models_state), "--show", str(out)]) == 0
    drawn, before = cv2.imread(str(out)), cv2.imread(str(folder / "a.png"))
    assert drawn.shape == before.shape
    assert (drawn != before).mean() > 0.02


def test_a_folder_with_an_unreadable_picture_prints_the_others_names_it_and_ends_with_1(folder, models_state, capsys):
    (folder / "aa.jpg").write_bytes(b"no picture")
    (folder / "bb.heic").write_bytes(b"from a telephone")
    assert main(["inspect", str(folder), "--state", str(models_state)]) == 1
    told = capsys.readouterr()
    assert [json.loads(line)["frame"] for line in told.out.splitlines()] == [0, 2, 4]
    assert "aa.jpg is not a picture" in told.err
    assert "bb.heic is not a picture" in told.err


def test_an_unreadable_picture_alone_is_one_sentence_and_1(tmp_path, models_state, capsys):
    (tmp_path / "hand.png").write_bytes(b"\x89PNG broken")
    assert main(["inspect", str(tmp_path / "hand.png"), "--state", str(models_state)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1


def exif_turned(jpeg, orientation):
    """The JPEG with an Exif header that says how it is to be turned."""
    tiff = b"MM\x00*\x00\x00\x00\x08\x00\x01" + b"\x01\x12\x00\x03\x00\x00\x00\x01" + bytes((0, orientation)) + bytes(6)
    body = b"Exif\x00\x00" + tiff
    return jpeg[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + jpeg[2:]


@pytest.mark.parametrize("kind", ["grey", "transparent", "deep", "huge", "lying"])
def test_a_hand_is_found_in_pictures_of_many_kinds_and_its_box_is_in_their_pixels(
    kind, hand_picture, model_files, tmp_path
):
    path = tmp_path / "hand.png"
    whole = hand_picture
    if kind == "grey":
        cv2.imwrite(str(path), cv2.cvtColor(whole, cv2.COLOR_BGR2GRAY))
    elif kind == "transparent":
        cv2.imwrite(str(path), cv2.cvtColor(whole, cv2.COLOR_BGR2BGRA))
    elif kind == "deep":
        cv2.imwrite(str(path), whole.astype("uint16") * 257)
    elif kind == "huge":
        whole = cv2.resize(whole, (3840, 2880))
        cv2.imwrite(str(path), whole, [cv2.IMWRITE_PNG_COMPRESSION, 0])
    else:
        path = tmp_path / "hand.jpg"
        lying = cv2.imencode(".jpg", cv2.rotate(whole, cv2.ROTATE_90_COUNTERCLOCKWISE))[1].tobytes()
        path.write_bytes(exif_turned(lying, 6))
    (record,) = inspect(path, model_files)
    (hand,) = record["hands"]
    scale = whole.shape[1] / 640
    x, y, width, height = (value / scale for value in hand["bbox"])
    assert x + width / 2 == pytest.approx(340, abs=50)
    assert y + height / 2 == pytest.approx(240, abs=50)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (16, 9), (33, 21), (4000, 8)])
def test_tiny_and_strange_pictures_hold_no_hand_and_are_no_failure(size, model_files, tmp_path):
    path = tmp_path / "tiny.png"
    cv2.imwrite(str(path), (np.arange(size[0] * size[1] * 3) % 251).astype(np.uint8).reshape(size[1], size[0], 3))
    (record,) = inspect(path, model_files)
    assert record["hands"] == []
