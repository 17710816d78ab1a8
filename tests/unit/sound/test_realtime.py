"""What the system grants a realtime process, and what one that runs away comes to."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SPIN = "from firmware_py.sound.realtime import go_realtime; go_realtime()\nwhile True: pass"


def granted():
    return os.geteuid() == 0 or resource.getrlimit(resource.RLIMIT_RTPRIO)[0] >= 70


@pytest.mark.skipif(not granted(), reason="no real-time priority is granted to this user")
def test_a_realtime_process_that_spins_is_ended_by_the_kernel():
    try:
        done = subprocess.run([sys.executable, "-c", SPIN], cwd=ROOT, capture_output=True, timeout=15)
    except subprocess.TimeoutExpired:
        pytest.fail("it spins on")
    if b"real-time priority" in done.stderr:
        pytest.skip("this container refuses real-time priority even to root")
    assert -done.returncode in (signal.SIGKILL, signal.SIGXCPU)


def test_the_garbage_collector_rests_while_it_plays():
    code = "import gc; from firmware_py.sound.realtime import go_realtime; go_realtime(); print(gc.isenabled())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=15)
    assert done.stdout.split() == ["False"]
