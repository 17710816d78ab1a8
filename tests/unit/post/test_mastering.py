"""The letter's sound: at its loudness, its peaks below full scale, and the recording left alone."""

import numpy as np
import pytest
import soundfile

from firmware_py.music.loudness import LoudnessMeter
from firmware_py.post.mastering import PEAK_DBTP, TARGET_LUFS, master

RATE_HZ = 48_000
AT = np.arange(4 * RATE_HZ) / RATE_HZ


def tone(level, hz=440.0):
    wave = level * np.sin(2 * np.pi * hz * AT)
    return np.stack([wave, wave], axis=1)


def with_clicks(level):
    sound = tone(level)
    for at in range(RATE_HZ // 2, len(sound), RATE_HZ // 2):
        sound[at : at + 40] += 0.8 * np.hanning(40)[:, np.newaxis]
    return sound


def loudness(path):
    meter = LoudnessMeter(RATE_HZ)
    meter.add(soundfile.read(path, dtype="float32", always_2d=True)[0])
    return meter.loudness()


def highest_between_frames(path):
    """The peak of the sound at eight times its rate, by Fourier interpolation: another way than the meter's."""
    sound = soundfile.read(path, always_2d=True)[0][:, 0]
    spectrum = np.fft.rfft(sound)
    return float(np.abs(np.fft.irfft(spectrum, 8 * len(sound)) * 8).max())


@pytest.mark.parametrize("sound", [tone(0.02), tone(0.3), tone(0.95), with_clicks(0.05), with_clicks(0.15)])
def test_every_recording_comes_out_at_the_target_with_its_peaks_below(tmp_path, sound):
    wav, target = tmp_path / "sound.wav", tmp_path / "made.wav"
    soundfile.write(wav, sound, RATE_HZ, subtype="PCM_16")
    before = wav.read_bytes()
    assert master(wav, target) == target
    found = loudness(target)
    assert found.lufs == pytest.approx(TARGET_LUFS, abs=0.2)
    assert found.peak_dbtp <= PEAK_DBTP
    assert 20 * np.log10(highest_between_frames(target)) <= PEAK_DBTP + 0.05
    assert soundfile.info(target).frames == len(sound)
    assert wav.read_bytes() == before
    assert [p.name for p in sorted(tmp_path.iterdir())] == ["made.wav", "sound.wav"]


def test_what_needs_no_limiting_is_only_made_louder(tmp_path):
    soundfile.write(tmp_path / "sound.wav", tone(0.05), RATE_HZ, subtype="PCM_16")
    master(tmp_path / "sound.wav", tmp_path / "made.wav")
    before, after = (soundfile.read(tmp_path / name)[0][:, 0] for name in ("sound.wav", "made.wav"))
    gain = np.dot(before, after) / np.dot(before, before)
    assert np.abs(after - gain * before).max() < 2 / 32768


def test_hardly_any_sound_is_not_turned_into_noise(tmp_path):
    soundfile.write(tmp_path / "sound.wav", tone(0.0015), RATE_HZ, subtype="PCM_16")
    before = loudness(tmp_path / "sound.wav").lufs
    master(tmp_path / "sound.wav", tmp_path / "made.wav")
    assert loudness(tmp_path / "made.wav").lufs == pytest.approx(before + 30, abs=0.2)


@pytest.mark.parametrize("content", ["silence", "mono", "words"])
def test_what_has_no_loudness_is_left_to_go_as_it_is(tmp_path, content):
    wav = tmp_path / "sound.wav"
    if content == "words":
        wav.write_bytes(b"nothing that sounds" * 100)
    else:
        soundfile.write(wav, np.zeros((RATE_HZ, 2 if content == "silence" else 1)), RATE_HZ, subtype="PCM_16")
    assert master(wav, tmp_path / "made.wav") is None
    assert [p.name for p in tmp_path.iterdir()] == ["sound.wav"]


def test_it_is_made_once(tmp_path):
    soundfile.write(tmp_path / "sound.wav", tone(0.05), RATE_HZ, subtype="PCM_16")
    made = master(tmp_path / "sound.wav", tmp_path / "made.wav")
    assert made is not None
    written = made.stat().st_mtime_ns
    assert master(tmp_path / "sound.wav", made) == made
    assert made.stat().st_mtime_ns == written
