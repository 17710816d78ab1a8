"""The note tracker on curves of simulated hands."""

import time

import mir_eval
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_py.music.curve import PitchCurve
from firmware_py.music.note import Note
from firmware_py.music.notes import notes_of
from firmware_py.music.pitch import midi_to_hz
from firmware_py.music.songs_library import known_songs, load_song
from tests.unit.music.players import RATE_HZ, Faults, play

SEEDS = range(3)


def note_f1(wanted, played):
    """mir_eval's note F1: within 50 cents and 150 ms of the onset."""
    spans = [np.array([(n.onset_s, n.end_s) for n in notes]) for notes in (wanted, played)]
    hertz = [np.array([midi_to_hz(n.pitch) for n in notes]) for notes in (wanted, played)]
    return mir_eval.transcription.precision_recall_f1_overlap(
        spans[0], hertz[0], spans[1], hertz[1], onset_tolerance=0.150, pitch_tolerance=50.0, offset_ratio=None
    )[2]


def curve_from(*pieces, rate_hz=RATE_HZ, loudness=0.7):
    """A curve of (seconds, pitch) pieces; a pair of pitches is a straight glide, None is silence."""
    lines = []
    for seconds, pitch in pieces:
        count = round(seconds * rate_hz)
        low, high = pitch if isinstance(pitch, tuple) else (pitch, pitch)
        lines.append(np.full(count, np.nan) if pitch is None else np.linspace(low, high, count))
    line = np.concatenate(lines).astype(np.float32)
    return PitchCurve(rate_hz, line, line, np.where(np.isnan(line), 0, loudness).astype(np.float32))


def heard(curve):
    return [(round(n.onset_s, 3), round(n.duration_s, 3), round(n.pitch, 2)) for n in notes_of(curve)]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", known_songs())
def test_a_good_player_is_written_down_as_the_song(name, seed):
    melody = load_song(name).melody_at(2.0)
    print(f"seed {seed}")
    assert note_f1(melody, notes_of(play(melody, seed))) >= 0.97


@pytest.mark.parametrize("name", known_songs())
def test_slow_glides_a_tremble_and_a_player_out_of_tune_are_written_down_too(name):
    melody = load_song(name).melody_at(2.0)
    faults = Faults(glide_s=(0.060, 0.100), tremble_cents=15.0, cents=35.0)
    tuned = [Note(n.onset_s, n.duration_s, n.pitch + 0.35) for n in melody]
    assert note_f1(tuned, notes_of(play(melody, 11, faults))) >= 0.95


def test_a_note_begins_half_way_through_the_glide_and_ends_where_the_next_begins():
    assert heard(curve_from((0.5, 60.0), (0.1, (60.0, 64.0)), (0.5, 64.0))) == [(0.0, 0.55, 60.0), (0.55, 0.55, 64.0)]


@pytest.mark.parametrize("leap", [-12, -5, -1, 2, 7, 16])
@pytest.mark.parametrize("time_constant_s", [0.010, 0.025, 0.060])
def test_the_half_way_point_is_met_to_a_frame_whatever_the_leap_and_the_glide(leap, time_constant_s):
    since = np.arange(round(0.6 * RATE_HZ)) / RATE_HZ
    line = 60 + leap * (1 - np.exp(-since / time_constant_s))
    curve = curve_from((0.6, 60.0))
    line = np.concatenate([curve.pitch, line]).astype(np.float32)
    first, second = notes_of(PitchCurve(RATE_HZ, line, line, np.ones(len(line), np.float32)))
    assert second.onset_s == pytest.approx(0.6 + time_constant_s * np.log(2), abs=1.01 / RATE_HZ)
    assert first.end_s == second.onset_s


def test_a_silence_of_forty_milliseconds_parts_two_equal_notes_and_a_lost_frame_does_not():
    assert heard(curve_from((0.3, 60.0), (0.04, None), (0.3, 60.0))) == [(0.0, 0.3, 60.0), (0.34, 0.3, 60.0)]
    assert heard(curve_from((0.3, 60.0), (0.035, None), (0.3, 60.0))) == [(0.0, 0.635, 60.0)]


def test_a_long_glide_passes_through_no_notes_of_its_own():
    assert [n for _, _, n in heard(curve_from((0.5, 55.0), (0.12, (55.0, 67.0)), (0.5, 67.0)))] == [55.0, 67.0]


def test_a_slow_glissando_is_a_scale():
    found = heard(curve_from((0.3, 60.0), (1.2, (60.0, 64.0)), (0.3, 64.0)))
    assert [round(p) for _, _, p in found] == [60, 61, 62, 63, 64]


def test_a_vibrato_of_half_a_semitone_is_one_note():
    t = np.arange(400) / RATE_HZ
    line = (69.0 + 0.5 * np.sin(2 * np.pi * 5.5 * t)).astype(np.float32)
    found = notes_of(PitchCurve(RATE_HZ, line, line, np.ones(400, np.float32)))
    assert len(found) == 1
    assert found[0].pitch == pytest.approx(69.0, abs=0.1)


def test_a_hand_trembling_on_the_border_of_two_semitones_is_one_note():
    rng = np.random.default_rng(5)
    line = (60.5 + rng.normal(0, 0.12, 600)).astype(np.float32)
    assert len(notes_of(PitchCurve(RATE_HZ, line, line, np.ones(600, np.float32)))) == 1


def test_a_twitch_is_dropped_and_a_grace_of_sixty_milliseconds_goes_to_its_neighbour():
    assert heard(curve_from((0.3, None), (0.045, 70.0), (0.3, None), (0.3, 60.0))) == [(0.645, 0.3, 60.0)]
    assert len(heard(curve_from((0.4, 60.0), (0.06, 61.0), (0.4, 62.0)))) == 2


def test_cents_off_and_loudness_are_kept():
    (note,) = notes_of(curve_from((0.5, 60.27), loudness=0.4))
    assert (note.pitch, note.loudness) == (pytest.approx(60.27), pytest.approx(0.4))


def test_what_cannot_be_heard_is_no_note():
    assert notes_of(curve_from((1.0, 60.0), loudness=0.01)) == ()
    assert notes_of(curve_from((1.0, None))) == ()
    empty = np.empty(0, np.float32)
    assert notes_of(PitchCurve(RATE_HZ, empty, empty, empty)) == ()


@given(
    st.lists(st.tuples(st.floats(0.0, 0.5), st.one_of(st.none(), st.floats(40, 90))), max_size=20),
    st.sampled_from([50.0, 100.0, 200.0, 333.0]),
)
@settings(max_examples=150, deadline=None)
def test_notes_are_in_order_without_overlap_inside_the_curve_and_at_pitches_that_sounded(pieces, rate_hz):
    curve = curve_from(*pieces, (0.1, None), rate_hz=rate_hz)
    end = 0.0
    for note in notes_of(curve):
        assert note.onset_s >= end - 1e-9
        assert note.duration_s > 0
        end = note.end_s
        assert np.nanmin(curve.pitch) <= note.pitch <= np.nanmax(curve.pitch)
    assert end <= curve.seconds + 1e-9


@pytest.mark.parametrize("what", ["playing", "noise"])
def test_ten_minutes_take_less_than_two_seconds(what):
    rng = np.random.default_rng(1)
    melody, at = [], 0.0
    while at < 600.0:
        duration = float(rng.choice([0.25, 0.5, 1.0]))
        melody.append(Note(at, duration, float(rng.integers(55, 80))))
        at += duration
    curve = play(melody, 1)
    if what == "noise":
        line = rng.uniform(50, 80, len(curve.pitch)).astype(np.float32)
        curve = PitchCurve(RATE_HZ, line, line, np.ones(len(line), np.float32))
    began = time.process_time()
    notes_of(curve)
    assert time.process_time() - began < 2.0


@pytest.mark.parametrize("seed", range(4))
def test_sixteenths_in_a_run_of_tones_and_thirds_are_all_found(seed):
    rng = np.random.default_rng(seed)
    steps, pitch, melody = (0, 2, 4, 7, 9, 12, 14, 16), 3, []
    for n in range(48):
        pitch = min(7, max(0, pitch + int(rng.choice([-1, 1])))) if pitch % 7 else (1 if pitch == 0 else 6)
        melody.append(Note(1.0 + n * 0.125, 0.125, 60.0 + steps[pitch]))
    notes = notes_of(play(melody, seed, Faults(onset_jitter_s=0.0)))
    assert [round(n.pitch) for n in notes] == [round(n.pitch) for n in melody]
