"""The measuring under the marks: credit, frames, the search for delay and octave, the best held note."""

import numpy as np
import pytest

from firmware_py.music.agreement import Frames, best_lag_and_octave, credit, held_note_credit, pitch_at
from firmware_py.music.note import Note
from firmware_py.music.songs_library import load_song
from tests.unit.music.players import Faults, held, play, silent

MELODY = load_song("minuet-in-g").melody_at(1.0)


def test_credit_is_full_near_nothing_far_and_even_between():
    assert credit(np.array([0, 40, -40, 65, -65, 90, 500, np.nan])).tolist() == [1, 1, 1, 0.5, 0.5, 0, 0, 0]


def test_frames_cut_each_note_evenly_and_cover_it():
    frames = Frames.of([Note(1.0, 0.1, 60), Note(1.1, 0.003, 62)], 0.02)
    assert frames.at_s == pytest.approx([1.01, 1.03, 1.05, 1.07, 1.09, 1.1015])
    assert frames.note.tolist() == [0] * 5 + [1]
    assert (frames.since_s + frames.left_s)[:5] == pytest.approx([0.1] * 5)


def test_outside_the_curve_is_silence():
    found = pitch_at(np.array([60.0, 61.0]), 10.0, np.array([-0.01, 0.0, 0.15, 0.2]))
    assert found.tolist()[1:3] == [60.0, 61.0]
    assert np.isnan(found[[0, 3]]).all()


@pytest.mark.parametrize("late_s", [-0.3, 0.0, 0.2, 0.5])
@pytest.mark.parametrize("octaves", [-2, 0, 1])
def test_delay_and_octave_are_found(late_s, octaves):
    faults = Faults(late_s=late_s, cents=1200 * octaves, onset_jitter_s=0.0, glide_s=(0.001, 0.002))
    lag_s, octave = best_lag_and_octave(play(MELODY, 1, faults), MELODY, 0.0)
    assert (lag_s, octave) == (pytest.approx(late_s, abs=0.011), octaves)


def test_where_nothing_decides_the_delay_is_the_machines_own():
    assert best_lag_and_octave(silent(MELODY), MELODY, 0.07) == (0.07, 0)
    assert best_lag_and_octave(held(MELODY, MELODY[0].pitch), MELODY, 0.07) == (0.07, 0)


def test_a_held_note_may_lie_between_two_pitches():
    alone = held_note_credit(np.array([60.0, 64.0]), np.array([3.0, 1.0]))
    assert alone == pytest.approx(0.75)
    between = held_note_credit(np.array([60.0, 61.0]), np.array([1.0, 1.0]))
    assert between == pytest.approx(0.5 * (1 + (90 - 60) / 50), abs=0.02)
