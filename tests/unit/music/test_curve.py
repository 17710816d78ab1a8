"""The pitch curve: hand samples in, the pitches that sounded out."""

import math

import numpy as np
import pytest

from firmware_py.errors import UsageError
from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.music.curve import curve_of
from firmware_py.music.delay import DelayMove
from firmware_py.music.mapping import Mapping

T0 = 1_000_000_000_000
DELAY_S = 0.060
PLAIN = Mapping(quantise=0.0, glide_s=0.0, height_to_loudness=0.0)


def samples_of(pitches, mapping=PLAIN, rate_hz=60.0, y=0.0, openness=0.5):
    """One sample a camera frame from t0 - D on; None or NaN is no hand."""
    samples = np.zeros(len(pitches), HAND_SAMPLE)
    for n, pitch in enumerate(pitches):
        samples[n]["t_capture_ns"] = T0 - int(DELAY_S * 1e9) + round(n * 1e9 / rate_hz)
        samples[n]["frame"] = n
        if pitch is not None and not math.isnan(pitch):
            samples[n]["flags"] = Flag.PRESENT
            samples[n]["hands"][0] = (mapping.area_of(pitch), 0.5, y, openness, 1.0)
    return samples


def curve(samples, mapping=PLAIN, seconds=1.0, **more):
    return curve_of(samples, mapping, t0_ns=T0, delay_s=DELAY_S, seconds=seconds, **more)


def test_a_steady_hand_gives_its_pitch_within_a_thousandth_of_a_cent():
    for pitch in (57.0, 60.3, 69.0, 81.0):
        found = curve(samples_of([pitch] * 60))
        assert np.allclose(found.pitch[:190], pitch, atol=1e-5)
        assert np.allclose(found.hand_pitch[:190], pitch, atol=1e-5)


def test_pitch_is_linear_in_time_between_two_samples():
    found = curve(samples_of([60.0, 66.0] + [66.0] * 10, rate_hz=20.0))
    times = np.arange(10) / 200.0
    assert np.allclose(found.pitch[:10], 60.0 + 6.0 * times * 20.0, atol=0.05)


def test_a_sample_sounds_exactly_d_after_it_was_captured():
    samples = samples_of([None] * 30 + [69.0] * 30)
    found = curve(samples)
    begins = np.flatnonzero(~np.isnan(found.pitch))[0] / 200.0
    assert begins == pytest.approx(30 / 60, abs=0.0051)


def test_after_a_move_of_d_a_sample_sounds_by_the_new_one_and_before_it_by_the_old():
    samples = samples_of(([None] * 20 + [69.0] * 20) * 3)
    moves = (DelayMove(0.8, DELAY_S, DELAY_S + 0.050),)
    sounding = ~np.isnan(curve(samples, seconds=2.0, delay_moves=moves).pitch)
    begins = (np.flatnonzero(~sounding[:-1] & sounding[1:]) + 1) / 200.0
    assert begins == pytest.approx([20 / 60, 1.0 + 0.050, 1.0 + 40 / 60 + 0.050], abs=0.0051)


def test_no_pitch_leaps_while_d_moves():
    samples = samples_of(60 + 8 * np.sin(np.arange(120) / 9))
    moves = (DelayMove(0.5, DELAY_S, DELAY_S + 0.030), DelayMove(1.0, DELAY_S + 0.030, DELAY_S + 0.035))
    still, moved = curve(samples, seconds=1.8).pitch, curve(samples, seconds=1.8, delay_moves=moves).pitch
    assert np.abs(np.diff(moved[40:])).max() <= 1.02 * np.abs(np.diff(still[40:])).max()
    assert np.array_equal(moved[:100], still[:100])
    assert np.abs(moved[220:] - still[213:-7]).max() < 0.02


def test_silence_is_nan_and_no_loudness():
    found = curve(samples_of([None] * 60))
    assert np.isnan(found.pitch).all()
    assert np.isnan(found.hand_pitch).all()
    assert (found.loudness == 0).all()


def test_samples_that_stop_release_the_note_within_a_tenth_of_a_second():
    found = curve(samples_of([69.0] * 60), seconds=10.0)
    last = np.flatnonzero(~np.isnan(found.pitch))[-1] / 200.0
    assert 59 / 60 + 0.08 <= last <= 59 / 60 + 0.11


def test_a_slow_camera_is_no_silence():
    found = curve(samples_of([69.0] * 8, rate_hz=8.0))
    assert not np.isnan(found.pitch).any()


@pytest.mark.parametrize("spoiled", [math.nan, math.inf, -math.inf, 0.0, -0.1, 1.5, 1e30])
def test_areas_that_cannot_be_true_are_passed_over(spoiled):
    samples = samples_of([69.0] * 60)
    samples["hands"]["area"][10:50:5, 0] = spoiled
    assert np.allclose(curve(samples).pitch[:190], 69.0, atol=1e-5)


@pytest.mark.parametrize("field", ["y", "openness"])
@pytest.mark.parametrize("spoiled", [math.nan, math.inf, 1e9])
def test_other_values_that_cannot_be_true_are_passed_over(field, spoiled):
    samples = samples_of([69.0] * 60)
    samples["hands"][field][10:50:5, 0] = spoiled
    found = curve(samples)
    assert np.allclose(found.pitch[:190], 69.0, atol=1e-5)
    assert np.isfinite(found.loudness).all()


def test_time_running_backwards_or_far_ahead_is_passed_over():
    samples = samples_of([69.0] * 60)
    samples["t_capture_ns"][20] -= 5_000_000_000
    samples["t_capture_ns"][30] += 3_600_000_000_000
    samples["t_capture_ns"][40] = 0
    samples["t_capture_ns"][45] = 2**64 - 1
    assert np.allclose(curve(samples).pitch[:190], 69.0, atol=1e-5)


def test_a_trembling_hand_holds_its_step_until_past_the_hysteresis():
    mapping = Mapping(quantise=1.0, glide_s=0.0, hysteresis_cents=15.0)
    held = [60.45, 60.55, 60.64, 60.5] * 15
    assert np.allclose(curve(samples_of([60.2, *held]), mapping).pitch[:190], 60.0, atol=1e-5)
    moved = curve(samples_of([60.2, 60.66] + [60.55] * 58), mapping).pitch
    assert moved[-20:-15] == pytest.approx(61.0, abs=1e-5)


def test_the_pull_goes_to_the_scale_and_as_far_as_it_is_strong():
    c_major = 0b101010110101
    whole = curve(samples_of([61.2] * 60), Mapping(scale=c_major, quantise=1.0)).pitch[100]
    assert whole == pytest.approx(62.0, abs=1e-4)
    half = curve(samples_of([61.2] * 60), Mapping(scale=c_major, quantise=0.5)).pitch[100]
    assert half == pytest.approx(61.6, abs=1e-4)


def test_a_glide_covers_63_per_cent_of_the_way_in_its_time_constant():
    mapping = Mapping(quantise=1.0, glide_s=0.1)
    found = curve(samples_of([60.0] * 30 + [72.0] * 30, rate_hz=60.0), mapping).pitch
    start = np.flatnonzero(found > 60.01)[0]
    after = found[start + 20 + 2]
    assert after == pytest.approx(60 + 12 * (1 - math.exp(-1)), abs=0.9)


def test_a_note_after_silence_begins_at_its_pitch_without_a_glide():
    mapping = Mapping(quantise=1.0, glide_s=0.2)
    found = curve(samples_of([60.0] * 20 + [None] * 20 + [72.0] * 20), mapping).pitch
    assert found[np.flatnonzero(~np.isnan(found[100:]))[0] + 100] == pytest.approx(72.0, abs=1e-4)


def test_height_sets_loudness():
    mapping = Mapping(height_to_loudness=0.5)
    assert curve(samples_of([69.0] * 60, y=0.0), mapping).loudness[100] == pytest.approx(1.0)
    assert curve(samples_of([69.0] * 60, y=1.0), mapping).loudness[100] == pytest.approx(0.5)
    assert curve(samples_of([69.0] * 60, y=-0.2), mapping).loudness[100] == pytest.approx(1.0)


def test_the_curve_is_the_same_on_every_run_and_has_the_length_asked_for():
    samples = samples_of(60 + 8 * np.sin(np.arange(120) / 9))
    first, second = curve(samples, seconds=1.5), curve(samples, seconds=1.5)
    assert len(first.pitch) == 300
    assert first.pitch.tobytes() == second.pitch.tobytes()
    assert first.seconds == 1.5


def test_no_samples_give_a_silent_curve():
    assert np.isnan(curve(np.empty(0, HAND_SAMPLE)).pitch).all()


def test_a_mapping_that_makes_no_pitch_is_refused_by_its_field():
    with pytest.raises(UsageError, match=r"area_near is 0\.02; it must be above area_far"):
        curve(samples_of([60.0]), Mapping(area_near=0.02))
    with pytest.raises(UsageError, match="glide_s is nan"):
        curve(samples_of([60.0]), Mapping(glide_s=math.nan))
    with pytest.raises(UsageError, match="scale is 0x0"):
        curve(samples_of([60.0]), Mapping(scale=0))
