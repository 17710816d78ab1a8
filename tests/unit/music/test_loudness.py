"""Loudness: the standard's reference signals, the gates, and gains that keep every peak down."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py._loudness import PEAK_FRAMES, Meter
from firmware_py.music.loudness import LoudnessMeter, gain_at, gains_below

RATE_HZ = 48_000


def sine(level_db, seconds=5.0, hz=1000.0, rate_hz=RATE_HZ, phase=0.0, right=True):
    """A sine of this peak level on both channels, or on the left alone."""
    at = np.arange(round(seconds * rate_hz)) / rate_hz
    wave = 10 ** (level_db / 20) * np.sin(2 * np.pi * hz * at + phase)
    return np.stack([wave, wave if right else 0 * wave], axis=1).astype(np.float32)


def loudness(*pieces, rate_hz=RATE_HZ, block=10_000):
    meter = LoudnessMeter(rate_hz)
    sound = np.concatenate(pieces)
    for first in range(0, len(sound), block):
        meter.add(sound[first : first + block])
    return meter.loudness()


def test_a_full_scale_sine_of_997_hz_on_one_channel_is_minus_3_01_lufs():
    assert loudness(sine(0, hz=997, right=False)).lufs == pytest.approx(-3.01, abs=0.02)


@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 48_000, 96_000])
def test_a_stereo_sine_of_1_khz_has_its_own_level_at_every_rate(rate_hz):
    assert loudness(sine(-23, rate_hz=rate_hz), rate_hz=rate_hz).lufs == pytest.approx(-23, abs=0.1)


def test_ebu_3341_case_3_quiet_ends_are_gated_out():
    found = loudness(sine(-36, 10), sine(-23, 60), sine(-36, 10))
    assert found.lufs == pytest.approx(-23, abs=0.1)


def test_ebu_3341_case_4_the_absolute_gate_comes_before_the_relative_one():
    found = loudness(sine(-72, 10), sine(-36, 10), sine(-23, 60), sine(-36, 10), sine(-72, 10))
    assert found.lufs == pytest.approx(-23, abs=0.1)


def test_ebu_3341_case_5_what_is_within_the_gate_counts():
    assert loudness(sine(-26, 20), sine(-20, 20.1), sine(-26, 20)).lufs == pytest.approx(-23, abs=0.1)


@pytest.mark.parametrize(("part", "degrees"), [(4, 0), (4, 45), (6, 60), (8, 67.5)])
def test_ebu_3341_cases_15_to_18_the_true_peak_between_the_frames_is_found(part, degrees):
    sound = sine(20 * math.log10(0.5), 0.5, RATE_HZ / part, phase=math.radians(degrees))
    found = loudness(sound * np.hanning(len(sound))[:, np.newaxis].astype(np.float32))  # a sudden start overshoots
    assert -6.02 - 0.4 <= found.peak_dbtp <= -6.02 + 0.2


def test_the_last_frame_s_peak_is_not_forgotten():
    sound = np.zeros((1000, 2), np.float32)
    sound[-1] = 0.5
    assert loudness(sound).peak_dbtp >= -6.03


def test_silence_has_no_loudness_and_no_sound_either():
    assert loudness(np.zeros((RATE_HZ, 2), np.float32)).lufs == -math.inf
    assert loudness(np.zeros((0, 2), np.float32)).lufs == -math.inf
    assert loudness(sine(-75)).lufs == -math.inf


def test_the_size_of_the_blocks_changes_nothing():
    sound = np.random.default_rng(1).normal(0, 0.1, (50_000, 2)).astype(np.float32)
    first, second = loudness(sound, block=50_000), loudness(sound, block=333)
    assert first.lufs == second.lufs
    assert np.array_equal(first.peaks, second.peaks)


def test_what_is_no_stereo_sound_is_refused():
    with pytest.raises(ValueError, match=r"shape \(5, 3\); \(n, 2\) is needed"):
        Meter(RATE_HZ).add(np.zeros((5, 3), np.float32))
    with pytest.raises(ValueError, match="8000 to 192000"):
        Meter(100)


@given(
    st.lists(st.floats(0, 1.5), min_size=1, max_size=60).map(np.array),
    st.floats(0.01, 30),
    st.floats(0.1, 1),
)
def test_no_frame_gets_more_than_its_peak_allows_nor_more_than_was_wanted(peaks, gain, ceiling):
    gains = gains_below(peaks, gain, ceiling)
    each = gain_at(gains, 0, len(peaks) * PEAK_FRAMES)
    assert len(gains) == len(peaks)
    assert np.all(each <= gain * (1 + 1e-9))
    assert np.all(each * np.repeat(peaks, PEAK_FRAMES) <= ceiling * (1 + 1e-9))


def test_far_from_a_peak_the_gain_is_the_one_wanted_and_it_moves_smoothly():
    peaks = np.full(200, 0.1)
    peaks[100] = 1.0
    gains = gains_below(peaks, 5.0, 0.9)
    assert np.all(gains[:90] == pytest.approx(5.0))
    assert np.all(gains[111:] == pytest.approx(5.0))
    assert np.abs(np.diff(gains)).max() < 1.2


def test_a_piece_of_the_gain_is_the_same_as_cut_out_of_the_whole():
    gains = np.random.default_rng(2).uniform(0.1, 2, 100)
    whole = gain_at(gains, 0, 100 * PEAK_FRAMES)
    for first, frames in ((0, 10), (31, 64), (1000, 777), (6300, 100)):
        assert gain_at(gains, first, frames) == pytest.approx(whole[first : first + frames])
