"""Looks at everything a box needs, all at once, each look within its time limit. For the command, the page, the lights.

Looks that touch drivers run in processes of their own, which are ended when they hang; the others in threads. Not
here: the looks.
"""

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, replace
from queue import Empty, SimpleQueue
from typing import Final

from firmware_py.doctor import camera, card, letters, machine, pins, program, sound
from firmware_py.doctor.check import Check, Patient
from firmware_py.doctor.finding import Finding, Level

CHECKS: Final = (
    Check({"settings": "Settings"}, program.settings),
    Check({"release": "Program"}, program.release),
    Check({"services": "Services"}, program.services),
    Check(camera.THINGS, camera.camera, limit_s=15.0, alone=True),
    Check({"models": "Hand finder"}, program.model_files),
    Check(sound.THINGS, sound.device, limit_s=10.0, alone=True),
    Check({"delay": "Delay"}, sound.delay),
    Check({"realtime": "Realtime"}, machine.realtime),
    Check(pins.THINGS, pins.pins, limit_s=10.0, alone=True),
    Check({"space": "Room"}, card.space),
    Check({"card": "Card"}, card.speed, limit_s=20.0, alone=True),
    Check({"clock": "Clock"}, machine.clock),
    Check({"network": "Network"}, machine.network),
    Check({"access-point": "Own Wi-Fi"}, machine.access_point),
    Check({"mail": "Mail"}, letters.mail, limit_s=20.0),
    Check({"letters": "Letters"}, letters.outbox),
    Check({"temperature": "Temperature"}, machine.temperature),
    Check({"power": "Power"}, machine.power),
)
ENDED_S: Final = 1.0  # in which a process that was ended is gone, unless it is stuck in a driver
_LATE: Final = "it did not answer within {:.0f} s"
_LATE_REMEDY: Final = "unplug and plug in again what it is about, or restart the box; then look once more"


def examine(
    patient: Patient,
    only: Collection[str] = (),
    told: Callable[[Finding], object] = lambda _: None,
    checks: Sequence[Check] = CHECKS,
) -> list[Finding]:
    """Look at everything, or at the things named, and return what was found in the order of CHECKS.

    told: is given each finding as it comes, from this thread. Takes as long as the slowest look, never longer than
    its limit. Raises nothing of what a look meets.
    """
    wanted = [check for check in checks if not only or set(only) & set(check.things)]
    done: SimpleQueue[tuple[int, list[Finding]]] = SimpleQueue()
    begun = time.monotonic()
    for number, check in enumerate(wanted):
        threading.Thread(target=_run, args=(number, check, patient, done), daemon=True, name="doctor").start()
    found: dict[int, list[Finding]] = {}
    while len(found) < len(wanted):
        left_s = {
            n: begun + check.limit_s + 2 * ENDED_S * check.alone - time.monotonic()
            for n, check in enumerate(wanted)
            if n not in found
        }
        try:
            number, findings = done.get(timeout=max(0.0, min(left_s.values())))
        except Empty:
            number = min(left_s, key=lambda n: left_s[n])
            findings = _too_late(wanted[number])
        if number not in found:
            found[number] = [finding for finding in findings if not only or finding.name in only]
            for finding in found[number]:
                told(finding)
    return [finding for number in range(len(wanted)) for finding in found[number]]


def _run(number: int, check: Check, patient: Patient, done: "SimpleQueue[tuple[int, list[Finding]]]") -> None:
    begun = time.monotonic()
    findings = check.found_by(lambda: _look_alone(check, patient) if check.alone else check.look(patient))
    done.put((number, [replace(finding, seconds=time.monotonic() - begun) for finding in findings]))


def _look_alone(check: Check, patient: Patient) -> list[Finding]:
    """Look from a process of its own; one that hangs is ended and not waited for: it may be stuck in a driver."""
    asked = {"config": asdict(patient.config), "root": str(patient.machine.root), "things": list(check.things)}
    child = subprocess.Popen(
        [sys.executable, "-m", "firmware_py.doctor"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        said, _ = child.communicate(json.dumps(asked).encode(), timeout=check.limit_s)
    except subprocess.TimeoutExpired:
        child.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.communicate(timeout=ENDED_S)
        return _too_late(check)
    try:
        return [Finding.from_json(one) for one in json.loads(said)]
    except (ValueError, TypeError, KeyError):
        return check.all_are(
            Level.RED,
            f"the look at it was ended by signal or error {child.returncode}",
            "restart the box and look again",
        )


def _too_late(check: Check) -> list[Finding]:
    late = check.all_are(Level.RED, _LATE.format(check.limit_s), _LATE_REMEDY)
    return [replace(finding, seconds=check.limit_s) for finding in late]
