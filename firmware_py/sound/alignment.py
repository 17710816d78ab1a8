"""Puts what a microphone hears beside the recording: frame n of the one was in the room with frame n of the other.

Both devices keep their own time. ``CaptureClock`` finds when each captured frame was in the room; ``Aligner`` takes
the frames that belong to the recording's, bit by bit as long as both clocks agree, and through a resampler that is
steered by how far they have come apart once they do not. Not here: devices, rings, files (``microphone``).
"""

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

WINDOW_S: Final = 1.0  # a reading of a clock is the median over so much of it
SETTLED_S: Final = 0.5  # a new device's readings count when they agree for so long
AGREE_S: Final = 0.004
PATIENCE_S: Final = 3.0  # then they count whether they agree or not
BORNE_S: Final = 0.0004  # two clocks so far apart are one: nothing is resampled
JUMP_S: Final = 0.010  # so far apart, something has happened: the sound is taken anew where it belongs
MOST_BEND: Final = 0.002  # of the rate, to come together again: 3.5 cents
LOOP_HZ: Final = 0.1  # of the loop that steers
HELD_S: Final = 4.0  # of sound, kept until its place is known
HALF: Final = 24  # taps of the resampler on each side
KAISER: Final = 8.0
_OMEGA: Final = 2 * np.pi * LOOP_HZ
_DAMPING: Final = 0.9


class Median:
    """The median of a value's readings over the last WINDOW_S."""

    def __init__(self, window_s: float = WINDOW_S) -> None:
        self._window_ns = round(window_s * 1e9)
        self._readings: deque[tuple[int, float]] = deque()

    def note(self, at_ns: int, value: float) -> None:
        """Take a reading; older ones than the window are forgotten."""
        self._readings.append((at_ns, value))
        while self._readings[0][0] < at_ns - self._window_ns:
            self._readings.popleft()

    def forget(self) -> None:
        """Begin anew."""
        self._readings.clear()

    @property
    def value(self) -> float:
        """The median; NaN without a reading."""
        return float(np.median([value for _, value in self._readings])) if self._readings else float("nan")

    def spread(self, window_s: float) -> float:
        """Return how far the readings of the last ``window_s`` lie apart, inf where they do not reach so far back."""
        if not self._readings or self._readings[-1][0] - self._readings[0][0] < window_s * 1e9:
            return float("inf")
        since_ns = self._readings[-1][0] - round(window_s * 1e9)
        low, high = np.percentile([value for at_ns, value in self._readings if at_ns >= since_ns], (5, 95))
        return float(high - low)


class CaptureClock:
    """When the frames of a capturing device were in the room, from what it tells while it runs.

    A sound server's first answers may be half a second off: ``settled`` says from when they can be believed.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._zero_s = Median()
        self._began_ns = 0
        self.settled = False

    def begin(self) -> None:
        """Forget everything: the device counts from 0 again."""
        self._zero_s.forget()
        self._began_ns, self.settled = 0, False

    def note(self, frame: int, instant_ns: int, now_ns: int) -> None:
        """Take a reading: this frame was in the room at that instant, as the device tells now."""
        self._began_ns = self._began_ns or now_ns
        self._zero_s.note(now_ns, instant_ns / 1e9 - frame / self._rate_hz)
        if not self.settled:
            self.settled = self._zero_s.spread(SETTLED_S) < AGREE_S or now_ns - self._began_ns > PATIENCE_S * 1e9

    @property
    def zero_s(self) -> float:
        """The instant, in seconds of CLOCK_MONOTONIC, from which this device's count would have to run to be where it is."""
        return self._zero_s.value


def kernel(fraction: float) -> NDArray[np.float64]:
    """Return the taps that read a sound ``fraction`` of a frame behind tap HALF - 1: a Kaiser-windowed sinc.

    At 0 it is that tap alone, so that what is not shifted stays as it is.
    """
    at = np.arange(1 - HALF, HALF + 1) - fraction
    inside = np.sqrt(np.clip(1.0 - (at / (HALF + 0.5)) ** 2, 0.0, None))
    taps: NDArray[np.float64] = np.sinc(at) * np.i0(KAISER * inside) / np.i0(KAISER)
    return taps


class Aligner:
    """Takes captured frames in and gives out those that belong to the recording's, in blocks of equal length.

    ``base`` is told with each call: captured frame ``base + n`` was in the room with frame n of the recording. Its
    slow change is the drift of the two devices.
    """

    def __init__(self, rate_hz: int, block_frames: int) -> None:
        self._rate_hz, self._block = rate_hz, block_frames
        self.next_frame = 0  # of the recording: what comes next
        self.steered = False  # the clocks have come apart: sound is resampled
        self.jumps = 0  # times that sound was taken anew at its place
        self._held = np.zeros(0, np.int16)
        self._first = 0  # number of the first captured frame held
        self._at = 0.0  # captured frame, with a fraction, that ``next_frame`` is taken from
        self._placed = False
        self._drift = 0.0  # of the capturing device against the recording, as a share of the rate

    def begin(self) -> None:
        """Begin with a device that counts from 0; where it stands is told by the next ``base``."""
        self._held, self._first, self._placed = np.zeros(0, np.int16), 0, False
        self.steered, self._drift = False, 0.0

    def feed(self, frames: NDArray[np.int16]) -> None:
        """Take the next captured frames."""
        most = round(HELD_S * self._rate_hz)
        held = np.concatenate([self._held, frames])
        gone = max(0, len(held) - most)
        self._held, self._first = held[gone:], self._first + gone

    def block(self, base: float) -> tuple[int, NDArray[np.int16]] | None:
        """Return the next block and the recording's frame that it begins with; None while it cannot be made."""
        if not self._placed or abs(base + self.next_frame - self._at) > JUMP_S * self._rate_hz:
            if self._placed:
                self.jumps += 1
            self._place(base)
        bend = self._bend((base + self.next_frame - self._at) / self._rate_hz)
        whole = int(np.floor(self._at))
        start, end = whole + 1 - HALF - self._first, whole + self._block + HALF + 1 - self._first
        if start < 0:  # what it needs is not held any more
            self._placed = False
            return None
        if end > len(self._held):
            return None
        fraction, travelled = self._at - whole, self._block * (1.0 + bend)
        taken = self._held[start : end - 1]
        if fraction == 0.0 and bend == 0.0:
            made = taken[HALF - 1 : HALF - 1 + self._block].copy()
        else:  # one filter at the beginning, one at the end, and from the one to the other in between
            sound = taken.astype(np.float64)
            begins = np.correlate(sound, kernel(fraction), "valid")[: self._block]
            ends = np.correlate(sound, kernel(fraction + travelled - self._block), "valid")[: self._block]
            mixed = begins + (ends - begins) * (np.arange(self._block) / self._block)
            made = np.clip(np.rint(mixed), -32768, 32767).astype(np.int16)
        first = self.next_frame
        self.next_frame += self._block
        self._at += travelled
        if self.steered:
            self._drift += _OMEGA**2 * (base + self.next_frame - self._at) / self._rate_hz * self._block / self._rate_hz
        self._forget(int(self._at) - HALF - 1)
        return first, made

    def _place(self, base: float) -> None:
        """Go on with the first frame of the recording whose sound is held, behind what was given out already."""
        least = self._first + HALF - base
        self.next_frame = max(self.next_frame, int(np.ceil(least)))
        self._at = float(round(base + self.next_frame))
        self._placed = True

    def _bend(self, apart_s: float) -> float:
        """Return how much faster than one to one to take captured frames, 0 while the clocks agree."""
        self.steered = self.steered or abs(apart_s) > BORNE_S
        if not self.steered:
            return 0.0
        wanted = self._drift + 2.0 * _DAMPING * _OMEGA * apart_s
        return float(np.clip(wanted, -MOST_BEND, MOST_BEND))

    def _forget(self, before: int) -> None:
        """Let go of what no block needs any more, now and then."""
        used = before - self._first
        if used > self._rate_hz // 4:
            self._held, self._first = self._held[used:], self._first + used
