import os
import threading

import pytest

from firmware_py import niceness


def given_by(work):
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
    assert given_by(niceness.behind_frames) == min(19, ours + niceness.FINDER_BEHIND)


@pytest.mark.parametrize(
    ("asks", "given"),
    [(niceness.before_others, niceness.FRAMES_NICE), (niceness.before_frames, niceness.RECORDER_NICE)],
)
def test_frames_go_before_common_programs_and_the_recording_before_frames_where_that_is_allowed(asks, given):
    asked = []

    def allowed(which, who, value):
        asked.append((which, who, value))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "setpriority", allowed)
        asks()
    assert asked == [(os.PRIO_PROCESS, 0, given)]
    assert niceness.RECORDER_NICE < niceness.FRAMES_NICE < 0


@pytest.mark.parametrize("asks", [niceness.before_others, niceness.before_frames])
def test_where_it_is_refused_they_go_on_as_any_program(asks):
    asked = []

    def refused(_which, _who, value):
        asked.append(value)
        raise PermissionError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "setpriority", refused)
        asks()
    assert len(asked) == 1  # once, and that it was refused is nobody's trouble
