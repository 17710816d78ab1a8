"""Chimes: short, told apart, without clicks, at their level; a device that is not there stops nothing."""

import numpy as np
import pytest

from firmware_py.config import SoundSettings
from firmware_py.errors import AudioDeviceError
from firmware_py.sound import chimes
from firmware_py.sound.chimes import Chime, Chimes, render_chime

RATE_HZ = 48_000


class Device:
    """An output that keeps what it was given."""

    period_frames, periods, lost, closed = 128, 3, False, False

    def __init__(self):
        self.blocks = []

    def write(self, block):
        self.blocks.append(block.copy())

    def close(self):
        self.closed = True


@pytest.mark.parametrize("chime", Chime)
def test_a_chime_is_short_at_its_level_and_begins_and_ends_in_silence(chime):
    sound = render_chime(chime, rate_hz=RATE_HZ, level_db=-14.0)
    assert 0.3 < len(sound) / RATE_HZ < 1.2
    assert 20 * np.log10(np.abs(sound.astype(float)).max() / 32768) == pytest.approx(-14, abs=0.1)
    assert np.abs(sound[0]).max() < 30
    assert np.abs(sound[-1]).max() < 3
    assert np.abs(np.diff(sound[:, 0].astype(int))).max() < 2500, "a click"


def test_no_two_chimes_are_alike():
    rendered = [render_chime(chime, rate_hz=8000, level_db=-14.0).tobytes() for chime in Chime]
    assert len(set(rendered)) == len(Chime)


def test_a_chime_is_played_whole_and_the_device_given_back(monkeypatch):
    device, asked = Device(), []
    monkeypatch.setattr(chimes, "open_output", lambda spec, **_: asked.append(spec) or device)
    player = Chimes(SoundSettings())
    player.play(Chime.STOP)
    player.wait()
    sound = render_chime(Chime.STOP, rate_hz=RATE_HZ, level_db=SoundSettings().chimes_db)
    played = np.concatenate(device.blocks)
    assert asked == ["alsa"]
    assert np.array_equal(played[: len(sound)], sound)
    assert len(played) >= len(sound) + 3 * 128
    assert not played[len(sound) :].any()
    assert device.closed


def test_words_follow_the_chime_where_there_are_any(monkeypatch):
    class Voice:
        def said(self, what, *, rate_hz, level_db):
            assert (rate_hz, level_db) == (RATE_HZ, -8.0)
            return np.full((480, 2), 99, np.int16) if what == Chime.READY else None

    device = Device()
    monkeypatch.setattr(chimes, "open_output", lambda *_, **__: device)
    player = Chimes(SoundSettings(), Voice())
    chime = render_chime(Chime.READY, rate_hz=RATE_HZ, level_db=-14.0)
    player.play(Chime.READY)
    player.wait()
    played = np.concatenate(device.blocks)
    assert np.array_equal(played[: len(chime)], chime)
    assert np.count_nonzero(played[len(chime) :, 0] == 99) == 480
    device.blocks.clear()
    player.play(Chime.STOP)
    player.wait()
    assert not (np.concatenate(device.blocks) == 99).all(axis=1).any()


def test_a_device_that_is_lost_meanwhile_ends_the_chime(monkeypatch):
    device = Device()
    device.lost = True
    monkeypatch.setattr(chimes, "open_output", lambda *_, **__: device)
    player = Chimes(SoundSettings())
    player.play(Chime.FAULT)
    player.wait()
    assert device.blocks == []
    assert device.closed


def test_without_a_device_there_is_no_chime_and_no_harm(monkeypatch):
    def refused(*_, **__):
        raise AudioDeviceError("busy")

    monkeypatch.setattr(chimes, "open_output", refused)
    player = Chimes(SoundSettings())
    player.play(Chime.FAULT)
    player.wait()


@pytest.mark.parametrize("settings", [{"chimes_db": -90.0}, {"audio": "paced"}, {"audio": "offline"}])
def test_chimes_that_are_off_open_no_device(monkeypatch, settings):
    monkeypatch.setattr(chimes, "open_output", lambda *_, **__: pytest.fail("opened"))
    player = Chimes(SoundSettings(**settings))
    player.play(Chime.READY)
    player.wait()
