"""Everything that a webcam can do wrong, to the real sight process: it goes on, says what is wrong, and takes it back.

One process sees one case after the other, since a process that breaks in the third is as bad as one in the first.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from firmware_py.config import CameraSettings
from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.lanes import CONTROL, Lanes
from firmware_py.sight.picture_health import BRIGHT, DARK, FROZEN
from firmware_py.sight.plan import SightPlan

pytestmark = pytest.mark.slow
LIMIT_S = 30.0
LOST = "gives no picture"

# what the webcam does: what is told while it does, or None where its frames simply go on
CASES = [
    ("black", DARK),
    ("hand", None),
    ("white", BRIGHT),
    ("other size", None),
    ("frozen", FROZEN),
    ("turned", None),
    ("torn", LOST),
    ("grey", None),
    ("rubbish", LOST),
    ("ten hands", None),
    ("nothing", LOST),
    ("5 fps", None),
    ("stalls", LOST),
    ("4k", None),
]


class Rig:
    def __init__(self, state: Path, folder: Path) -> None:
        self.folder = folder
        self.does("room")
        name = f"test-{uuid4().hex[:12]}"
        self.lanes = Lanes.create(name)
        self.lanes.hands.open_consumer()
        self.lanes.tape_hands.open_consumer()
        control = np.zeros(1, CONTROL)
        control["t0_ns"] = 1
        self.lanes.control.write(control.tobytes())
        plan = SightPlan(
            name, CameraSettings(source="v4l2"), state=str(state),
            parent_pid=os.getpid(),
        )  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("bad_webcam.py"), folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdin
        self.process.stdin.write(plan.to_json())
        self.process.stdin.close()
        self.events: queue.Queue[dict[str, Any]] = queue.Queue()
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.events.put(json.loads(line))

    def does(self, word: str) -> None:
        scratch = self.folder / "does.new"
        scratch.write_text(word)
        scratch.rename(self.folder / "does")

    def hear(self, name: str, says: str | None = None) -> None:
        """Wait for an event of that name, whose message is or holds these words; others may come before it."""
        limit = time.monotonic() + LIMIT_S
        while True:
            event = self.events.get(timeout=max(0.1, limit - time.monotonic()))
            message = event.get("message", "")
            if event["event"] == name and (says is None or message == says or (says and says in message)):
                return

    def frames(self, wanted: int) -> np.ndarray:
        """Take so many new samples that are of frames."""
        found = np.zeros(0, HAND_SAMPLE)
        out = np.zeros(256, HAND_SAMPLE)
        limit = time.monotonic() + LIMIT_S
        self.lanes.hands.discard()
        while len(found) < wanted:
            assert time.monotonic() < limit, "no more frames came"
            assert self.process.poll() is None, self.process.stderr.read() if self.process.stderr else ""
            came = out[: self.lanes.hands.pop_into(out)]
            self.lanes.tape_hands.discard()
            found = np.concatenate((found, came[(came["flags"] & Flag.CAMERA_LOST) == 0]))
            time.sleep(0.005)
        return found

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._listener.join()
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe
            pipe.close()
        self.lanes.close()


@pytest.fixture
def rig(models_state: Path, tmp_path: Path) -> Iterator[Rig]:
    found = Rig(models_state, tmp_path)
    yield found
    found.close()


def test_whatever_a_webcam_does_wrong_is_told_and_taken_back_and_the_process_goes_on(rig: Rig) -> None:
    rig.hear("ready")
    rig.frames(10)
    for does, says in CASES:
        rig.does(does)
        if says == LOST:
            rig.hear("lost", says)
            rig.does("room")
            rig.hear("back")
        elif says:
            rig.hear("picture", says)
            rig.does("room")
            rig.hear("picture", "")
        seen = rig.frames(4)
        hands = seen["hands"]
        assert np.isfinite(hands["area"]).all(), does
        assert (hands["area"] >= 0).all(), does
        assert (hands["area"] <= 1).all(), does
    assert rig.process.poll() is None
    rig.process.send_signal(signal.SIGTERM)
    assert rig.process.wait(LIMIT_S) == 0
    assert rig.process.stderr
    assert rig.process.stderr.read() == ""
