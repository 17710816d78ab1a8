"""A long session: the ghost before the camera at 60 frames a second while the sound side plays.

``make soak`` plays 30 minutes; HAND_DANCE_SOAK_MINUTES says otherwise. Printed and asserted are the growth of each
process's memory, once it has warmed up, and the frames that were dropped.
"""

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.hand_sample import Flag
from tests.rigs.hand_dance import start

MINUTES = float(os.environ.get("HAND_DANCE_SOAK_MINUTES", "1"))
pytestmark = pytest.mark.timeout(60 * MINUTES * 2 + 600)

RATE_HZ = 60
LOOK_S = 2.0
WARM_SHARE = 0.25  # of the time, in which caches fill; a minute at least where there is so long
GROWTH_KB_A_MINUTE = 40  # a leak of one hand sample a frame would be 225
DROPPED = 0.001
MEASURED_FROM_MINUTES = 5.0  # a slope over less is noise


def _memory_kb(pid: int) -> int:
    """Memory that the process filled itself.

    Pages of programs are no leak, and whether they are told as its own or as shared depends on who else runs.
    """
    text = Path(f"/proc/{pid}/status").read_text()
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("RssAnon:"))


def _processes(supervisor: int) -> dict[str, int]:
    """The pids of a session, by name."""
    found = {"session": supervisor}
    for task in Path(f"/proc/{supervisor}/task").iterdir():
        for pid in map(int, (task / "children").read_text().split()):
            command = Path(f"/proc/{pid}/cmdline").read_text()
            found |= {name: pid for name in ("sight", "sound") if f"firmware_py.{name}" in command}
    return found


def _slope_kb_a_minute(looks: list[tuple[float, int]]) -> float:
    """Growth by least squares, after the warm-up."""
    warm_s = max(WARM_SHARE * looks[-1][0], min(60.0, 0.5 * looks[-1][0]))
    t_s, memory_kb = np.array([look for look in looks if look[0] >= warm_s]).T
    return float(np.polyfit(t_s / 60, memory_kb, 1)[0])


def test_a_long_session_keeps_its_memory_and_its_frames(state: Path) -> None:
    play = start(state, "play", "--camera", "ghost:player=random", "--song", "free", "--audio", "paced",
                 "--seconds", str(60 * MINUTES), "--no-letter", "--json")  # fmt: skip
    looks: dict[str, list[tuple[float, int]]] = {"session": [], "sight": [], "sound": []}
    began_s = None
    try:
        while play.poll() is None:
            time.sleep(LOOK_S)
            folder = next(iter(state.glob(f"sessions/*/{SessionFolder.RECORD}")), None)
            if began_s is None and folder is not None:
                began_s = time.monotonic()
            if began_s is None or time.monotonic() - began_s > 60 * MINUTES - LOOK_S:
                continue
            for name, pid in _processes(play.pid).items():
                looks[name].append((time.monotonic() - began_s, _memory_kb(pid)))
        out, err = play.communicate()
    finally:
        play.kill()
        play.wait()
    assert play.returncode == 0, err
    folder = next(iter((state / "sessions").iterdir()))
    record = SessionFolder(folder).record()
    samples = SessionFolder(folder).samples()
    frames = samples["frame"][(samples["flags"] & (Flag.CAMERA_LOST | Flag.ENDED)) == 0].astype(int)
    expected = round(record.seconds * RATE_HZ)
    dropped = expected - len(np.unique(frames[frames < expected]))
    slopes = {name: round(_slope_kb_a_minute(seen), 1) for name, seen in looks.items() if len(seen) > 3}
    print(json.dumps({
        "minutes": round(record.seconds / 60, 2),
        "frames": expected,
        "dropped": dropped,
        "dropped_share": round(dropped / expected, 6),
        "ring_drops": record.counters["ring_drops"],
        "xruns": record.counters["xruns"],
        "late_samples": record.counters["late_samples"],
        "tape_drops": record.counters["tape_drops"],
        "memory_kb_each_tenth": {k: [kb for _, kb in seen[:: max(1, len(seen) // 10)]] for k, seen in looks.items()},
        "growth_kb_a_minute": slopes,
        "load": os.getloadavg()[1],
    }, indent=1), flush=True)  # fmt: skip
    assert not record.gaps, "a process was restarted"
    assert json.loads(out)["frames"] > 0
    assert record.counters["ring_drops"] == record.counters["tape_drops"] == 0
    assert dropped <= DROPPED * expected
    if MINUTES >= MEASURED_FROM_MINUTES:
        assert slopes.keys() == looks.keys()
        assert all(slope < GROWTH_KB_A_MINUTE for slope in slopes.values()), slopes
