"""An output without a device: takes blocks at the pace of the clock, as a device with the same buffer would.

For machines without a sound card, for tests, and for the time that a lost device is away.
"""

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray


class PacedOutput:
    """Real time by CLOCK_MONOTONIC, on absolute instants, so that no drift adds up."""

    lost = False

    def __init__(
        self,
        *,
        rate_hz: int,
        period_frames: int,
        periods: int,
        now_ns: Callable[[], int] = time.monotonic_ns,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.rate_hz, self.period_frames, self.periods = rate_hz, period_frames, periods
        self.description = f"no device, paced by the clock, {rate_hz} Hz, {period_frames}x{periods}"
        self.xruns = 0
        self._now_ns, self._sleep = now_ns, sleep
        self._buffer_ns = period_frames * periods * 1_000_000_000 // rate_hz
        self._start_ns = now_ns()
        self._frames = 0

    def heard_ns(self) -> int:
        """Return the instant at which the next frame written will be heard."""
        return self._start_ns + self._frames * 1_000_000_000 // self.rate_hz

    def write(self, block: NDArray[np.int16]) -> None:
        """Take a block and wait until the buffer has room for the next."""
        late_ns = self._now_ns() - self.heard_ns()
        if late_ns > 0:  # the buffer had run empty before this block came
            if self._frames:
                self.xruns += 1
            self._start_ns += late_ns
        self._frames += len(block)
        wait_ns = self.heard_ns() - self._buffer_ns - self._now_ns()
        if wait_ns > 0:
            self._sleep(wait_ns / 1e9)

    def close(self) -> None:
        """Nothing to give back."""
