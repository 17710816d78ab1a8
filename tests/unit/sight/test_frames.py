"""Live frames through a thread: silences, endings, and a reader that is too slow."""

import queue
from collections.abc import Iterator

import numpy as np
import pytest

from firmware_py.errors import CameraError, CameraLostError
from firmware_py.sight.camera import Frame, Pace
from firmware_py.sight.frames import WAITING, LiveFrames

PACE = Pace(0, realtime=True)


def frame(number: int) -> Frame:
    return Frame(np.zeros((3, 2), np.uint8), number, number, (2, 2))


class HandFed:
    """A camera whose frames the test puts in; None loses it."""

    rate_hz, scripted, description = 60.0, False, "hand-fed"

    def __init__(self) -> None:
        self.fed: queue.Queue[Frame | None] = queue.Queue()
        self.closed = False

    def frames(self, pace: Pace) -> Iterator[Frame]:
        del pace
        while (fed := self.fed.get(timeout=10)) is not None:
            yield fed
        raise CameraLostError("unplugged")

    def close(self) -> None:
        self.closed = True


def test_frames_pass_in_order_and_a_silence_is_none() -> None:
    camera = HandFed()
    frames = iter(LiveFrames(camera, PACE, patience_s=0.01))
    camera.fed.put(frame(0))
    found = [next(frames)]
    while found[-1] is not None:
        found.append(next(frames))
    camera.fed.put(frame(1))
    while found[-1] is None:
        found.append(next(frames))
    assert [f.number for f in found if f] == [0, 1]
    camera.fed.put(None)


def test_a_lost_camera_is_raised_where_the_frames_are_read_and_given_back() -> None:
    camera = HandFed()
    camera.fed.put(None)
    with pytest.raises(CameraLostError, match="unplugged"):
        list(LiveFrames(camera, PACE, patience_s=10))
    assert camera.closed


def test_a_driver_that_fails_in_a_way_of_its_own_is_a_lost_camera() -> None:
    class Broken(HandFed):
        def frames(self, pace: Pace) -> Iterator[Frame]:
            del pace
            yield frame(0)
            raise MemoryError("no buffers")

    with pytest.raises(CameraLostError, match=r"hand-fed failed \(MemoryError: no buffers\)"):
        list(LiveFrames(Broken(), PACE, patience_s=10))


def test_of_frames_that_wait_too_long_the_oldest_give_way() -> None:
    class Quick(HandFed):
        def frames(self, pace: Pace) -> Iterator[Frame]:
            del pace
            yield from map(frame, range(50))

    live = LiveFrames(Quick(), PACE, patience_s=10)
    live.wait_until_ended(10)
    frames = iter(live)
    waiting = [next(frames) for _ in range(WAITING - 1)]
    assert [found.number for found in waiting if found] == [49]
    with pytest.raises(CameraError, match="ended"):
        next(frames)
