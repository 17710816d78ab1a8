"""The field's own figures, held against mir_eval's."""

from dataclasses import astuple

import mir_eval
import numpy as np
import pytest

from firmware_py.music.agreement import pitch_at
from firmware_py.music.evaluation import evaluation_of, reference_line
from firmware_py.music.notes import notes_of
from firmware_py.music.songs_library import load_song
from tests.unit.music import players
from tests.unit.music.players import Faults, play

MELODY = load_song("amazing-grace").melody_at(2.0)
PERFORMANCES = {
    "perfect": play(MELODY, 1),
    "late and sharp": play(MELODY, 2, Faults(late_s=0.04, cents=30, cents_jitter=40, onset_jitter_s=0.04)),
    "an octave up": play(MELODY, 3, Faults(cents=1210)),
    "half of it wrong": play(MELODY, 4, Faults(wrong=0.5, missed=0.2)),
    "waving": players.random_waving(MELODY, 5),
    "held": players.held(MELODY, 67.0),
}


def hz(midi):
    return np.where(np.isfinite(midi), 440.0 * 2.0 ** ((np.nan_to_num(midi) - 69.0) / 12.0), 0.0)


def peers_of(curve, played):
    at_s, reference = reference_line(MELODY)
    heard = pitch_at(curve.heard_pitch, curve.rate_hz, at_s)
    line = mir_eval.melody.evaluate(at_s, hz(reference), at_s, hz(heard))
    wanted = np.array([(n.onset_s, n.end_s) for n in MELODY]), hz(np.array([n.pitch for n in MELODY]))
    found = np.array([(n.onset_s, n.end_s) for n in played]), hz(np.array([n.pitch for n in played]))
    narrow, wide = (
        mir_eval.transcription.precision_recall_f1_overlap(
            *wanted, *found, onset_tolerance=tolerance, offset_ratio=None
        )
        for tolerance in (0.05, 0.15)
    )
    names = ("Raw Pitch Accuracy", "Raw Chroma Accuracy", "Voicing Recall", "Voicing False Alarm", "Overall Accuracy")
    return (*narrow[:3], wide[2], *(line[name] for name in names))


@pytest.mark.parametrize("name", PERFORMANCES)
def test_every_figure_is_that_of_mir_eval(name):
    curve = PERFORMANCES[name]
    played = notes_of(curve)
    assert astuple(evaluation_of(curve, MELODY, played)) == pytest.approx(peers_of(curve, played), abs=2e-3)


def test_silence_is_nothing_but_right_in_the_rests():
    found = evaluation_of(players.silent(MELODY), MELODY, ())
    assert (found.note_f1, found.note_f1_150ms, found.raw_pitch, found.voicing_recall) == (0, 0, 0, 0)
    assert found.voicing_false_alarm == 0


def test_a_delay_that_is_taken_off_costs_nothing():
    curve = play(MELODY, 6, Faults(late_s=0.12))
    played = notes_of(curve)
    assert evaluation_of(curve, MELODY, played, lag_s=0.12).note_f1 >= 0.9
    assert evaluation_of(curve, MELODY, played).note_f1 <= 0.1
