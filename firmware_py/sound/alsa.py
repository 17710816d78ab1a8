"""A sound device through ALSA (pyalsaaudio): negotiation, underruns, and devices that are pulled out and come back.

While the device is away its place is taken by the clock, so that time and the recording go on; a thread of its own
closes, looks for and opens it. Not here: what is played, which device is taken (``output``).
"""

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

import alsaaudio
import numpy as np
from numpy.typing import NDArray

from firmware_py.errors import AudioDeviceError
from firmware_py.sound.paced import PacedOutput
from firmware_py.sound.realtime import foreign_threads, lift

LOOK_AGAIN_S: Final = 1.0
XRUNS_BORNE: Final = 4  # within so many seconds; then the buffer is made longer
XRUNS_WITHIN_NS: Final = 10_000_000_000
MOST_PERIODS: Final = 16


def device_names() -> list[str]:
    """Return the names of the devices that ALSA knows for playing."""
    with quiet():
        return list(alsaaudio.pcms(alsaaudio.PCM_PLAYBACK))


def card_devices() -> list[str]:
    """Return a name for playing on each sound card there is, through ALSA's converter: any rate and format will do."""
    with quiet():
        return [f"plughw:{number}" for number in alsaaudio.card_indexes()]


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep libasound's own lines off stderr: what went wrong is told in one sentence of ours."""
    stderr, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nothing)


def _open(device: str, rate_hz: int, period_frames: int, periods: int) -> Any:
    """Open a device for 16-bit stereo at exactly this rate, through ALSA's converter where the hardware differs."""
    tried = [device, f"plug{device}"] if device.startswith("hw:") else [device]
    found = ""
    for name in tried:
        try:
            with quiet():
                pcm = alsaaudio.PCM(
                    type=alsaaudio.PCM_PLAYBACK,
                    mode=alsaaudio.PCM_NORMAL,
                    device=name,
                    rate=rate_hz,
                    channels=2,
                    format=alsaaudio.PCM_FORMAT_S16_LE,
                    periodsize=period_frames,
                    periods=periods,
                )
        except alsaaudio.ALSAAudioError as error:
            found = str(error)
            continue
        got = pcm.info()
        if (got["rate"], got["channels"], got["format_name"]) == (rate_hz, 2, "S16_LE"):
            return pcm
        found = f"it offers {got['rate']} Hz, {got['channels']} channels, {got['format_name']}"
        pcm.close()
    known = ", ".join(device_names()) or "none"
    raise AudioDeviceError(
        f"sound device {device!r} cannot play {rate_hz} Hz 16-bit stereo ({found}); ALSA knows: {known};"
        " name one of them with --audio alsa:DEVICE, or play without a device with --audio paced"
    )


class AlsaOutput:
    """A device of ALSA; the period and buffer are what it granted, not what was asked for.

    Repeated xruns make the buffer longer, period by period, up to MOST_PERIODS: a machine that is too slow for a short
    one gets a few milliseconds more instead of clicks all along.
    """

    def __init__(self, device: str, *, rate_hz: int, period_frames: int, periods: int) -> None:
        self.rate_hz, self._device = rate_hz, device
        self._asked = (period_frames, periods)
        self._longer = periods  # that the device is asked for when it is opened anew
        self.xruns = 0
        self.lost = False
        self._xruns_at_ns: deque[int] = deque(maxlen=XRUNS_BORNE)
        self._stand_in: PacedOutput | None = None
        self._pcm: Any = None
        self._take(_open(device, rate_hz, period_frames, periods))
        self._worn: list[Any] = []  # a device to be closed before it is looked for
        self._back: list[Any] = []  # the device, once it has been found again
        self._closing, self._wanted = False, threading.Event()
        threading.Thread(target=self._look, name="device search", daemon=True).start()

    @property
    def description(self) -> str:
        """One line for people: device, rate, period and buffer, and what was asked for where that differs."""
        asked = "" if (self.period_frames, self.periods) == self._asked else " (asked for {}x{})".format(*self._asked)
        return f"ALSA {self._device}, {self.rate_hz} Hz, {self.period_frames}x{self.periods}{asked}"

    def heard_ns(self) -> int:
        """Return the instant at which the next frame written will be heard."""
        if self._stand_in is not None:
            return self._stand_in.heard_ns()
        try:
            queued = self._buffer_frames - self._pcm.avail()
        except alsaaudio.ALSAAudioError:
            queued = 0  # the write that follows will find out
        if not 0 <= queued <= self._buffer_frames:
            queued = 0  # an underrun: what is written next is heard at once
        return time.monotonic_ns() + int(queued) * 1_000_000_000 // self.rate_hz

    def write(self, block: NDArray[np.int16]) -> None:
        """Take a block and wait until the device has room for the next."""
        if self._stand_in is not None:
            self._stand_in.write(block)
            if self._back:
                self._take(self._back.pop())
            return
        try:
            written = self._pcm.write(block)
            if written < 0:  # the buffer had run empty; the device is prepared again
                self._count_xrun()
                (self._stand_in or self._pcm).write(block)
        except alsaaudio.ALSAAudioError:  # pulled out, or asleep with the machine: it must be opened anew
            self.lost = True
            self._give_away()

    def close(self) -> None:
        """Give the device back, what is in its buffer unplayed."""
        self._closing = True
        self._wanted.set()
        if self._pcm is not None:
            self._pcm.close()
            self._pcm = None

    def _count_xrun(self) -> None:
        self.xruns += 1
        self._xruns_at_ns.append(time.monotonic_ns())
        often = len(self._xruns_at_ns) == XRUNS_BORNE
        if often and self._xruns_at_ns[-1] - self._xruns_at_ns[0] < XRUNS_WITHIN_NS and self.periods < MOST_PERIODS:
            self._xruns_at_ns.clear()
            self._longer = min(MOST_PERIODS, self.periods + max(1, self.periods // 2))
            self._give_away()

    def _give_away(self) -> None:
        """Let the clock stand in, and the other thread close the device and open it anew."""
        self._stand_in = PacedOutput(
            rate_hz=self.rate_hz, period_frames=self.period_frames, periods=max(2, self.periods)
        )
        self._worn.append(self._pcm)
        self._pcm = None
        self._wanted.set()

    def _look(self) -> None:
        while self._wanted.wait() and not self._closing:
            self._wanted.clear()
            with contextlib.suppress(alsaaudio.ALSAAudioError, IndexError):
                self._worn.pop().close()
            while not self._closing:
                others = foreign_threads()
                try:
                    found = _open(self._device, self.rate_hz, self._asked[0], self._longer)
                    lift(foreign_threads() - others)
                    self._back.append(found)
                    break
                except AudioDeviceError:
                    self.lost = True
                    time.sleep(LOOK_AGAIN_S)

    def _take(self, pcm: Any) -> None:
        """Play on this device from now on."""
        got = pcm.info()
        self._pcm = pcm
        self.period_frames = int(got["period_size"])
        self._buffer_frames = int(got["buffer_size"])
        self.periods = max(1, self._buffer_frames // self.period_frames)
        self._stand_in = None
        self.lost = False
