import os
import threading

import pytest

from firmware_py.sight import priority


def niceness_of(work):
    found = []

    def run():
        work()
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(5.0)
    return found[0]


def test_the_finder_waits_for_the_thread_that_started_it():
    ours = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert niceness_of(priority.behind_frames) == min(19, ours + priority.FINDER_BEHIND)


def test_frames_go_before_common_programs_where_that_is_allowed():
    asked = []

    def allowed(which, who, niceness):
        asked.append((which, who, niceness))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "setpriority", allowed)
        priority.before_others()
    assert asked == [(os.PRIO_PROCESS, 0, priority.FRAMES_NICE)]


def test_where_it_is_refused_sight_goes_on_as_any_program():
    def refused(which, who, niceness):
        raise PermissionError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "setpriority", refused)
        priority.before_others()
