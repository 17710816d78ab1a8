"""Each process of the box is killed, and stopped, at any instant: it goes on or is ready again, and all is kept.

In a container, as root; HAND_DANCE_DEATHS says how many (8), HAND_DANCE_SEED which instants. A stopped process stands
for one that hangs: sight and sound are missed by the supervisor, the supervisor by systemd's watchdog, the mailer by
its time limit, which is an hour on a box and seconds here.
"""

import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.box.container import PLAYED_BY_SIGNALS, Container
from tests.box.inside import INSTRUMENT, MAILER, STATE

DEATHS = int(os.environ.get("HAND_DANCE_DEATHS", "8"))
MAILER_LIMIT_S = 8
LACKS_S = 1.0
KINDS = [(process, signal) for process in ("sight", "sound", "supervisor", "mailer") for signal in ("KILL", "STOP")]
PIDS = {
    "sight": "pgrep -f 'firmware_py[.]sight'",
    "sound": "pgrep -f 'firmware_py[.]sound'",
    "supervisor": f"systemctl show --property=MainPID --value {INSTRUMENT}",
    "mailer": f"systemctl show --property=MainPID --value {MAILER}",
}
SECOND_OF = {
    "sight": ("hand.samples", 64 * 30),
    "sound": ("sound.wav", 4 * 48_000),
}  # bytes, and more than are on the way
ROW = "{:12} {:5} {:>6} {:>22} {:>10} {:>7}"


@pytest.fixture(scope="module")
def container(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    here = {
        INSTRUMENT: PLAYED_BY_SIGNALS,
        MAILER: [f"TimeoutStartSec={MAILER_LIMIT_S}"],
    }
    with Container(tmp_path_factory.mktemp("container"), here) as one:
        yield one


@dataclass
class Tally:
    """What came of one kind of death."""

    back_s: list[float] = field(default_factory=list)
    lacks_s: float = 0.0
    twice: int = 0


def test_whichever_process_dies_or_hangs_the_box_goes_on_and_nothing_is_lost(
    container: Container, dice: random.Random, say
) -> None:
    container.hears_state("ready")
    tallies = {kind: Tally() for kind in KINDS}
    kept: dict[str, Any] = {}
    letters: Counter[str] = Counter()
    for number in range(DEATHS):
        process, signal = kind = KINDS[number % len(KINDS)]
        tally = tallies[kind]
        if process in ("sight", "sound"):
            back_s, end_s = child_dies(container, process, signal, dice)
        elif process == "supervisor":
            back_s, end_s = supervisor_dies(container, signal, dice)
        else:
            back_s, end_s = mailer_dies(container, signal, dice)
        found = container.settled()
        for name, one in kept.items():
            assert found["sessions"][name] == one, f"{name} was changed when {process} got SIG{signal}"
        new = [one for name, one in found["sessions"].items() if name not in kept]
        assert len(new) == (end_s > 0), (kind, new)
        for one in new:
            assert one["seconds"] is not None, one
            tally.lacks_s = max(tally.lacks_s, end_s - one["t0_s"] - one["seconds"])
        assert tally.lacks_s <= LACKS_S, (kind, tally, end_s, new)
        kept = found["sessions"]
        came = Counter(letter["id"] for letter in found["letters"])
        tally.twice += sum((came - letters).values()) - len(new)
        letters = came
        tally.back_s.append(back_s)
    say("\n" + ROW.format("process", "died", "times", "back after (max)", "lacks", "twice"))
    for (process, signal), tally in tallies.items():
        if tally.back_s:
            median_s = sorted(tally.back_s)[len(tally.back_s) // 2]
            back = f"{median_s:.1f} s ({max(tally.back_s):.1f} s)"
            say(ROW.format(process, signal, len(tally.back_s), back, f"{tally.lacks_s:.2f} s", tally.twice))


def send(container: Container, signal: str, process: str) -> float:
    """Send a process a signal and return when."""
    container.run(f"kill -{signal} $({PIDS[process]})")
    return container.now_s


def child_dies(container: Container, process: str, signal: str, dice: random.Random) -> tuple[float, float]:
    """Let sight or sound die; the session goes on. Return the length of the gap and when the session ended."""
    container.press()
    container.hears_state("counting-in")
    time.sleep(dice.uniform(0.0, 4.0))  # the instant is any
    session = f"$(ls -d {STATE}/sessions/* | tail -n 1)"
    recorded, second = SECOND_OF[process]
    size = container.run(f"kill -{signal} $({PIDS[process]}); stat -c %s {session}/{recorded}")
    # It is played on: what comes from that process is recorded again. Before that, a stop would find nothing to stop.
    more = f"test $(stat -c %s {session}/{recorded}) -gt $(({size} + {second}))"
    container.run(f"until {more}; do sleep 0.1; done")
    container.press()
    asked_s = container.now_s
    container.hears("^finishing: stop was pressed")
    container.hears_state("ready")
    record = json.loads(container.run(f"cat {session}/session.json"))
    own = [gap for gap in record["gaps"] if gap["process"] == process]
    assert own, f"{process} got SIG{signal} and no gap is noted: {record['gaps']}"
    return sum(gap["end_s"] - gap["start_s"] for gap in own), asked_s


def supervisor_dies(container: Container, signal: str, dice: random.Random) -> tuple[float, float]:
    """Let the supervisor die, in a session or not. Return the time until it was ready, and the session's end."""
    phase = dice.choice(("ready", "counting-in", "playing", "finishing"))
    end_s = 0.0
    if phase != "ready":
        container.press()
        container.hears_state("counting-in" if phase == "counting-in" else "playing")
    if phase == "finishing":
        time.sleep(dice.uniform(0.5, 2.0))  # it is played
        container.press()
        end_s = container.now_s
        container.hears_state("finishing")
    time.sleep(dice.uniform(0.3, 1.5))  # the instant is any
    died_s = send(container, signal, "supervisor")
    if phase != "ready":
        end_s = end_s or died_s
    container.hears("^hand-dance.service: (Scheduled restart job|Main process exited|Watchdog timeout)")
    return container.hears_state("ready").at_s - died_s, end_s


def mailer_dies(container: Container, signal: str, dice: random.Random) -> tuple[float, float]:
    """Let the mailer die with a letter in its hands. Return the time until it had ended well, and the session's end."""
    container.press()
    container.hears_state("playing")
    time.sleep(0.5)  # it is played
    container.catch_up(MAILER)
    container.press()
    end_s = container.now_s
    container.hears_state("finishing")
    container.hears_state("ready")
    container.hears("^Starting", MAILER)
    time.sleep(dice.uniform(0.0, 0.8))  # the instant is any
    died_s = container.now_s
    container.run(f"pid=$({PIDS['mailer']}); [ $pid = 0 ] || kill -{signal} $pid")  # it may have been faster
    return max(0.0, container.hears("^Finished", MAILER).at_s - died_s), end_s
