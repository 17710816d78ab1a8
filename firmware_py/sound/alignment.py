"""Puts what a microphone hears beside the recording: frame n of the one was in the room with frame n of the other.

Both devices keep their own time. ``CaptureClock`` finds when each captured frame was in the room; ``Aligner`` takes
the frames that belong to the recording's, bit by bit as long as both clocks agree, and through a resampler that is
steered by how far they have come apart once they do not. Not here: devices, rings, files (``microphone``).
"""

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

PIECE_S: Final = 0.25  # readings of a clock are taken together as medians over so much
MEMORY_S: Final = 30.0  # a clock is the straight line through the pieces of so long a time
LINE_S: Final = 4.0  # before there is so much of them, it is the median of the last NEWEST
NEWEST: Final = 4
STEP_S: Final = 0.005  # pieces this far from the line, one after the other, are another clock
STEP_PIECES: Final = 6
MOST_DRIFT: Final = 5e-4  # of two clocks that are both in order
SETTLED_S: Final = 0.5  # a new device's readings count when they agree for so long
AGREE_S: Final = 0.004
USUAL_S: Final = 0.005  # a device that says it is later than that, once all was read, is asked for SURE_S
SURE_S: Final = 2.0
PATIENCE_S: Final = 3.0  # then they count whether they agree or not
BORNE_S: Final = 0.0004  # two clocks so far apart are one: nothing is resampled
JUMP_S: Final = 0.010  # so far apart, something has happened: the sound is taken anew where it belongs
PULL_PER_S: Final = 0.3  # of the distance, taken over in a second
MOST_BEND: Final = 0.002  # of the rate, to come together again: 3.5 cents
HELD_S: Final = 4.0  # of sound, kept until its place is known
HALF: Final = 24  # taps of the resampler on each side
KAISER: Final = 8.0
PHASES: Final = 512  # of a frame


class Trend:
    """A clock's distance from ours, from readings that are noisy, late and sometimes wrong: robust, and straight.

    Crystals drift evenly, so a long memory costs nothing; a clock that has stepped is noticed and begun anew.
    """

    def __init__(self) -> None:
        self._piece: list[tuple[float, float]] = []
        self._pieces: deque[tuple[float, float]] = deque(maxlen=round(MEMORY_S / PIECE_S))
        self._astray = 0  # pieces in a row that were far from the line
        self._at_s = self._value = self._slope = 0.0

    def __bool__(self) -> bool:
        """Whether anything is known."""
        return bool(self._pieces or self._piece)

    def note(self, at_s: float, value: float) -> None:
        """Take a reading, made at ``at_s``."""
        if self._piece and at_s - self._piece[0][0] >= PIECE_S:
            self._take_piece()
        self._piece.append((at_s, value))
        if not self._pieces:
            self._at_s, self._value = at_s, float(np.median([one for _, one in self._piece]))

    def forget(self) -> None:
        """Begin anew."""
        self._piece.clear()
        self._pieces.clear()
        self._astray, self._slope = 0, 0.0

    def at(self, at_s: float) -> float:
        """Return the value at an instant near now."""
        return self._value + self._slope * (at_s - self._at_s)

    @property
    def slope(self) -> float:
        """Growth of the value per second."""
        return self._slope

    def _take_piece(self) -> None:
        at_s, value = (float(one) for one in np.median(np.array(self._piece), axis=0))
        self._piece.clear()
        self._astray = self._astray + 1 if self._pieces and abs(value - self.at(at_s)) > STEP_S else 0
        self._pieces.append((at_s, value))
        if self._astray >= STEP_PIECES:
            kept = list(self._pieces)[-self._astray :]
            self._pieces.clear()
            self._pieces.extend(kept)
            self._astray = 0
        self._fit()

    def _fit(self) -> None:
        """Lay the line through the pieces, those left out that are far from the others."""
        at, values = np.array(self._pieces).T
        self._at_s = float(at[-1])
        if at[-1] - at[0] < LINE_S:
            self._value, self._slope = float(np.median(values[-NEWEST:])), 0.0
            return
        at = at - self._at_s
        near = np.ones(len(at), bool)
        for _ in range(3):
            middle = at[near].mean()
            slope = float(np.sum((at[near] - middle) * values[near]) / np.sum((at[near] - middle) ** 2))
            self._slope = max(-MOST_DRIFT, min(MOST_DRIFT, slope))
            self._value = float(values[near].mean() - self._slope * middle)
            off = np.abs(values - self._value - self._slope * at)
            near = off <= max(1e-5, 2.5 * float(np.median(off)))


class CaptureClock:
    """When the frames of a capturing device were in the room, from what it tells while it runs.

    A sound server's first answers may be half a second off, and stay so for a while: ``settled`` says from when they
    can be believed.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._first: deque[tuple[float, float, float]] = deque()  # readings while it has not settled, and how late
        self._began_s = 0.0
        self.zero_s = Trend()  # the instant from which a perfect count would have to run to be where the device's is
        self.settled = False

    def begin(self) -> None:
        """Forget everything: the device counts from 0 again."""
        self.zero_s.forget()
        self._first.clear()
        self._began_s, self.settled = 0.0, False

    def note(self, frame: int, instant_ns: int, now_ns: int) -> None:
        """Take a reading: this frame was in the room at that instant, as the device tells now."""
        now_s, zero_s = now_ns / 1e9, instant_ns / 1e9 - frame / self._rate_hz
        if self.settled:
            self.zero_s.note(now_s, zero_s)
            return
        self._began_s = self._began_s or now_s
        self._first.append((now_s, zero_s, (now_ns - instant_ns) / 1e9))
        while now_s - self._first[0][0] > SURE_S:
            self._first.popleft()
        behind_s = now_s - self._began_s
        late_s = min(late for at_s, _, late in self._first if now_s - at_s <= SETTLED_S)
        asked_s = SETTLED_S if late_s < USUAL_S else SURE_S
        recent = [value for at_s, value, _ in self._first if now_s - at_s <= asked_s]
        low, high = np.percentile(recent, (5, 95))
        self.settled = (behind_s >= asked_s and high - low < AGREE_S) or behind_s > PATIENCE_S
        if self.settled:
            for at_s, value, _ in self._first:
                if now_s - at_s <= SETTLED_S:
                    self.zero_s.note(at_s, value)


class Kernels:
    """Taps that read a sound some fraction of a frame behind tap HALF - 1: Kaiser-windowed sincs, laid out once."""

    def __init__(self) -> None:
        fractions = np.arange(-PHASES // 2, 3 * PHASES // 2 + 2) / PHASES
        at = np.arange(1 - HALF, HALF + 1) - fractions[:, None]
        inside = np.sqrt(np.clip(1.0 - (at / (HALF + 1)) ** 2, 0.0, None))
        self._table = np.sinc(at) * np.i0(KAISER * inside) / np.i0(KAISER)

    def at(self, fraction: float) -> NDArray[np.float64]:
        """Return the 2 * HALF taps for a fraction of -0.5…1.5; at 0 it is one tap alone, so that nothing is changed."""
        row = (fraction + 0.5) * PHASES
        between = row - int(row)
        taps: NDArray[np.float64] = self._table[int(row)] * (1.0 - between) + self._table[int(row) + 1] * between
        return taps


class Aligner:
    """Takes captured frames in and gives out those that belong to the recording's, in blocks of equal length.

    ``base`` is told with each call: captured frame ``base + n`` was in the room with frame n of the recording; and
    ``drift``, by how many frames a frame it grows.
    """

    def __init__(self, rate_hz: int, block_frames: int) -> None:
        self._rate_hz, self._block = rate_hz, block_frames
        self._kernels = Kernels()
        self.next_frame = 0  # of the recording: what comes next
        self.steered = False  # the clocks have come apart: sound is resampled
        self.jumps = 0  # times that sound was taken anew at its place
        self._held = np.zeros(0, np.int16)
        self._first = 0  # number of the first captured frame held
        self._at = 0.0  # captured frame, with a fraction, that ``next_frame`` is taken from
        self._placed = False

    def begin(self) -> None:
        """Begin with a device that counts from 0; where it stands is told by the next ``base``."""
        self._held, self._first, self._placed = np.zeros(0, np.int16), 0, False
        self.steered = False

    def feed(self, frames: NDArray[np.int16]) -> None:
        """Take the next captured frames."""
        most = round(HELD_S * self._rate_hz)
        held = np.concatenate([self._held, frames])
        gone = max(0, len(held) - most)
        self._held, self._first = held[gone:], self._first + gone

    def block(self, base: float, drift: float) -> tuple[int, NDArray[np.int16]] | None:
        """Return the next block and the recording's frame that it begins with; None while it cannot be made."""
        if not self._placed or abs(base + self.next_frame - self._at) > JUMP_S * self._rate_hz:
            if self._placed:
                self.jumps += 1
            self._place(base)
        bend = self._bend((base + self.next_frame - self._at) / self._rate_hz, drift)
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
            begins = np.correlate(sound, self._kernels.at(fraction), "valid")[: self._block]
            ends = np.correlate(sound, self._kernels.at(fraction + travelled - self._block), "valid")[: self._block]
            mixed = begins + (ends - begins) * (np.arange(self._block) / self._block)
            made = np.clip(np.rint(mixed), -32768, 32767).astype(np.int16)
        first = self.next_frame
        self.next_frame += self._block
        self._at += travelled
        self._forget(int(self._at) - HALF - 1)
        return first, made

    def _place(self, base: float) -> None:
        """Go on with the first frame of the recording whose sound is held, behind what was given out already."""
        least = self._first + HALF - base
        self.next_frame = max(self.next_frame, int(np.ceil(least)))
        self._at = float(round(base + self.next_frame))
        self._placed = True

    def _bend(self, apart_s: float, drift: float) -> float:
        """Return how much faster than one to one to take captured frames, 0 while the clocks agree."""
        self.steered = self.steered or abs(apart_s) > BORNE_S
        if not self.steered:
            return 0.0
        wanted = drift + PULL_PER_S * apart_s
        return float(np.clip(wanted, -MOST_BEND, MOST_BEND))

    def _forget(self, before: int) -> None:
        """Let go of what no block needs any more, now and then."""
        used = before - self._first
        if used > self._rate_hz // 4:
            self._held, self._first = self._held[used:], self._first + used
