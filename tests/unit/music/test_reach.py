"""The two ends of the keyboard, and the part of the count-in that they are found in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.config import PlaySettings
from firmware_py.errors import ReachError
from firmware_py.music.reach import FAR_TONE, LEAST_RATIO, NEAR_TONE, PART_S, Reach, reach_between, reach_stage
from firmware_py.music.songs_library import known_songs, load_song, mapping_for

AREAS = st.floats(0.0011, 0.999)


@given(AREAS, AREAS)
def test_the_smaller_area_is_the_far_one_and_both_are_what_the_instrument_will_read(one, other):
    try:
        reach = reach_between(one, other)
    except ReachError:
        assert max(one, other) < LEAST_RATIO * min(one, other) * 1.001
        return
    assert reach == reach_between(other, one)
    assert reach.ratio >= LEAST_RATIO
    assert [float(np.float32(area)) for area in vars(reach).values()] == [reach.area_far, reach.area_near]


def test_a_far_and_a_near_hand_that_are_too_alike_are_refused_with_what_to_do():
    with pytest.raises(ReachError) as refused:
        reach_between(0.041, 0.05)
    assert str(refused.value) == (
        "far, the hand fills 4.1 % of the picture, near 5.0 %: only 1.2 times as much, 2 times are needed;"
        " hold it farther away first, then nearer to the camera"
    )


@pytest.mark.parametrize("area", [0.0, -1.0, 0.0001, 1.1, float("nan"), float("inf")])
def test_what_is_no_hands_area_is_refused(area):
    with pytest.raises(ReachError, match="no hand's"):
        reach_between(area, 0.1)


@given(far=st.floats(0.001, 0.3), ratio=st.floats(LEAST_RATIO, 50.0), margin=st.integers(0, 6))
def test_every_song_is_playable_by_every_arm(far, ratio, margin):
    reach = Reach(far, min(1.0, far * ratio))
    for song in map(load_song, known_songs()):
        mapping = mapping_for(song, PlaySettings(margin_semitones=margin), reach)
        for midi in (song.low, song.high):
            area = mapping.area_of(midi)
            assert reach.area_far <= area * 1.000001
            assert area <= reach.area_near * 1.000001
            assert mapping.pitch_of(area) == pytest.approx(midi, abs=1e-6)
        assert mapping.pitch_of(reach.area_far) == pytest.approx(song.low - margin, abs=1e-6)
        assert mapping.pitch_of(reach.area_near) == pytest.approx(song.high + margin, abs=1e-6)


def test_areas_that_are_set_count_for_more_than_the_players_reach_and_that_for_more_than_the_default():
    reach = Reach(0.03, 0.09)
    for settings, wanted in (
        (PlaySettings(), (0.03, 0.09)),
        (PlaySettings(area_far=0.01), (0.01, 0.09)),
        (PlaySettings(area_far=0.04, area_near=0.5), (0.04, 0.5)),
    ):
        mapping = mapping_for(None, settings, reach)
        assert (mapping.area_far, mapping.area_near) == wanted
    mapping = mapping_for(None, PlaySettings())
    assert (mapping.area_far, mapping.area_near) == (0.02, 0.20)


@given(st.floats(0.3, 20.0), st.integers(1, 12))
def test_each_part_of_the_stage_has_bars_enough_to_go_there_and_hold_still(bar_s, beats):
    stage = reach_stage(bar_s, beats)
    bars = stage.far_until_s / bar_s
    assert bars == pytest.approx(round(bars))
    assert stage.far_until_s >= max(PART_S, 2 * bar_s) - 1e-9
    assert stage.near_until_s == pytest.approx(2 * stage.far_until_s)
    tones = stage.tones()
    assert len(tones) == round(2 * bars * beats)
    low = [at_s for at_s, midi in tones if midi == FAR_TONE]
    high = [at_s for at_s, midi in tones if midi == NEAR_TONE]
    assert len(low) == len(high)
    assert max(low) < stage.far_until_s - 1e-9 <= min(high) < stage.near_until_s


def test_the_words_say_far_then_near_then_nothing():
    stage = reach_stage(2.0, 4)
    assert [bool(stage.words(s)) for s in (-0.1, 0.0, 3.9, 4.0, 7.9, 8.0)] == [False, True, True, True, True, False]
    assert "far" in stage.words(3.9)
    assert "near" in stage.words(4.0)
