"""The band-limited saws: clean, in tune, and the same in blocks of any size."""

import numpy as np
import pytest

from firmware_py._tones import SawBank
from firmware_py.bench.synth import alias_db
from firmware_py.errors import UsageError


@pytest.mark.parametrize("hz", [311.1, 1000.3, 4003.7, 7001.1])
def test_what_folds_back_is_a_thousandth_at_most(hz):
    assert alias_db(hz) < -75


@pytest.mark.parametrize("block", [1, 7, 33])
def test_blocks_of_any_size_hold_the_same_saws(block):
    sounds = np.zeros((2, 4800), np.float32)
    for sound, size in zip(sounds, (64, block), strict=True):
        SawBank([440.0, 551.3, 97.0]).render(sound, size)
    assert np.abs(sounds[0] - sounds[1]).max() < 1e-6


def test_a_saw_has_the_harmonics_of_a_saw():
    sound = np.zeros(49_000, np.float32)
    SawBank([500.0], gain=0.5).render(sound)
    harmonics = 2 * np.abs(np.fft.rfft(sound[1000:]))[500:16_000:500] / 48_000
    assert harmonics == pytest.approx(1 / np.pi / np.arange(1, 32), rel=0.02)


@pytest.mark.parametrize("hz", [[], [440.0] * 17, [0.0], [30_000.0], [float("nan")]])
def test_saws_that_cannot_be_are_refused(hz):
    with pytest.raises(UsageError, match="saws; allowed are 1 to 16"):
        SawBank(hz)
