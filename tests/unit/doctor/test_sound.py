"""The sound device with its faults, and what the last session left to tell."""

import pytest

from firmware_py.archive.library import sessions_in
from firmware_py.archive.session_folder import SessionFolder, SessionRecord
from firmware_py.config import SoundSettings
from firmware_py.doctor import sound
from firmware_py.doctor.finding import Level
from firmware_py.errors import AudioDeviceError
from firmware_py.music.mapping import Mapping
from firmware_py.session.lock import only_one

GREEN, AMBER, RED = Level
NAMED = SoundSettings(audio="alsa:spk")


class Device:
    """A device that loses a block now and then."""

    description, period_frames, periods = "ALSA spk", 128, 3

    def __init__(self, xruns_every=0, lost=False):
        self.written = self.xruns = 0
        self.lost, self._every, self.closed = lost, xruns_every, False

    def write(self, block):
        assert not block.any(), "the doctor is heard"
        self.written += 1
        self.xruns += bool(self._every) and self.written % self._every == 0

    def close(self):
        self.closed = True


def _look(patient, monkeypatch, device, settings=NAMED):
    def opened(*_, **__):
        if isinstance(device, Exception):
            raise device
        return device

    monkeypatch.setattr(sound, "open_output", opened)
    told, xruns = sound.device(patient(sound=settings))
    return told, xruns


def _played(patient, **changes):
    known = SessionRecord(
        "2026-11-21T10:30:00Z", "x", "air", "", "ghost", "alsa", Mapping(), 0, 48_000, 2, 0.06, 120, end="over"
    )
    SessionFolder.create(sessions_in(patient().config.state), SessionRecord(**{**vars(known), **changes}))


def test_a_good_device_is_green_silent_and_given_back(patient, monkeypatch):
    device = Device()
    told, xruns = _look(patient, monkeypatch, device)
    assert (told.level, told.found, xruns.level) == (GREEN, "ALSA spk", GREEN)
    assert device.closed
    assert device.written * 128 / 48_000 == pytest.approx(sound.LISTEN_S, abs=0.01)


def test_xruns_in_a_moment_of_silence_are_told(patient, monkeypatch):
    _, xruns = _look(patient, monkeypatch, Device(xruns_every=20))
    assert xruns.level is RED
    assert xruns.figures["xruns"] > 3


def test_xruns_of_the_last_session_are_told(patient, monkeypatch):
    _played(patient, counters={"xruns": 2}, seconds=60.0)
    _, xruns = _look(patient, monkeypatch, Device())
    assert (xruns.level, "last session of 60 s" in xruns.found) == (AMBER, True)


def test_a_device_that_cannot_be_opened_or_goes_away_is_red(patient, monkeypatch):
    for device in (AudioDeviceError("no such device; ALSA knows: null"), Device(lost=True)):
        told, _ = _look(patient, monkeypatch, device)
        assert (told.level, "loudspeaker" in told.remedy) == (RED, True)


def test_a_device_that_the_instrument_uses_is_in_order(patient, monkeypatch):
    with only_one(patient().config.state):
        told, _ = _look(patient, monkeypatch, AudioDeviceError("Device or resource busy [spk]"))
        gone, _ = _look(patient, monkeypatch, AudioDeviceError("No such device [spk]"))
    assert (told.level, "in use by the instrument" in told.found) == (GREEN, True)
    assert gone.level is RED, "it runs, but without a device"


def test_of_several_devices_one_that_is_busy_tells_more_than_one_that_is_not_there(patient, monkeypatch):
    def opened(spec, **_):
        raise AudioDeviceError("Device or resource busy" if spec == "alsa:usb" else "No such device")

    monkeypatch.setattr(sound, "open_output", opened)
    box = patient(sound=SoundSettings(devices="usb hdmi"))
    assert "busy" in sound.device(box)[0].found
    with only_one(box.config.state):
        assert sound.device(box)[0].level is GREEN
    assert sound.device(patient())[0].found == "no sound card was found"


def test_a_box_that_is_set_to_be_silent_is_amber(patient, monkeypatch):
    told, _ = _look(patient, monkeypatch, AssertionError("opened"), SoundSettings(audio="paced"))
    assert told.level is AMBER


@pytest.mark.parametrize(("delay_s", "level"), [(0.05, GREEN), (0.1, AMBER), (0.2, RED)])
def test_the_delay_that_the_last_session_measured_is_told(patient, delay_s, level):
    _played(patient, delay_s=delay_s, delay_how="measured before the song")
    (found,) = sound.delay(patient())
    assert (found.level, found.figures["delay_ms"]) == (level, pytest.approx(1000 * delay_s))


def test_a_delay_that_was_only_assumed_is_none(patient):
    _played(patient, delay_s=0.3, delay_how="assumed")
    assert "not measured yet" in sound.delay(patient())[0].found
