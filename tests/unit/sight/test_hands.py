import itertools
import time
from dataclasses import replace

import numpy as np
import pytest
from drawn_hand import area, frame, landmarks, picture

from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.sight.camera import Pace
from firmware_py.sight.ghost.camera import GhostCamera
from firmware_py.sight.ghost.part import GhostPart, GhostPlayer
from firmware_py.sight.hands import Sight

T0 = 1_000_000_000


@pytest.fixture(scope="module")
def ghost_frames():
    """One second of a still ghost hand."""
    camera = GhostCamera(GhostPart(seconds=1.0), GhostPlayer(plain=1))
    return list(camera.frames(Pace(T0, realtime=False))), camera.description


def flags(sample):
    return Flag(int(sample["flags"]))


def test_a_sample_carries_the_frames_number_and_time(ghost_frames, model_files):
    sight = Sight(model_files, synchronous=True, rate_hz=60)
    shown = ghost_frames[0][3]
    sample = sight.see(shown)
    assert sample.dtype == HAND_SAMPLE
    assert (sample["frame"], sample["t_capture_ns"], sample["t_publish_ns"]) == (3, shown.t_capture_ns, 0)


def test_the_ghosts_hand_is_seen_from_the_first_frame_on(ghost_frames, model_files):
    sight = Sight(model_files, synchronous=True, rate_hz=60)
    samples = [sight.see(shown) for shown in ghost_frames[0]]
    assert all(flags(sample) & Flag.PRESENT for sample in samples)
    assert not any(flags(sample) & Flag.SECOND_HAND for sample in samples)
    areas = np.array([sample["hands"][0]["area"] for sample in samples])
    middle = np.sqrt(0.02 * 0.2)  # the middle of the keyboard
    assert np.median(areas) == pytest.approx(middle, rel=0.05)
    assert np.std(np.log(areas[20:])) < 0.01
    assert all(0 < sample["hands"][0]["confidence"] <= 1 for sample in samples)


def test_the_same_frames_give_the_same_samples(ghost_frames, model_files):
    runs = [
        [bytes(sight.see(shown)) for shown in ghost_frames[0][:20]]
        for sight in (Sight(model_files, synchronous=True, rate_hz=60) for _ in range(2))
    ]
    assert runs[0] == runs[1]


def test_the_finder_looks_at_its_own_rate_by_capture_time(ghost_frames, model_files):
    sight = Sight(model_files, synchronous=True, rate_hz=60, finder_hz=10)
    looked = []
    for shown in ghost_frames[0]:
        sight.see(shown)
        looked.append(sight.spent.finder > 0)
    assert 9 <= sum(looked) <= 12


def test_on_its_own_thread_the_finder_confirms_while_frames_go_on(ghost_frames, model_files):
    sight = Sight(model_files, synchronous=False, rate_hz=60)
    deadline = time.monotonic() + 30
    try:
        for number in itertools.count():
            shown = ghost_frames[0][number % 60]
            sample = sight.see(replace(shown, number=number, t_capture_ns=time.monotonic_ns()))
            if flags(sample) & Flag.FINDER_CONFIRMED:
                break
            assert time.monotonic() < deadline, "the finder did not confirm the hand"
        assert sight.seen
    finally:
        sight.close()


def test_a_frame_of_another_size_begins_anew(ghost_frames, model_files):
    sight = Sight(model_files, synchronous=True, rate_hz=60)
    sight.see(ghost_frames[0][0])
    assert sight.seen
    sight.see(frame(np.zeros((120, 160, 3), dtype=np.uint8), 1))
    assert not sight.seen


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_empty_picture_holds_no_hand(level, model_files):
    sight = Sight(model_files, synchronous=True, rate_hz=60)
    for number in range(6):
        sample = sight.see(frame(np.full((240, 320, 3), level, dtype=np.uint8), number, 12.0))
        assert not flags(sample) & (Flag.PRESENT | Flag.SECOND_HAND)
        assert not sample["hands"]["area"].any()


def test_noise_holds_no_hand(model_files):
    sight = Sight(model_files, synchronous=True, rate_hz=12)
    rng = np.random.default_rng(1)
    for number in range(6):
        sight.see(frame(rng.integers(0, 256, (240, 320, 3), dtype=np.uint8), number, 12.0))
        assert not sight.seen


def test_without_hands_for_long_the_finder_looks_less_often(model_files):
    sight = Sight(model_files, synchronous=True, rate_hz=60)
    sight.see(frame(picture(landmarks()), 0))
    empty = np.zeros((240, 320, 3), dtype=np.uint8)

    def looks(first_s):
        count = 0
        for k in range(60):
            sight.see(frame(empty, round(first_s * 60) + k))
            count += sight.spent.finder > 0
        return count

    assert looks(1.0) >= 10
    assert looks(60.0) <= 4


def test_two_hands_are_two(model_files):
    sight = Sight(model_files, synchronous=True, rate_hz=60)
    camera = GhostCamera(GhostPart(seconds=1.0), GhostPlayer(plain=1), size=(320, 240))
    shown = next(iter(camera.frames(Pace(T0, realtime=False))))
    one = shown.rgb()[:, 80:240, ::-1]
    both = np.concatenate([one, one[:, ::-1]], axis=1)
    for number in range(12):
        sample = sight.see(frame(both, number))
    assert flags(sample) & Flag.PRESENT
    assert flags(sample) & Flag.SECOND_HAND
    assert {hand.side for hand in sight.seen} == {"left", "right"}
    assert abs(sample["hands"][0]["x"] - sample["hands"][1]["x"]) > 0.3


class TestWithoutModels:
    def test_a_hand_held_up_is_followed_by_its_colours_with_low_confidence(self):
        sight = Sight(None, synchronous=True, rate_hz=60)
        areas, expected = [], []
        for number in range(40):
            points = landmarks(160, 180, 40 + 0.2 * number)
            sample = sight.see(frame(picture(points, seed=number), number))
            assert flags(sample) & Flag.PRESENT
            assert sample["hands"][0]["confidence"] <= 0.3
            areas.append(sample["hands"][0]["area"])
            expected.append(area(points))
        assert np.corrcoef(np.log(areas), np.log(expected))[0, 1] > 0.98

    def test_a_room_without_skin_colours_holds_no_hand(self):
        sight = Sight(None, synchronous=True, rate_hz=60)
        for number in range(10):
            assert not flags(sight.see(frame(picture(room=(160, 120, 60)), number))) & Flag.PRESENT

    def test_a_hand_that_leaves_is_silence(self):
        sight = Sight(None, synchronous=True, rate_hz=60)
        for number in range(10):
            sight.see(frame(picture(landmarks(), seed=number), number))
        assert sight.seen
        for number in range(10, 15):
            sight.see(frame(picture(seed=number), number))
        assert not sight.seen


def test_pictures_that_stand_alone_know_nothing_of_each_other(ghost_frames, model_files):
    shown = ghost_frames[0][0]
    mirrored = frame(np.ascontiguousarray(shown.rgb()[:, ::-1, ::-1]), 1)
    empty = frame(np.full((240, 320, 3), 90, dtype=np.uint8), 2)

    def answers(*pictures):
        sight = Sight(model_files, synchronous=True, rate_hz=2, stills=True)
        return {picture.number: bytes(sight.see(picture)["hands"]) for picture in pictures}

    assert answers(shown, mirrored, empty) == answers(empty, mirrored, shown)
    assert answers(mirrored)[1] == answers(empty, shown, mirrored)[1]


def test_what_is_followed_but_has_no_palm_for_long_is_let_go(ghost_frames, model_files):
    sight = Sight(model_files, synchronous=True, rate_hz=60)
    finder = sight._lookout._finder
    look = finder._next_look.look

    def half_a_hand(rgb, crop):
        return replace(look(rgb, crop), presence=0.6)

    def no_palms(_rgb, *, least_score):
        assert least_score < 1
        return []

    presences = []
    for number in range(180):
        sample = sight.see(replace(ghost_frames[0][0], number=number, t_capture_ns=T0 + number * 16_666_667))
        presences.append(bool(flags(sample) & Flag.PRESENT))
        if number == 10:
            finder._next_look.look = half_a_hand
            finder._palms.look = finder._shadow_palms.look = no_palms
    assert all(presences[:60])
    assert not any(presences[-20:])
