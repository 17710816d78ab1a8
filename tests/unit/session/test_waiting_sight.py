"""The supervisor's side of the sight process that waits: started, heard, handed over, and not missed when it dies."""

import select
import sys
import time
from pathlib import Path

import pytest

from firmware_py.config import CameraSettings
from firmware_py.session import child, waiting_sight
from firmware_py.session.waiting_sight import AGAIN_S, WaitingSight
from firmware_py.sight.plan import SightPlan

# a stand-in for the sight process: does what the plan's camera says, then plays the plan that comes
PROGRAM = """
import json, sys, time
plan = json.loads(sys.stdin.readline())
for told in plan["camera"]["source"].split("|"):
    if told == "die":
        sys.exit(3)
    print(told, flush=True)
line = sys.stdin.readline()
if line:
    print(json.dumps({"event": "ready", "camera": json.loads(line)["lanes"]}), flush=True)
"""
LOOKING, CODE = '{"event": "looking", "camera": "webcam"}', '{"event": "code", "text": "one"}'
BLIND = '{"event": "blind", "message": "gone"}'


class Rig:
    def __init__(self) -> None:
        self.codes: list[str] = []
        self.looking: list[bool] = []
        self.now_s = 0.0

    def sight(self, *told: str) -> WaitingSight:
        plan = SightPlan("", CameraSettings(source="|".join(told)))
        return WaitingSight(plan, self.codes.append, self.looking.append, lambda: self.now_s)


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    program = tmp_path / "stand_in.py"
    program.write_text(PROGRAM)

    class StandIn(child.Child):
        def __init__(self, name: str, _module: str, plan: object) -> None:
            super().__init__(name, "stand_in", plan)  # type: ignore[arg-type]

    monkeypatch.setattr(waiting_sight, "Child", StandIn)
    monkeypatch.setattr(child, "_environment", lambda: {"PYTHONPATH": str(tmp_path), "PATH": sys.exec_prefix})
    return Rig()


def attend(sight: WaitingSight, until: object) -> None:
    """Attend until something holds; the process is a real one and takes its time."""
    limit = time.monotonic() + 20
    while not until():  # type: ignore[operator]
        assert time.monotonic() < limit
        sight.attend()
        time.sleep(0.01)


def test_codes_are_handed_on_and_it_is_told_whether_the_camera_looks(rig: Rig) -> None:
    sight = rig.sight(LOOKING, CODE, BLIND)
    attend(sight, lambda: rig.looking == [True, False])
    assert rig.codes == ["one"]
    sight.close()


def test_the_process_itself_is_handed_to_the_session_with_its_plan(rig: Rig) -> None:
    sight = rig.sight(LOOKING)
    attend(sight, lambda: rig.looking == [True])
    taken = sight.handed_over()
    assert taken is not None
    pid = taken.pid
    taken.plan = SightPlan("session-1").to_json
    descriptor = taken.start()
    assert taken.pid == pid, "no other one was started"
    assert select.select([descriptor], [], [], 20)[0]
    events, _ = taken.events()
    assert events == [{"event": "ready", "camera": "session-1"}]
    assert rig.looking == [True, False]
    taken.stop(2.0)
    assert sight.handed_over() is None


def test_one_that_died_is_started_anew_after_a_while_and_its_session_starts_its_own(rig: Rig) -> None:
    sight = rig.sight(LOOKING, "die")
    attend(sight, lambda: rig.looking == [True, False])
    sight.attend()
    assert sight.handed_over() is None
    rig.now_s = AGAIN_S + 1
    attend(sight, lambda: rig.looking[:3] == [True, False, True])
    sight.close()


def test_one_that_died_just_before_the_plan_came_is_replaced(rig: Rig) -> None:
    sight = rig.sight("die")
    sight.attend()
    taken = sight.handed_over()
    assert taken is not None
    pid = taken.pid
    assert taken._process is not None
    taken._process.wait(20)
    taken.plan = SightPlan("session-1", CameraSettings(source=LOOKING)).to_json
    taken.start()
    assert taken.pid != pid
    taken.stop(2.0)
