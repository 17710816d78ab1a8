"""MIDI and OSC out: notes, bends and levels as they sound; nothing stays on; what is away stops nothing."""

import math
import os
import socket
import struct
import time

import mido
import numpy as np
import pytest

from firmware_py.config import SoundSettings
from firmware_py.errors import AudioDeviceError, UsageError
from firmware_py.lanes import STATUS, Lanes
from firmware_py.sound import midi_out
from firmware_py.sound.midi_out import MidiOut, open_port
from firmware_py.sound.osc import OscOut, osc_address, osc_message
from firmware_py.sound.outward import Follower, Outward


class Port:
    """A MIDI port that keeps what it was sent, and may be pulled out."""

    def __init__(self):
        self.sent, self.gone, self.closed = [], False, False

    def send(self, message):
        if self.gone:
            raise OSError("gone")
        self.sent.append(message)

    def close(self):
        self.closed = True

    def told(self, *kinds):
        return [(m.type, m.dict().get("note", m.dict().get("pitch"))) for m in self.sent if m.type in kinds]


@pytest.fixture
def port():
    return Port()


@pytest.fixture
def listener():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(10)
        yield listening


def read(datagram):
    """Address and values of an OSC message."""
    address = datagram.partition(b"\0")[0]
    tags = datagram[datagram.index(b",") :].partition(b"\0")[0].decode()[1:]
    at = datagram.index(b",") + (len(tags) + 1) // 4 * 4 + 4
    assert len(datagram) % 4 == 0
    return address.decode(), struct.unpack(">" + tags, datagram[at:])


def test_an_osc_message_is_the_one_of_the_specification():
    # The first of its examples: https://opensoundcontrol.stanford.edu/spec-1_0-examples.html
    assert osc_message("/oscillator/4/frequency", 440.0) == b"/oscillator/4/frequency\0,f\0\0\x43\xdc\0\0"
    assert osc_message("/foo", 1000, 1.234) == b"/foo\0\0\0\0,if\0\0\0\x03\xe8\x3f\x9d\xf3\xb6"


def test_a_hand_that_comes_moves_and_goes_is_a_note_with_bends(port):
    follower = Follower([MidiOut(port)])
    port.sent.clear()
    for pitch in (math.nan, 60.0, 60.25, 60.25, 60.5, 61.0, math.nan, math.nan):
        follower.hear(pitch, 0.5)
    assert port.told("note_on", "note_off") == [("note_on", 60), ("note_off", 60), ("note_on", 61), ("note_off", 61)]
    assert [bend for _, bend in port.told("pitchwheel")] == [0, 1024, 2048, 0]
    assert [m.velocity for m in port.sent if m.type == "note_on"] == [64, 64]


def test_mpe_declares_its_zone_and_bends_by_48_semitones_on_a_member_channel(port):
    follower = Follower([MidiOut(port, mpe=True)])
    controls = [(m.channel, m.control, m.value) for m in port.sent]
    assert controls[:3] == [(0, 101, 0), (0, 100, 6), (0, 6, 1)]
    assert controls[4:7] == [(1, 101, 0), (1, 100, 0), (1, 6, 48)]
    port.sent.clear()
    follower.hear(60.5, 1.0)
    assert {m.channel for m in port.sent} == {1}
    (bend,) = (m.pitch for m in port.sent if m.type == "pitchwheel")
    (note,) = (m.note for m in port.sent if m.type == "note_on")
    assert note + 48 * bend / 8192 == pytest.approx(60.5, abs=0.003)


@pytest.mark.parametrize(("pitch", "level"), [(-5.0, -1.0), (200.0, 7.0), (127.4, 1.0)])
def test_what_midi_cannot_say_is_said_as_near_as_it_goes(port, pitch, level):
    Follower([MidiOut(port)]).hear(pitch, level)
    assert all(0 <= m.note <= 127 for m in port.sent if m.type == "note_on")


def test_a_port_that_is_pulled_out_ends_nothing_and_closing_ends_the_note(port):
    out = MidiOut(port)
    out.note_on(60, 1.0)
    out.close()
    assert port.sent[-1] == mido.Message("note_off", note=60)
    assert port.closed
    port.gone = True
    out.note_on(61, 1.0)


def test_a_port_that_is_not_there_is_refused_with_those_that_are(monkeypatch):
    monkeypatch.setattr(mido, "get_output_names", lambda: ["Synth 20:0"])
    monkeypatch.setattr(mido, "open_output", lambda name, virtual=False: (name, virtual))
    with pytest.raises(AudioDeviceError, match="'Organ'; there are Synth 20:0"):
        open_port("Organ")
    assert open_port("Synth") == ("Synth 20:0", False)
    assert open_port("virtual") == (midi_out.PORT, True)

    def missing():
        raise ImportError("No module named 'rtmidi'")

    monkeypatch.setattr(mido, "get_output_names", missing)
    with pytest.raises(AudioDeviceError, match="needs python-rtmidi"):
        open_port("Synth")


@pytest.mark.parametrize("spec", ["localhost", ":9000", "host:", "host:0", "host:70000", "host:x"])
def test_an_osc_address_that_is_none_is_refused(spec):
    with pytest.raises(UsageError, match="HOST:PORT"):
        osc_address(spec)


def test_nobody_listening_is_no_fault(listener):
    out = OscOut(f"127.0.0.1:{listener.getsockname()[1]}")
    listener.close()
    for _ in range(3):
        out.note_on(60, 1.0)
    out.close()


def test_the_status_cell_of_a_session_is_followed_over_udp(listener):
    lanes = Lanes.create(f"test-outward-{os.getpid()}")
    try:
        outward = Outward(SoundSettings(osc_out=f"127.0.0.1:{listener.getsockname()[1]}"), lanes.status)
        status = np.zeros((), STATUS)
        status["t_ns"], status["pitch"], status["level"] = 1, 69.25, 0.5
        lanes.status.write(status.tobytes())
        told = [read(listener.recv(200)) for _ in range(3)]
        assert told == [("/hand-dance/note", (69, 0.5)), ("/hand-dance/pitch", (69.25,)), ("/hand-dance/level", (0.5,))]
        # That report is as old as the machine: a sound process that tells nothing any more leaves no note on.
        assert read(listener.recv(200)) == ("/hand-dance/note", (69, 0.0))
        status["t_ns"] = time.monotonic_ns() + 60_000_000_000
        lanes.status.write(status.tobytes())
        assert [read(listener.recv(200))[0] for _ in range(3)] == [address for address, _ in told]
        outward.close()
        assert read(listener.recv(200)) == ("/hand-dance/note", (69, 0.0))
    finally:
        lanes.close()


def test_nothing_configured_starts_nothing():
    lanes = Lanes.create(f"test-outward-{os.getpid()}")
    try:
        outward = Outward(SoundSettings(), lanes.status)
        assert outward._thread is None
        outward.close()
    finally:
        lanes.close()
