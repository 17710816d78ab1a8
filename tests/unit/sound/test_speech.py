"""Words beside the chimes: spoken once, kept, played at their level; without espeak-ng there are none, and no harm."""

import subprocess

import numpy as np
import pytest
import soundfile

from firmware_py.config import SPOKEN
from firmware_py.sound import speech
from firmware_py.sound.chimes import Chime
from firmware_py.sound.speech import OFF, WORDS, Speech, at_rate


@pytest.fixture
def spoken(monkeypatch):
    """Stand for espeak-ng: writes a tone and remembers what it was asked."""
    asked = []

    def run(command, **_):
        asked.append(command)
        tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(22_050) / 22_050)
        soundfile.write(command[command.index("-w") + 1], tone, 22_050, format="WAV")

    monkeypatch.setattr(speech.shutil, "which", lambda _: "/usr/bin/espeak-ng")
    monkeypatch.setattr(speech.subprocess, "run", run)
    return asked


def _ready(language, folder):
    voice = Speech(language, folder)
    voice.prepare()
    voice.wait()
    return voice


def test_every_language_has_words_for_every_chime_and_can_be_set():
    assert [language for language, words in WORDS.items() if set(words) != set(Chime)] == []
    assert set(SPOKEN) == {OFF, *WORDS}


def test_each_sentence_is_spoken_once_and_kept(spoken, tmp_path):
    _ready("de", tmp_path)
    assert sorted(command[-1] for command in spoken) == sorted(WORDS["de"].values())
    assert all(command[command.index("-v") + 1] == "de" for command in spoken)
    _ready("de", tmp_path)
    assert len(spoken) == len(Chime)
    assert all(path.suffix == ".wav" for path in (tmp_path / "spoken").iterdir())


def test_a_sentence_comes_in_stereo_at_its_rate_and_level(spoken, tmp_path):
    said = _ready("en", tmp_path).said("ready", rate_hz=48_000, level_db=-8.0)
    assert said.dtype == np.int16
    assert said.shape == (48_000, 2)
    assert 20 * np.log10(np.abs(said).max() / 32767) == pytest.approx(-8, abs=0.05)
    assert np.argmax(np.abs(np.fft.rfft(said[:, 0]))) == pytest.approx(440, abs=1)


def test_what_is_not_in_the_cache_is_not_said(spoken, tmp_path):
    assert Speech("en", tmp_path).said("ready", rate_hz=48_000, level_db=-8.0) is None
    voice = _ready("en", tmp_path)
    for path in (tmp_path / "spoken").iterdir():
        path.write_text("no sound")
    assert voice.said("ready", rate_hz=48_000, level_db=-8.0) is None


@pytest.mark.parametrize("language", ["off", "en"])
def test_without_words_or_without_espeak_nothing_is_spoken(monkeypatch, tmp_path, language):
    monkeypatch.setattr(speech.shutil, "which", lambda _: None)
    monkeypatch.setattr(speech.subprocess, "run", lambda *_, **__: pytest.fail("spoken"))
    assert _ready(language, tmp_path).said("ready", rate_hz=48_000, level_db=-8.0) is None


@pytest.mark.parametrize(
    "error", [OSError("no"), subprocess.TimeoutExpired("espeak-ng", 20), subprocess.CalledProcessError(1, "espeak-ng")]
)
def test_an_espeak_that_fails_is_asked_once_and_leaves_nothing(monkeypatch, spoken, tmp_path, error):
    asked = []

    def fails(command, **_):
        asked.append(command)
        raise error

    monkeypatch.setattr(speech.subprocess, "run", fails)
    _ready("en", tmp_path)
    assert len(asked) == 1
    assert list((tmp_path / "spoken").iterdir()) == []


@pytest.mark.parametrize(("found_hz", "rate_hz"), [(22_050, 48_000), (22_050, 44_100), (48_000, 22_050)])
def test_another_rate_keeps_pitch_and_level(found_hz, rate_hz):
    sound = np.sin(2 * np.pi * 1000 * np.arange(found_hz) / found_hz).astype(np.float32)
    expected = np.sin(2 * np.pi * 1000 * np.arange(rate_hz) / rate_hz)
    assert np.abs(at_rate(sound, found_hz, rate_hz) - expected).max() < 1e-5
    assert len(at_rate(sound[:0], found_hz, rate_hz)) == 0
