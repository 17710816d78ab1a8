"""The appliance as a whole machine: switched on, played with its two buttons, heard, and its letter read.

``make test-box``, as root. Times are those of an emulated machine, many times slower than a Raspberry Pi: they are
printed, not asserted.
"""

import io
import json
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from firmware_py.music.songs_library import load_song
from firmware_py.sound.chimes import Chime
from tests.box.hearing import melody_in_tune, recording_in
from tests.box.machine import RECORDING_PIN, START_PIN, STOP_PIN, Machine

RATE_HZ = 48_000
PLAYED_S = 15.0
WHOLE_LETTER = {".wav", ".pdf", ".mid", ".musicxml"}


@pytest.fixture(scope="module")
def ready_s(machine: Machine) -> float:
    """When the box said that it was ready."""
    return machine.hears_state("ready").at_s


def test_after_power_on_it_is_ready_by_itself_and_says_so_with_its_chime(machine: Machine, ready_s: float, say) -> None:
    machine.hears("Startup finished", "init.scope")
    chime_s = machine.hears_chime(Chime.READY, since_s=ready_s - 1.0)
    assert machine.run("systemctl --failed --no-legend --plain") == ""
    assert not machine.light(RECORDING_PIN)
    own = machine.run("systemd-analyze")
    said = machine.run("systemd-analyze critical-chain hand-dance.service --no-pager | tail -n +4")
    on_s = machine.power_on_s
    say(f"\n{own.splitlines()[0]}\n{said}")
    say(f"power on → ready {ready_s - on_s:.1f} s · → chime heard {chime_s - on_s:.1f} s")


def test_press_play_press_and_the_letter_comes(machine: Machine, ready_s: float, say) -> None:
    machine.hears("^the backing of twinkle is ready")  # as on any box that nobody presses in its first seconds
    pressed_s = machine.press(START_PIN)
    counting_s = machine.hears_state("counting-in").at_s
    assert machine.light(RECORDING_PIN)
    machine.hears_state("playing")
    time.sleep(PLAYED_S)  # it is played
    stopped_s = machine.press(STOP_PIN)
    machine.hears_state("finishing")
    again_s = machine.hears_state("ready").at_s
    assert not machine.light(RECORDING_PIN)
    found = machine.settled()
    came_s = float(machine.run("stat -c %.3Y /var/mailbox/Maildir/new/*")) - machine.epoch_s

    (name,), (letter,) = found["sessions"], found["letters"]
    assert {Path(each).suffix for each in letter["attached"]} >= WHOLE_LETTER
    folder = f"/var/lib/hand-dance/sessions/{name}"
    record = json.loads(machine.run(f"cat {folder}/session.json"))
    assert record["end"] == "stop was pressed"
    marks = json.loads(machine.run(f"cat {folder}/report.json"))["marks"]["total"]
    sound, rate_hz = soundfile.read(io.BytesIO(machine.read(f"{folder}/sound.wav")))
    assert len(sound) / rate_hz == pytest.approx(stopped_s - record["t0_ns"] / 1e9, abs=1.0)
    melody = load_song("twinkle").melody_at(record["song_start_s"])
    on_tape = melody_in_tune(sound.mean(axis=1), rate_hz, melody)
    loud, _ = machine.heard(since_s=counting_s - 1.0)
    place = recording_in(loud, (sound * 32767).astype(np.int16), RATE_HZ)
    first = round(place.at_s * RATE_HZ)
    in_air = melody_in_tune(loud[first : first + len(sound)].mean(axis=1) / 32768, RATE_HZ, melody)
    say(
        f"button down → counting in {counting_s - pressed_s:.2f} s · stop → ready {again_s - stopped_s:.1f} s · "
        f"start button → letter {came_s - pressed_s:.1f} s, of which {stopped_s - pressed_s:.1f} s until stop\n"
        f"melody in the WAV: {on_tape}\nat the loudspeaker (like the WAV to {place.likeness:.2f}): {in_air}\n"
        f"marks {marks:.0f}, xruns {record['counters']['xruns']}, frames {record['counters']['frames']}"
    )
    assert on_tape.could_be >= 8
    assert on_tape.right >= 0.9 * on_tape.could_be
    assert in_air.right >= 0.8 * in_air.could_be


def test_the_doctor_tells_this_machine_what_it_has_and_what_it_lacks(machine: Machine, ready_s: float, say) -> None:
    told = json.loads(machine.ask("hand-dance doctor --json").out)
    say(machine.ask("hand-dance doctor").out)
    assert told


def test_it_is_shut_down_in_order(machine: Machine, ready_s: float) -> None:
    machine.power_off()
    machine.disk.assert_clean()
