"""Hand samples on their way out of the sight process: to the instrument, to the recorder and to whoever looks.

Not here: what is in a sample (``hands``), where frames come from (``cameras``).
"""

import time
from collections.abc import Callable
from typing import Final

import numpy as np

from firmware_py.hand_sample import HAND_SAMPLE, Flag
from firmware_py.lanes import Lanes

ROOM_POLL_S: Final = 0.001


class Publisher:
    """The producer of ``hands`` and ``tape_hands`` and the writer of ``latest``.

    The latest sample is written first: a process killed between the three loses one frame, and its successor never
    repeats one.

    Parameters
    ----------
    lanes
        The session's shared memory.
    realtime
        A full ring drops the sample and counts it; else its reader is waited for.
    sleep
        Takes seconds; may raise to end the wait.
    """

    def __init__(
        self,
        lanes: Lanes,
        *,
        realtime: bool,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._lanes = lanes
        self._rings = (lanes.tape_hands, lanes.hands)
        self._realtime = realtime
        self._sleep = sleep
        self._clock = clock
        for ring in self._rings:
            ring.open_producer()
        self.beat()

    @property
    def last(self) -> np.void:
        """The latest sample published, by this process or by the one before; all zeros when there was none."""
        if not self._lanes.latest.writes:
            return np.void(bytes(HAND_SAMPLE.itemsize)).view(HAND_SAMPLE)
        sample: np.void = np.frombuffer(self._lanes.latest.read(), HAND_SAMPLE)[0]
        return sample

    def publish(self, sample: np.void) -> None:
        """Stamp the sample with the time now and hand it to all readers."""
        sample["t_publish_ns"] = self._clock()
        record = sample.tobytes()
        self._lanes.latest.write(record)
        for ring in self._rings:
            if not self._realtime:
                while len(ring) >= ring.capacity:
                    self.beat()
                    self._sleep(ROOM_POLL_S)
            ring.push(record)
        self.beat()

    def publish_empty(self, flag: Flag, t_capture_ns: int, frame: int) -> None:
        """Publish a sample without a hand that only says why."""
        sample = np.zeros(1, HAND_SAMPLE)[0]
        sample["t_capture_ns"], sample["frame"], sample["flags"] = t_capture_ns, frame, flag
        self.publish(sample)

    def beat(self) -> None:
        """Leave a sign of life."""
        for ring in self._rings:
            ring.beat_producer()
