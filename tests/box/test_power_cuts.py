"""The power is cut at any instant of a session, and the disk loses what it was not told to keep: nothing is lost.

``make test-box``, as root; HAND_DANCE_POWER_CUTS says how many cuts, HAND_DANCE_SEED which instants.
"""

import io
import os
import random
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from tests.box.hearing import sound_after
from tests.box.inside import MAILER, STATE
from tests.box.machine import EAR_HZ, START_PIN, STOP_PIN, Machine

CUTS = int(os.environ.get("HAND_DANCE_POWER_CUTS", "5"))
# What is going on when the power goes, and for how many seconds at most it has been.
PHASES = {"idle": 4.0, "counting-in": 4.0, "playing": 10.0, "finishing": 5.0, "mailing": 6.0}
LACKS_S = 1.0  # of the recording, at most
NOTHING = np.empty((0, 2), np.int16)
ROW = "{:>4} {:12} {:>7} {:>11} {:>9} {:>9} {:>8} {:>8} {:>6}"
HEAD = ("cut", "while", "after", "writes lost", "ready in", "sessions", "letters", "twice", "lacks")


@dataclass
class Performance:
    """The session that is on when the power goes: when it was counted in, and asked to stop."""

    counted_in_s: float = 0.0
    stopped_s: float = 0.0  # 0: nobody asked


def test_whenever_the_power_is_cut_nothing_is_lost(machine: Machine, dice: random.Random, say) -> None:
    machine.hears_state("ready")
    before: dict[str, Any] = {"sessions": {}, "letters": []}
    twice = 0
    say("\n" + ROW.format(*HEAD))
    for number in range(1, CUTS + 1):
        phase = list(PHASES)[(number - 1) % len(PHASES)]
        performance = lead_to(machine, phase, dice)
        after_s = dice.uniform(0.0, PHASES[phase])
        time.sleep(after_s)  # the instant is any
        cut = machine.cut_power(dice)
        heard, _ = machine.heard(performance.counted_in_s) if performance else (NOTHING, 0.0)
        machine.disk.assert_clean()

        machine.power_on()
        ready_s = machine.hears_state("ready").at_s - machine.power_on_s
        assert "EXT4-fs error" not in machine.run("dmesg")
        found = machine.settled()
        for name, one in before["sessions"].items():
            assert found["sessions"][name] == one, f"{name} was changed by a cut while {phase}"
        lacks_s = lacking_s(machine, found, before, performance, heard)
        assert lacks_s <= LACKS_S, (phase, after_s, performance, found["sessions"])
        copies = Counter(letter["id"] for letter in found["letters"])
        before, twice = found, sum(copies.values()) - len(copies)
        say(
            ROW.format(
                *(number, phase, f"{after_s:.2f} s", f"{cut.lost} of {cut.lost + cut.kept}", f"{ready_s:.1f} s"),
                *(len(found["sessions"]), len(copies), twice, f"{lacks_s:.2f} s" if performance else "–"),
            )
        )
    machine.power_off()
    machine.disk.assert_clean()
    assert twice == 0, "a letter came more than once"


def lead_to(machine: Machine, phase: str, dice: random.Random) -> Performance | None:
    """Bring the box, which is ready, into a phase of a session; return that session."""
    if phase == "idle":
        return None
    performance = Performance()
    machine.press(START_PIN)
    performance.counted_in_s = machine.hears_state("counting-in").at_s
    if phase == "counting-in":
        return performance
    machine.hears_state("playing")
    if phase == "playing":
        return performance
    time.sleep(dice.uniform(1.0, 5.0))  # it is played
    machine.catch_up(MAILER)
    performance.stopped_s = machine.press(STOP_PIN)
    machine.hears_state("finishing")
    if phase == "mailing":
        machine.hears_state("ready")
        machine.hears("^Starting", MAILER)
    return performance


def lacking_s(
    machine: Machine,
    found: dict[str, Any],
    before: dict[str, Any],
    performance: Performance | None,
    heard: NDArray[np.int16],
) -> float:
    """Return how much of the session that was cut is not in its recording; 0 where none was on.

    Of one that was stopped in time, until the press; else, of what was heard at the loudspeaker until the cut: an
    emulated machine on a busy one does not play in time what it is to play.
    """
    new = [name for name in found["sessions"] if name not in before["sessions"]]
    if performance is None:
        assert not new, new
        return 0.0
    if not new:
        return sound_after(heard, NOTHING, EAR_HZ)[0]  # it was not even begun on the disk
    (name,) = new
    one = found["sessions"][name]
    assert one["seconds"] is not None, one
    if performance.stopped_s:
        return max(0.0, performance.stopped_s - one["t0_s"] - one["seconds"])
    recording, rate_hz = soundfile.read(io.BytesIO(machine.read(f"{STATE}/sessions/{name}/sound.wav")), dtype="int16")
    assert rate_hz == EAR_HZ
    lacks_s, likeness = sound_after(heard, recording.reshape(-1, 2), EAR_HZ)
    assert likeness > 0.5, f"what was recorded is not what was heard ({likeness:.2f})"
    return lacks_s
