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


@pytest.mark.skipif(not granted(), reason="no real-time priority is granted to this user")
def test_what_is_granted_is_granted_to_the_threads_that_a_device_brings_as_well():
    code = """
import _thread, os, threading, time
from firmware_py.sound.realtime import PRIORITY, foreign_threads, go_realtime
before = foreign_threads()
rests, began = _thread.allocate_lock(), _thread.allocate_lock()
rests.acquire(), began.acquire()
_thread.start_new_thread(lambda: (began.release(), rests.acquire()), ())  # Python's threading does not know it
threading.Thread(target=time.sleep, args=(30,), daemon=True).start()  # and this one it knows
began.acquire()
brought = foreign_threads() - before
go_realtime(brought)
print([(os.sched_getscheduler(thread) & ~os.SCHED_RESET_ON_FORK, os.sched_getparam(thread).sched_priority - PRIORITY)
       for thread in brought], flush=True)
os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=15)
    if "real-time priority" in done.stderr:
        pytest.skip("this container refuses real-time priority even to root")
    assert done.stdout.strip() == str([(os.SCHED_FIFO, 0)]), done.stderr


def test_the_garbage_collector_rests_while_it_plays():
    code = "import gc; from firmware_py.sound.realtime import go_realtime; go_realtime(); print(gc.isenabled())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=15)
    assert done.stdout.split() == ["False"]
