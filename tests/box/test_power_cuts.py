"""The power is cut at any instant of a session, and the disk loses what it was not told to keep: nothing is lost.

``make test-box``, as root; HAND_DANCE_POWER_CUTS says how many cuts, HAND_DANCE_SEED which instants.
"""

import os
import random
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.box.inside import MAILER
from tests.box.machine import START_PIN, STOP_PIN, Machine

CUTS = int(os.environ.get("HAND_DANCE_POWER_CUTS", "5"))
# What is going on when the power goes, and for how many seconds at most it has been.
PHASES = {"idle": 4.0, "counting-in": 4.0, "playing": 10.0, "finishing": 5.0, "mailing": 6.0}
LACKS_S = 1.0  # of the recording, at most
ROW = "{:>4} {:12} {:>7} {:>11} {:>9} {:>9} {:>8} {:>8} {:>6}"
HEAD = ("cut", "while", "after", "writes lost", "ready in", "sessions", "letters", "twice", "lacks")


@dataclass
class Performance:
    """The session that is on when the power goes: when it was counted in, and asked to stop."""

    counted_in_s: float = 0.0
    stopped_s: float = float("inf")


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
        cut_s = machine.now_s
        cut = machine.cut_power(dice)
        machine.disk.assert_clean()

        machine.power_on()
        ready_s = machine.hears_state("ready").at_s - machine.power_on_s
        assert "EXT4-fs error" not in machine.run("dmesg")
        found = machine.settled()
        for name, one in before["sessions"].items():
            assert found["sessions"][name] == one, f"{name} was changed by a cut while {phase}"
        lacks_s = lacking_s(found, before, performance, cut_s)
        assert lacks_s <= LACKS_S, (phase, after_s, performance, cut_s, found)
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


def lacking_s(found: dict[str, Any], before: dict[str, Any], performance: Performance | None, cut_s: float) -> float:
    """Return how much of the session that was cut is not in its recording; 0 where none was on."""
    new = [one for name, one in found["sessions"].items() if name not in before["sessions"]]
    if performance is None:
        assert not new, new
        return 0.0
    end_s = min(cut_s, performance.stopped_s)
    if not new:
        return end_s - performance.counted_in_s  # it was not even begun on the disk
    (one,) = new
    assert one["seconds"] is not None, one
    return max(0.0, end_s - (one["t0_s"] or performance.counted_in_s) - one["seconds"])
