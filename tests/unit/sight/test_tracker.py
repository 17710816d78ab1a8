import numpy as np
import pytest
from drawn_hand import area, found, frame, landmarks, picture

from firmware_py.sight.likeness import Portraitist
from firmware_py.sight.tracker import MEMORY_S, Track

RATE_HZ = 60.0


class Film:
    """Frames for one track: each call shows it the next one."""

    def __init__(self, points):
        self.number = 0
        self.portraitist = Portraitist()
        self.track = None
        self.look(points)

    def _frame(self, points, **how):
        bgr = picture(*([] if points is None else [points]), seed=self.number, **how)
        return frame(bgr, self.number, RATE_HZ)

    def look(self, points):
        """A frame that the finder looks at as well."""
        shown = self._frame(points)
        like = self.portraitist.likeness(found(points), shown.i420, shown.number)
        t_s = shown.t_capture_ns / 1e9
        if self.track is None:
            self.track = Track(like, RATE_HZ)
        else:
            self.track.step(shown.i420, shown.number, t_s, None)
        self.track.confirm(like, shown.i420, shown.number, t_s, None)
        self.number += 1
        return self.track

    def show(self, points, **how):
        """A frame for the tracker alone; None is an empty room."""
        shown = self._frame(points, **how)
        self.track.step(shown.i420, shown.number, shown.t_capture_ns / 1e9, None)
        self.number += 1
        return self.track


def test_a_hand_that_the_finder_saw_is_there_with_its_area_and_place():
    track = Film(landmarks()).track
    assert track.present
    assert track.area == pytest.approx(area(landmarks()), rel=0.05)
    assert track.x == pytest.approx(0.5, abs=0.05)
    assert 0.5 < track.confidence <= 1


def test_a_still_hand_trembles_by_less_than_five_cents():
    film = Film(landmarks())
    areas = [film.show(landmarks()).area for _ in range(60)]
    cents = np.log(areas) / np.log(10) * 2400
    assert np.std(cents[10:]) < 5


def test_area_follows_a_moving_and_growing_hand_within_a_frame():
    film = Film(landmarks(breadth=30))
    errors = []
    for k in range(40):
        now = landmarks(160 + 30 * np.sin(k / 8), 190, 30 * 1.012**k)
        errors.append(np.log(film.show(now).area / area(now)))
    assert np.percentile(np.abs(errors - np.median(errors)), 95) < 0.04


def test_one_lost_frame_is_bridged_with_the_last_area():
    film = Film(landmarks())
    for _ in range(5):
        before = film.show(landmarks()).area
    held = film.show(None)
    assert held.present
    assert held.area == before
    assert film.show(landmarks()).present


def test_a_hand_that_left_is_absent_after_two_frames_and_back_in_the_frame_that_shows_it():
    film = Film(landmarks())
    for _ in range(10):
        film.show(landmarks())
    assert [film.show(None).present for _ in range(6)] == [True, False, False, False, False, False]
    again = film.show(landmarks())
    assert again.present
    assert again.area == pytest.approx(area(landmarks()), rel=0.05)


def test_a_hand_may_come_back_larger():
    film = Film(landmarks(breadth=32))
    for _ in range(4):
        film.show(None)
    larger = landmarks(160, 190, 42)
    assert film.show(larger).present
    assert film.track.area == pytest.approx(area(larger), rel=0.1)


def test_after_a_second_only_the_finder_knows_it_again():
    film = Film(landmarks())
    while film.track.present:
        film.show(None)
    t_s = 1 + film.number / RATE_HZ
    assert film.track.remembered(t_s + MEMORY_S * 0.5)
    assert not film.track.remembered(t_s + MEMORY_S * 1.5)


def test_a_hand_that_the_finder_denied_is_forgotten_at_once():
    film = Film(landmarks())
    film.track.leave()
    assert not film.track.present
    assert not film.track.remembered(1.0)
    assert film.track.confidence == 0.0


def test_a_late_look_is_corrected_for_the_motion_since():
    film = Film(landmarks(x=140, breadth=36))
    shown = film._frame(landmarks(x=140, breadth=36))
    late = film.portraitist.likeness(found(landmarks(x=140, breadth=36)), shown.i420, film.number)
    for k in range(6):
        film.show(landmarks(x=140 + 4 * k, breadth=36))
    now = film._frame(landmarks(x=164, breadth=36))
    film.track.step(now.i420, now.number, now.t_capture_ns / 1e9, None)
    film.track.confirm(late, now.i420, now.number, now.t_capture_ns / 1e9, None)
    x, _, _ = film.track.pose
    still = Film(landmarks(x=164, breadth=36)).track.pose[0]
    assert x == pytest.approx(still, abs=1.5)
    assert film.track.present


def test_a_look_that_measures_a_little_else_is_no_jump():
    film = Film(landmarks())
    for _ in range(20):
        before = film.show(landmarks()).area
    wobbled = landmarks(x=161.5, y=181)
    wobbled[8, :2] += 3
    shown = film._frame(landmarks())
    t_s = shown.t_capture_ns / 1e9
    film.track.step(shown.i420, shown.number, t_s, None)
    film.track.confirm(
        film.portraitist.likeness(found(wobbled), shown.i420, shown.number), shown.i420, shown.number, t_s, None
    )
    film.number += 1
    after = film.show(landmarks()).area
    assert abs(np.log(after / before)) < 0.003
