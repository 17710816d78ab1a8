"""Vibrato: its rate and extent where there is one, and nothing where a hand only glides or trembles."""

import numpy as np
import pytest

from firmware_py.music.curve import PitchCurve
from firmware_py.music.notes import notes_of
from firmware_py.music.vibrato import vibrato_of

RATE_HZ = 200.0


def swinging(rate_hz, cents, seconds=1.2, *, drift=0.0, noise=0.0):
    at_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    swing = cents * np.sin(2 * np.pi * rate_hz * at_s + 0.7) + drift * at_s
    return 69.0 + (swing + np.random.default_rng(5).normal(0, noise, len(at_s))) / 100


@pytest.mark.parametrize("rate_hz", [4.0, 5.5, 7.0, 8.5])
@pytest.mark.parametrize("cents", [8.0, 30.0, 80.0])
@pytest.mark.parametrize("drift", [0.0, 20.0])
def test_rate_and_extent_are_those_that_were_played(rate_hz, cents, drift):
    found = vibrato_of(swinging(rate_hz, cents, drift=drift, noise=2.0), RATE_HZ)
    assert found.rate_hz == pytest.approx(rate_hz, abs=0.2)
    assert found.extent_cents == pytest.approx(cents, rel=0.1)


@pytest.mark.parametrize(
    "pitch",
    [
        swinging(5.5, 3.0),
        swinging(2.0, 40.0),
        swinging(15.0, 40.0),
        swinging(5.5, 40.0, seconds=0.4),
        swinging(5.5, 0.0, drift=200.0),
        swinging(5.5, 0.0, noise=25.0),
        np.full(240, np.nan),
    ],
    ids=["too small", "too slow", "too fast", "too short", "a glide", "a tremble", "silence"],
)
def test_what_is_no_vibrato_has_no_figures(pitch):
    assert vibrato_of(pitch, RATE_HZ) is None


def test_the_notes_of_a_curve_know_theirs_though_frames_were_lost():
    pitch = np.concatenate([np.full(100, np.nan), swinging(6.0, 35.0), swinging(6.0, 0.0) + 3.0]).astype(np.float32)
    pitch[200:205] = np.nan
    loudness = np.where(np.isnan(pitch), 0.0, 0.7).astype(np.float32)
    first, second = notes_of(PitchCurve(RATE_HZ, pitch, pitch, loudness))
    assert first.vibrato.rate_hz == pytest.approx(6.0, abs=0.2)
    assert first.vibrato.extent_cents == pytest.approx(35.0, rel=0.1)
    assert first.pitch == pytest.approx(69.0, abs=0.1)
    assert second.vibrato is None
