"""What a microphone hears comes to its frame, whatever the clocks of the two devices do."""

import numpy as np
import pytest

from firmware_py.sound.alignment import HALF, Aligner, CaptureClock, Kernels, Trend

RATE_HZ = 48_000
BLOCK = 128


def noise(frames, seed=1):
    return np.random.default_rng(seed).integers(-20_000, 20_000, frames).astype(np.int16)


def tone(frames, hz, offset=0.0):
    return np.rint(10_000 * np.sin(2 * np.pi * hz * (np.arange(frames) + offset) / RATE_HZ)).astype(np.int16)


def given_out(aligner, base, drift=0.0):
    """Everything that can be given out now, and the frame that it begins with. base: a number, or of a frame."""
    made = []
    while one := aligner.block(base(aligner.next_frame) if callable(base) else base, drift):
        made.append(one)
    return (made[0][0], np.concatenate([sound for _, sound in made])) if made else (None, np.empty(0, np.int16))


def test_while_both_clocks_agree_every_frame_is_what_was_captured():
    aligner, heard = Aligner(RATE_HZ, BLOCK), noise(RATE_HZ)
    aligner.feed(heard)
    wobble = np.random.default_rng(2).uniform(-10, 10, 10_000)  # frames, as a clock is read
    first, sound = given_out(aligner, lambda n: 5000.3 + wobble[n // BLOCK])
    shift = 5000 + round(0.3 + wobble[0])
    assert first == 0
    assert len(sound) > 40_000
    assert np.array_equal(sound, heard[shift : shift + len(sound)])
    assert not aligner.steered


def test_sound_from_before_the_first_frame_is_left_out_and_what_was_missed_is_not_invented():
    aligner, heard = Aligner(RATE_HZ, BLOCK), noise(5000)
    aligner.feed(heard)
    first, sound = given_out(aligner, -1000.0)  # the device began a thousand frames after the recording did
    assert first == 1000 + HALF
    assert np.array_equal(sound, heard[HALF : HALF + len(sound)])


@pytest.mark.parametrize("ppm", [-300, -80, 80, 300])
def test_two_clocks_that_drift_apart_are_kept_together_to_a_tenth_of_what_is_heard_as_late(ppm):
    seconds, drift = 30, ppm * 1e-6
    aligner, clicks = Aligner(RATE_HZ, BLOCK), np.zeros(seconds * RATE_HZ, np.int16)
    clicks[6000::12_000] = 20_000
    sound = np.zeros(0, np.int16)
    for piece in np.array_split(clicks, seconds * 4):
        aligner.feed(piece)
        sound = np.append(sound, given_out(aligner, lambda n: drift * n, drift)[1])
    assert aligner.steered
    assert aligner.jumps == 0
    found = np.flatnonzero(np.abs(sound) > 11_000)
    peaks = np.array([at for at in found if abs(int(sound[at])) == np.abs(sound[max(0, at - 3) : at + 4]).max()])
    wanted = (6000 + np.arange(len(peaks)) * 12_000) / (1 + drift) - HALF
    assert len(peaks) >= 4 * seconds - 2
    assert np.abs(peaks - wanted).max() / RATE_HZ < 0.0007


def test_a_steered_tone_is_as_clean_as_the_device_gave_it():
    drift = 100e-6
    aligner = Aligner(RATE_HZ, BLOCK)
    for piece in np.array_split(tone(20 * RATE_HZ, 5000.0), 200):
        aligner.feed(piece)
        if aligner.next_frame < 17 * RATE_HZ:
            given_out(aligner, lambda n: drift * n, drift)
    _, sound = given_out(aligner, lambda n: drift * n, drift)
    assert aligner.steered
    power = np.abs(np.fft.rfft(sound[:RATE_HZ] * np.blackman(RATE_HZ))) ** 2
    peak = int(np.argmax(power))
    assert peak == pytest.approx(5000, abs=1)
    assert np.sqrt(2 * np.mean(sound.astype(float) ** 2)) == pytest.approx(10_000, rel=0.001)
    beside = np.sum(power[: peak - 20]) + np.sum(power[peak + 21 :])
    assert 10 * np.log10(beside / np.sum(power)) < -75


def test_a_clock_that_steps_takes_the_sound_anew_where_it_belongs():
    aligner, heard = Aligner(RATE_HZ, BLOCK), noise(3 * RATE_HZ)
    aligner.feed(heard[:RATE_HZ])
    given_out(aligner, 0.0)
    behind = aligner.next_frame
    aligner.feed(heard[RATE_HZ:])
    first, sound = given_out(aligner, 4800.0)
    assert (first, aligner.jumps) == (behind, 1)
    assert np.array_equal(sound, heard[behind + 4800 :][: len(sound)])


def test_a_device_that_counts_anew_goes_on_behind_what_was_given_out():
    aligner, heard = Aligner(RATE_HZ, BLOCK), noise(RATE_HZ)
    aligner.feed(heard)
    given_out(aligner, 0.0)
    behind = aligner.next_frame
    aligner.begin()
    aligner.feed(heard)
    first, sound = given_out(aligner, -2.0 * RATE_HZ)  # it came back when two seconds were over
    assert behind < first == 2 * RATE_HZ + HALF
    assert np.array_equal(sound, heard[HALF : HALF + len(sound)])


def test_what_waits_for_its_place_does_not_grow_without_end():
    aligner = Aligner(RATE_HZ, BLOCK)
    for _ in range(20):
        aligner.feed(np.zeros(RATE_HZ, np.int16))
    assert len(aligner._held) == 4 * RATE_HZ


def test_a_kernel_that_shifts_nothing_is_one_tap():
    taps = Kernels().at(0.0)
    assert taps[HALF - 1] == 1.0
    assert np.abs(np.delete(taps, HALF - 1)).max() < 1e-15


def readings(seconds, value, every_s=0.02, noise_s=0.0, seed=3):
    random = np.random.default_rng(seed)
    for at in np.arange(0.0, seconds, every_s):
        yield 100.0 + at, value(at) + noise_s * random.standard_normal()


def test_a_line_is_found_through_noise_and_readings_that_are_wrong():
    trend = Trend()
    for n, (at, value) in enumerate(readings(30.0, lambda at: 0.5 + 80e-6 * at, noise_s=0.0008)):
        trend.note(at, value + (0.1 if n % 7 == 0 else 0.0))
    assert trend.slope == pytest.approx(80e-6, abs=15e-6)
    assert trend.at(130.0) == pytest.approx(0.5 + 80e-6 * 30, abs=0.0003)


def test_a_stretch_of_wrong_readings_bends_no_line():
    trend = Trend()
    for at, value in readings(20.0, lambda at: 80e-6 * at + (0.05 if 14.0 < at < 15.0 else 0.0)):
        trend.note(at, value)
    assert trend.slope == pytest.approx(80e-6, abs=2e-6)
    assert trend.at(120.0) == pytest.approx(80e-6 * 20, abs=0.00005)


def test_a_clock_that_stepped_is_known_anew_within_two_seconds():
    trend = Trend()
    for at, value in readings(22.0, lambda at: 0.0 if at < 20 else 0.3, noise_s=0.0003):
        trend.note(at, value)
    assert trend.at(122.0) == pytest.approx(0.3, abs=0.001)


def test_a_sound_servers_first_answers_are_not_believed():
    clock, found = CaptureClock(RATE_HZ), None
    for n in range(250):
        now_ns = 10**12 + n * 20_000_000
        off_ns = max(0, 400_000_000 - n * 8_000_000)  # it finds its latency over a second
        clock.note(n * 960, now_ns - off_ns, now_ns)
        if clock.settled and found is None:
            found = n * 0.02
    assert found == pytest.approx(1.4, abs=0.2)
    assert clock.zero_s.at(1000.0 + 5.0) == pytest.approx(1000.0, abs=0.0005)


def test_a_device_that_says_it_is_very_late_is_asked_for_longer():
    for late_ns, wanted_s in ((2_000_000, 0.5), (24_000_000, 2.0)):
        clock, n = CaptureClock(RATE_HZ), 0
        while not clock.settled:
            now_ns = 10**12 + n * 20_000_000
            clock.note(n * 960, now_ns - late_ns, now_ns)
            n += 1
        assert n * 0.02 == pytest.approx(wanted_s, abs=0.05)


def test_a_device_that_never_settles_is_believed_in_the_end():
    clock = CaptureClock(RATE_HZ)
    for n in range(160):
        now_ns = 10**12 + n * 20_000_000
        clock.note(n * 960, now_ns - (n % 2) * 30_000_000, now_ns)
        assert clock.settled == (n * 0.02 > 3.0)
