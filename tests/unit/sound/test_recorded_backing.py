"""A recording as backing: at the session's rate, to the frame where the song is, as loud as any backing."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from firmware_py.errors import SongError
from firmware_py.music.song import Recording
from firmware_py.sound.backing import render_backing
from firmware_py.sound.own_backing import RECORDING_LUFS, loudness_of
from firmware_py.sound.recorded_backing import recorded
from firmware_py.sound.resampling import resampled
from tests.unit.music.foreign_files import SCALE, song_of

OWN_HZ, RATE_HZ = 44_100, 48_000
CLICK_S = 2.0  # in the recording


@pytest.fixture
def click(tmp_path):
    path = tmp_path / "click.flac"
    sound = np.zeros(6 * OWN_HZ)
    sound[round(CLICK_S * OWN_HZ)] = 0.9
    soundfile.write(path, sound, OWN_HZ)
    return lambda start_s: Recording(str(path), start_s, 6.0)


@pytest.mark.parametrize("start_s", [2.0, 1.5, 0.0, -0.5, 0.1234])
@pytest.mark.parametrize("song_start_s", [0.0, 0.3, 2.4])
def test_the_gap_puts_the_recording_where_the_song_is(click, start_s, song_start_s):
    sound = recorded(click(start_s), song_start_s=song_start_s, frames=5 * RATE_HZ, rate_hz=RATE_HZ, fade_out_s=0.1)
    at_s = CLICK_S - start_s + song_start_s
    assert sound.shape == (5 * RATE_HZ, 2)
    if at_s >= 0.06:  # else it lies in the fade-in
        assert abs(int(np.argmax(np.abs(sound[:, 0]))) - at_s * RATE_HZ) <= 1


@pytest.mark.parametrize(
    ("own_hz", "rate_hz"), [(44_100, 48_000), (48_000, 44_100), (96_000, 48_000), (22_050, 48_000)]
)
def test_a_tone_is_the_same_tone_at_another_rate(own_hz, rate_hz):
    tone = np.sin(2 * np.pi * 997 * np.arange(own_hz) / own_hz).astype(np.float32)
    found = resampled(tone[:, None], own_hz, rate_hz)[:, 0]
    wanted = np.sin(2 * np.pi * 997 * np.arange(rate_hz) / rate_hz)
    assert len(found) == rate_hz
    assert np.abs(found - wanted)[1000:-1000].max() < 10 ** (-80 / 20)


def test_what_the_lower_rate_cannot_hold_is_taken_out():
    tone = np.sin(2 * np.pi * 30_000 * np.arange(96_000) / 96_000).astype(np.float32)
    assert np.abs(resampled(tone[:, None], 96_000, 48_000)[1000:-1000]).max() < 10 ** (-75 / 20)


def test_a_song_with_a_recording_is_rendered_at_the_loudness_of_backings(tmp_path):
    path = tmp_path / "noise.flac"
    soundfile.write(path, np.random.default_rng(1).normal(0, 0.1, (20 * OWN_HZ, 2)), OWN_HZ)
    song = replace(song_of(SCALE), recording=Recording(str(path), 1.0, 20.0))
    stems = render_backing(song, song_start_s=2.0, rate_hz=RATE_HZ, count_in_bars=1)
    sound = stems[:, :2].astype(np.float32) / np.float32(32768)
    assert len(stems) == (2 + 4 + 2) * RATE_HZ
    assert loudness_of(sound, RATE_HZ) == pytest.approx(RECORDING_LUFS, abs=0.1)
    assert np.any(stems[:, 2])  # it counts in
    assert np.abs(sound[-50:]).max() < 0.001  # it fades out, as it would go on


def test_what_lies_before_the_count_in_is_left_out_of_the_recording(tmp_path):
    path = tmp_path / "noise.flac"
    soundfile.write(path, np.random.default_rng(1).normal(0, 0.1, (20 * OWN_HZ, 2)), OWN_HZ)
    song = replace(song_of(SCALE), recording=Recording(str(path), 9.0, 20.0))
    stems = render_backing(song, song_start_s=5.0, rate_hz=RATE_HZ, count_in_bars=1)  # a bar is 2 s
    assert not np.any(stems[: 3 * RATE_HZ, :2])
    assert np.any(stems[3 * RATE_HZ : round(3.2 * RATE_HZ), :2])


def test_over_a_recording_alone_nothing_clicks(click):
    song = replace(song_of(()), beats_per_bar=1, tempo_bpm=60.0, recording=click(0.0))
    stems = render_backing(song, song_start_s=0.0, rate_hz=RATE_HZ, count_in_bars=1, click_through=True)
    assert len(stems) == 8 * RATE_HZ
    assert not np.any(stems[:, 2:])


def test_a_recording_that_is_gone_is_one_clear_error(tmp_path):
    with pytest.raises(SongError, match=r"cannot be read.*import the song again"):
        recorded(Recording(str(tmp_path / "x"), 0.0, 1.0), song_start_s=0, frames=9, rate_hz=RATE_HZ, fade_out_s=0)
