"""A device's delay: found in what a microphone hears, refused where it hears nothing of it."""

import numpy as np
import pytest

from firmware_py.archive.calibration import DeviceDelay, device_delay, keep_device_delay
from firmware_py.errors import AudioDeviceError

calibration = pytest.importorskip("firmware_py.sound.calibration", reason="pyalsaaudio is not installed")

RATE_HZ = 48_000
CHIRP = calibration.chirp(RATE_HZ)
PLAYED = [(1.0 + 0.6 * n, 1.008 + 0.6 * n) for n in range(6)]
KEPT = DeviceDelay("hw:0", "hw:1", 20.0, 3.0, 0.1, 50.0, 6, "2026-01-01T00:00:00Z")


def room(delay_s, *, level=0.3, noise=0.05, echo=0.0, seconds=6.0):
    heard = noise * np.random.default_rng(3).standard_normal(round(seconds * RATE_HZ))
    for handed_s, _ in PLAYED:
        for more_s, gain in ((0.0, 1.0), (0.011, echo)):
            at = round((handed_s + delay_s + more_s) * RATE_HZ)
            heard[at : at + len(CHIRP)] += level * gain * CHIRP
    return heard


def judged(heard):
    at_s = np.arange(len(heard)) / RATE_HZ
    return calibration.judged(played_s=PLAYED, heard=heard, at_s=at_s, wanted=CHIRP, names=("spk", "mic"))


@pytest.mark.parametrize("delay_s", [0.004, 0.0173, 0.25])
@pytest.mark.parametrize(("noise", "echo"), [(0.0, 0.0), (0.05, 0.0), (0.3, 0.0), (0.05, 1.2)])
def test_the_delay_is_found_to_a_tenth_of_a_millisecond_in_noise_and_beside_an_echo(delay_s, noise, echo):
    found = judged(room(delay_s, noise=noise, echo=echo))
    assert found.chirps == 6
    assert found.round_trip_ms == pytest.approx(delay_s * 1e3, abs=0.1)
    assert found.beyond_ms == pytest.approx(delay_s * 1e3 - 8.0, abs=0.1)


@pytest.mark.parametrize(
    "heard", [np.zeros(0), np.zeros(6 * RATE_HZ), room(0.01, level=0.0)], ids=["none", "0", "noise"]
)
def test_a_microphone_that_does_not_hear_the_chirp_is_told_in_a_sentence(heard):
    with pytest.raises(AudioDeviceError, match=r"0 times of 6 between 'spk' and microphone 'mic'; turn the speaker up"):
        judged(heard)


def test_late_pieces_do_not_move_the_clock():
    ends = np.arange(1, 1001) * 480.0
    late = np.random.default_rng(1).exponential(0.004, 1000)
    told = calibration.instants(ends, 5.0 + ends / RATE_HZ * 1.0003 + late, 480_000)
    assert told[::480] == pytest.approx(5.0 + np.arange(0, 480_000, 480) / RATE_HZ * 1.0003, abs=0.001)


def test_what_was_measured_is_kept_beside_what_else_is_and_counts_for_that_device_alone(tmp_path):
    (tmp_path / "calibration.json").write_text('{"reach": {"far": 0.1}}')
    keep_device_delay(tmp_path, KEPT)
    assert device_delay(tmp_path) == KEPT
    assert '"reach"' in (tmp_path / "calibration.json").read_text()
    assert KEPT.beyond_s_of("ALSA hw:0, 48000 Hz, 128x3") == 0.003
    assert KEPT.beyond_s_of("ALSA default, 48000 Hz, 128x3") == 0.0


@pytest.mark.parametrize("text", ["", "[]", "{", '{"device_delay": 3}', '{"device_delay": {"device": "hw:0"}}'])
def test_what_cannot_be_understood_is_as_if_never_measured(tmp_path, text):
    (tmp_path / "calibration.json").write_text(text)
    assert device_delay(tmp_path) is None
