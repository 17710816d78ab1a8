"""The appliance as a whole machine: power, buttons, lights, sound, letters; and its power cut at any instant.

``make test-box``, as root; HAND_DANCE_POWER_CUTS says how many cuts, HAND_DANCE_SEED which instants. Times are those
of an emulated machine, many times slower than a Raspberry Pi: they are printed, not asserted.
"""

import base64
import io
import json
import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from firmware_py.music.pitch import midi_to_hz
from tests.box.machine import PLACE, START_PIN, STOP_PIN, Machine

RECORDING_LIGHT = 23
SLOW_S = 300.0  # for whatever the emulated machine does on a busy host
CUTS = int(os.environ.get("HAND_DANCE_POWER_CUTS", "5"))
SEED = int(os.environ.get("HAND_DANCE_SEED", "1"))
PHASES = ("idle", "counting-in", "playing", "finishing", "mailing")
WHOLE_LETTER = {".wav", ".pdf", ".mid", ".musicxml"}

pytestmark = pytest.mark.timeout(3600)


@pytest.fixture(scope="session")
def built() -> None:
    """The machine's disk, made anew where the project or the rig has changed."""
    subprocess.run([Path(__file__).with_name("build"), PLACE], check=True)


@pytest.fixture
def machine(built: None, tmp_path: Path) -> Iterator[Machine]:
    with Machine(tmp_path) as one:
        one.power_on()
        yield one


def look(machine: Machine) -> dict[str, Any]:
    """What there is inside: sessions, letters, the clock."""
    found: dict[str, Any] = json.loads(machine.run("/usr/local/lib/box/look", SLOW_S))
    return found


def play(machine: Machine, seconds: float) -> None:
    """Press, play so long, press, and wait until the box is ready again."""
    machine.press(START_PIN)
    machine.wait_for_state("playing", SLOW_S)
    time.sleep(seconds)
    machine.press(STOP_PIN)
    machine.wait_for_state("ready", SLOW_S)


def settled(machine: Machine) -> dict[str, Any]:
    """Wait until every session has ended and its letter has come; return what there is then."""
    limit = time.monotonic() + SLOW_S
    while True:
        found = look(machine)
        ended = [name for name, one in found["sessions"].items() if one["end"]]
        if len(ended) == len(found["sessions"]) == len({each["id"] for each in found["letters"]}):
            return found
        assert time.monotonic() < limit, f"not settled: {found}; {machine.run('journalctl -b --no-pager | tail -60')}"


def test_press_play_press_and_the_letter_comes(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    ready_s = machine.booted_s + machine.wait_for_state("ready", SLOW_S)
    own = machine.run("systemd-analyze").splitlines()[0]
    assert machine.run("systemctl --failed --no-legend") == ""
    assert not machine.light(RECORDING_LIGHT)
    pressed = time.monotonic()
    machine.press(START_PIN)
    machine.wait_for_state("counting-in", SLOW_S)
    counting_s = time.monotonic() - pressed
    assert machine.light(RECORDING_LIGHT)
    machine.wait_for_state("playing", SLOW_S)
    time.sleep(12)
    stopped = time.monotonic()
    machine.press(STOP_PIN)
    machine.wait_for_state("ready", SLOW_S)
    again_s = time.monotonic() - stopped
    assert not machine.light(RECORDING_LIGHT)
    found = settled(machine)
    letter_s = time.monotonic() - pressed

    (name,), (letter,) = found["sessions"], found["letters"]
    assert {Path(each).suffix for each in letter["attached"]} >= WHOLE_LETTER
    report = json.loads(machine.run(f"cat /var/lib/hand-dance/sessions/{name}/report.json"))
    packed = machine.run(f"base64 -w0 /var/lib/hand-dance/sessions/{name}/sound.wav", SLOW_S)
    assert_sounds(base64.b64decode(packed), report["notes"])
    with capsys.disabled():
        print(f"\n{own}")
        print(f"power on to ready {ready_s:.1f} s · button to counting in {counting_s:.1f} s · ", end="")
        print(f"stop to ready {again_s:.1f} s · start button to letter {letter_s:.1f} s (12 s of it played)")
    machine.power_off()
    assert_clean(machine)


def assert_sounds(wav: bytes, notes: list[dict[str, Any]]) -> None:
    """The recording holds the pitch of each note that was played, where it was played."""
    sound, rate_hz = soundfile.read(io.BytesIO(wav))
    long = [note for note in notes if note["duration_s"] >= 0.4]
    assert long, notes
    right = 0
    for note in long:
        begin = round((note["onset_s"] + 0.15) * rate_hz)
        part = sound[begin : begin + round((note["duration_s"] - 0.2) * rate_hz)].mean(axis=1)
        if len(part) < rate_hz // 10:
            continue
        spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 4 * rate_hz))
        wanted = midi_to_hz(note["pitch"])
        near = slice(round(wanted * 4 * 0.94), round(wanted * 4 * 1.06))
        heard = (near.start + int(np.argmax(spectrum[near]))) / 4
        right += abs(1200 * np.log2(heard / wanted)) < 60 and spectrum[near].max() > 10 * np.median(spectrum)
    assert right >= 0.8 * len(long), (right, len(long))


def assert_clean(machine: Machine) -> None:
    """The file system on the disk has no fault."""
    raw = machine.disk.with_suffix(".raw")
    subprocess.run(["qemu-img", "convert", "-O", "raw", machine.disk, raw], check=True)
    checked = subprocess.run(["e2fsck", "-fn", raw], capture_output=True, text=True, check=False)
    raw.unlink()
    assert checked.returncode == 0, checked.stdout


def test_whenever_the_power_is_cut_nothing_is_lost(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    dice = random.Random(SEED)
    whole: dict[str, str] = {}
    rows = []
    machine.wait_for_state("ready", SLOW_S)
    for number in range(CUTS):
        phase = PHASES[number % len(PHASES)]
        lead_to(machine, phase)
        time.sleep(dice.uniform(0.0, {"idle": 3.0, "playing": 8.0}.get(phase, 1.5)))
        at = look(machine) if phase == "playing" else {}
        machine.cut_power()
        machine.power_on()
        ready_s = machine.booted_s + machine.wait_for_state("ready", SLOW_S)
        assert "EXT4-fs error" not in machine.run("dmesg")
        found = settled(machine)
        assert found["bare"] == []
        for name, kept in whole.items():
            assert found["sessions"][name]["sha256"] == kept, f"{name} was changed by a cut while {phase}"
        lacks_s = 0.0
        for name, before in at.get("sessions", {}).items():
            if not before["end"]:
                lacks_s = (at["now_ns"] - before["t0_ns"]) / 1e9 - found["sessions"][name]["seconds"]
        assert lacks_s <= 1.0
        whole = {name: one["sha256"] for name, one in found["sessions"].items()}
        copies = Counter(letter["id"] for letter in found["letters"])
        rows.append((number + 1, phase, ready_s, len(whole), lacks_s, sum(copies.values()) - len(copies)))
    with capsys.disabled():
        print(f"\npower cuts, seed {SEED}\n  cut  while        ready again  sessions  lacks    letters twice")
        for row in rows:
            print("  {:3d}  {:11s}  {:8.1f} s  {:8d}  {:5.2f} s  {:5d}".format(*row))
    machine.power_off()
    assert_clean(machine)


def lead_to(machine: Machine, phase: str) -> None:
    """Bring the box, which is ready, into a phase of a session."""
    if phase == "idle":
        return
    machine.press(START_PIN)
    if phase == "counting-in":
        machine.wait_for_state(phase, SLOW_S)
        return
    machine.wait_for_state("playing", SLOW_S)
    if phase == "playing":
        time.sleep(2.0)
        return
    time.sleep(3.0)
    machine.press(STOP_PIN)
    machine.wait_for_state("finishing" if phase == "finishing" else "ready", SLOW_S)
