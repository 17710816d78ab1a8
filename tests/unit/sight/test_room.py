import cv2
import numpy as np
import pytest
from drawn_hand import area, frame, landmarks, picture
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.hand_sample import Flag
from firmware_py.sight.hands import Sight
from firmware_py.sight.room import Room, finger_like

HAND = (120.0, 80.0, 80.0, 100.0)


def shown(bgr):
    return frame(bgr).i420


def test_nothing_is_changed_in_a_room_that_is_as_it_was():
    room = Room()
    for seed in range(5):
        room.look(shown(picture(seed=seed)), None)
    assert room.changed(HAND) == 0


def test_a_hand_that_came_is_a_change_and_stays_one_while_it_is_known_to_be_there():
    room = Room()
    room.look(shown(picture()), None)
    with_hand = shown(picture(landmarks()))
    for _ in range(100):
        room.look(with_hand, HAND)
    assert room.changed(HAND) > 0.5


def test_what_is_there_from_the_first_frame_on_is_the_room():
    room = Room()
    for seed in range(3):
        room.look(shown(picture(landmarks(), seed=seed)), None)
    assert room.changed(HAND) == 0


def test_light_that_grows_everywhere_is_no_change():
    room = Room()
    room.look(shown(picture()), None)
    room.look(shown(cv2.convertScaleAbs(picture(), alpha=1.0, beta=25)), None)
    assert room.changed(HAND) == 0


@given(st.tuples(*[st.floats(-500, 900)] * 2), st.tuples(*[st.floats(0, 900)] * 2))
def test_a_box_anywhere_has_a_share(corner, size):
    room = Room()
    room.look(shown(picture()), None)
    assert 0 <= room.changed((*corner, *size)) <= 1


def test_hands_have_fingers_and_faces_have_not():
    hand = (cv2.cvtColor(picture(landmarks(breadth=60), noise=0), cv2.COLOR_BGR2GRAY) > 152).astype(np.uint8) * 255
    assert finger_like(hand) or finger_like(255 - hand)
    face = np.zeros((120, 160), np.uint8)
    cv2.ellipse(face, (80, 60), (30, 40), 0, 0, 360, 255, cv2.FILLED)
    assert not finger_like(face)
    assert not finger_like(np.zeros((120, 160), np.uint8))


def with_face(bgr, x, y=120):
    cv2.ellipse(bgr, (x, y), (34, 45), 0, 0, 360, (96, 140, 205), cv2.FILLED)
    return bgr


def present(sample):
    return bool(int(sample["flags"]) & Flag.PRESENT)


@pytest.mark.parametrize("x", [70, 160])
def test_by_colours_alone_a_face_that_was_there_is_no_hand(x):
    sight = Sight(None, synchronous=True, rate_hz=60)
    assert not any(present(sight.see(frame(with_face(picture(seed=k), x + k % 3), k))) for k in range(0, 90, 3))


def test_by_colours_alone_the_hand_that_comes_is_followed_beside_a_face():
    sight = Sight(None, synchronous=True, rate_hz=60)
    for number in range(0, 30, 5):
        sight.see(frame(with_face(picture(seed=number), 50), number))
    seen = []
    for number in range(30, 60):
        points = landmarks(190, 180, 36 + 0.2 * number)
        sample = sight.see(frame(with_face(picture(points, seed=number), 50), number))
        if number >= 40:
            assert present(sample)
            seen.append((sample["hands"][0]["area"], area(points), sample["hands"][0]["confidence"]))
    areas, expected, confidence = np.array(seen).T
    assert np.corrcoef(np.log(areas), np.log(expected))[0, 1] > 0.98
    assert confidence.max() < 0.301
