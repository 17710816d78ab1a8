"""Outputs: which there are, and pacing by the clock."""

import numpy as np
import pytest

from firmware_py.errors import AudioDeviceError, UsageError
from firmware_py.sound.output import check_audio, open_output
from firmware_py.sound.paced import PacedOutput

SHAPE = {"rate_hz": 48_000, "period_frames": 128, "periods": 3}
BLOCK = np.zeros((128, 2), np.int16)
PERIOD_NS = 128 * 1_000_000_000 // 48_000


class Clock:
    """A clock that sleeping moves on."""

    def __init__(self):
        self.ns = 5_000_000_000

    def now(self):
        return self.ns

    def sleep(self, seconds):
        self.ns += round(seconds * 1e9)


class Device:
    """What pyalsaaudio gives for a device that takes everything."""

    def info(self):
        return {"period_size": 128, "buffer_size": 384}

    def avail(self):
        return 128

    def write(self, block):
        return len(block)

    def close(self):
        pass


@pytest.mark.parametrize("spec", ["auto", "alsa", "alsa:hw:0", "paced", "offline"])
def test_every_spec_that_is_documented_is_allowed(spec):
    assert check_audio(spec) == spec


@pytest.mark.parametrize("spec", ["", "Alsa", "alsa:", "speaker"])
def test_any_other_spec_names_the_allowed_ones(spec):
    with pytest.raises(UsageError, match="allowed are auto, alsa, alsa:DEVICE, paced, offline"):
        check_audio(spec)


def test_a_device_that_is_not_there_is_one_sentence_that_names_those_that_are(capfd):
    pytest.importorskip("alsaaudio", reason="pyalsaaudio is not installed")
    with pytest.raises(AudioDeviceError, match=r"sound device 'nope' cannot play .*; ALSA knows: .*--audio paced"):
        open_output("alsa:nope", **SHAPE)
    assert capfd.readouterr().err == ""


@pytest.fixture
def openable(monkeypatch):
    """Let only these devices be opened; returns the list of those that were tried, and takes the cards there are."""
    alsa = pytest.importorskip("firmware_py.sound.alsa", reason="pyalsaaudio is not installed")
    tried = []

    def given(*names, cards=()):
        def find(device, *_):
            tried.append(device)
            if device not in names:
                raise AudioDeviceError(f"sound device {device!r} cannot play; ALSA knows: none")
            return Device()

        monkeypatch.setattr(alsa, "_open", find)
        monkeypatch.setattr(alsa.alsaaudio, "card_indexes", lambda: list(cards))
        return tried

    return given


def test_auto_without_a_sound_card_plays_by_the_clock_and_says_so_in_one_plain_line(capfd, openable):
    openable()
    assert isinstance(open_output("auto", **SHAPE), PacedOutput)
    assert capfd.readouterr().err.splitlines() == [
        "sound: no sound card was found; playing without a device, in real time, into the recording"
    ]


def test_auto_names_what_it_could_not_open(capfd, openable):
    openable(cards=[0])
    assert isinstance(open_output("auto", **SHAPE, devices=("hw:DAC",)), PacedOutput)
    [line] = capfd.readouterr().err.splitlines()
    assert [name in line for name in ("'hw:DAC'", "'default'", "'plughw:0'")] == [True] * 3


@pytest.mark.parametrize(
    ("there", "taken"),
    [
        (("hw:DAC", "default", "plughw:1"), "hw:DAC"),
        (("default", "plughw:1"), "default"),
        (("plughw:1",), "plughw:1"),
    ],
)
def test_auto_takes_the_configured_devices_then_the_default_then_any_card(openable, there, taken):
    tried = openable(*there, cards=[0, 1])
    output = open_output("auto", **SHAPE, devices=("hw:DAC",))
    assert f"ALSA {taken}," in output.description
    assert tried == ["hw:DAC", "default", "plughw:0", "plughw:1"][: len(tried)]
    output.close()


def test_a_device_that_is_named_is_never_replaced_by_another(openable):
    openable("default", cards=[0])
    with pytest.raises(AudioDeviceError, match="'hw:DAC' cannot play"):
        open_output("alsa:hw:DAC", **SHAPE, devices=("default",))


def test_a_paced_output_takes_blocks_at_exactly_the_rate_without_drift():
    clock = Clock()
    output = PacedOutput(**SHAPE, now_ns=clock.now, sleep=clock.sleep)
    for _ in range(37_500):  # 100 s
        output.write(BLOCK)
    assert clock.ns - 5_000_000_000 == pytest.approx(100e9, abs=3.1 * PERIOD_NS)
    assert output.xruns == 0


def test_a_paced_output_tells_when_the_next_frame_is_heard():
    clock = Clock()
    output = PacedOutput(**SHAPE, now_ns=clock.now, sleep=clock.sleep)
    heard = []
    for _ in range(1000):
        heard.append(output.heard_ns())
        output.write(BLOCK)
    assert set(np.diff(heard)) <= {PERIOD_NS, PERIOD_NS + 1}
    assert heard[-1] - clock.ns <= 3 * PERIOD_NS


def test_a_block_that_comes_too_late_is_an_xrun_and_moves_time_on():
    clock = Clock()
    output = PacedOutput(**SHAPE, now_ns=clock.now, sleep=clock.sleep)
    for _ in range(10):
        output.write(BLOCK)
    clock.ns += 500_000_000
    before = clock.ns
    output.write(BLOCK)
    assert output.xruns == 1
    assert output.heard_ns() == pytest.approx(before + PERIOD_NS, abs=2)


@pytest.fixture
def broken_device(monkeypatch):
    """An ALSA device that plays three blocks, goes away, and comes back at the second look."""
    alsa = pytest.importorskip("firmware_py.sound.alsa", reason="pyalsaaudio is not installed")

    class Broken(Device):
        def __init__(self, blocks):
            self.blocks = blocks

        def write(self, block):
            if self.blocks == 0:
                raise alsa.alsaaudio.ALSAAudioError("No such device")
            self.blocks -= 1
            return len(block)

    looks = []

    def find(*_):
        looks.append(1)
        if len(looks) == 2:
            raise AudioDeviceError("gone")
        return Broken(3 if len(looks) == 1 else 10**9)

    monkeypatch.setattr(alsa, "_open", find)
    monkeypatch.setattr(alsa, "LOOK_AGAIN_S", 0.02)
    return alsa


@pytest.mark.timeout(20)
def test_a_device_that_is_pulled_out_is_stood_in_for_by_the_clock_until_it_is_back(broken_device):
    output = broken_device.AlsaOutput("hw:7", **SHAPE)
    written = 0
    while not output.lost:
        output.write(BLOCK)
        written += 1
    assert written == 4
    heard = output.heard_ns()
    while output.lost:
        output.write(BLOCK)
        assert output.heard_ns() > heard
    output.write(BLOCK)
    output.close()
    output.close()


def test_an_underrun_is_counted_and_the_block_played_after_all(openable, monkeypatch):
    openable("hw:0")
    answers = [128, -32, 128, 128]
    monkeypatch.setattr(Device, "write", lambda *_: answers.pop(0))
    output = open_output("alsa:hw:0", **SHAPE)
    for _ in range(3):
        output.write(BLOCK)
    output.close()
    assert output.xruns == 1
    assert answers == []
    assert "128x3" in output.description


@pytest.mark.timeout(20)
def test_repeated_underruns_make_the_buffer_longer_step_by_step_and_never_shorter(monkeypatch):
    alsa = pytest.importorskip("firmware_py.sound.alsa", reason="pyalsaaudio is not installed")
    asked = []

    class Weak(Device):
        def __init__(self, periods):
            self.periods = periods
            self.full = True

        def info(self):
            return {"period_size": 128, "buffer_size": 128 * self.periods}

        def write(self, _block):
            self.full = not self.full  # every second write comes too late
            return -32 if self.full else 128

    def find(_device, _rate_hz, _period_frames, periods):
        asked.append(periods)
        return Weak(periods)

    monkeypatch.setattr(alsa, "_open", find)
    output = alsa.AlsaOutput("hw:0", **SHAPE)
    while output.periods < alsa.MOST_PERIODS:
        output.write(BLOCK)
        assert not output.lost
    xruns = output.xruns
    for _ in range(100):
        output.write(BLOCK)
    output.close()
    assert asked == [3, 4, 6, 9, 13, 16]
    assert xruns <= 2 * alsa.XRUNS_BORNE * len(asked)
    assert "128x16 (asked for 128x3)" in output.description
