"""A sound device through ALSA (pyalsaaudio): negotiation, underruns, and devices that are pulled out and come back.

While the device is away its place is taken by the clock, so that time and the recording go on; it is looked for in a
thread of its own. Not here: what is played.
"""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from typing import Any, Final

import alsaaudio
import numpy as np
from numpy.typing import NDArray

from firmware_py.errors import AudioDeviceError
from firmware_py.sound.paced import PacedOutput

LOOK_AGAIN_S: Final = 1.0


def device_names() -> list[str]:
    """Return the names of the devices that ALSA knows for playing."""
    with _quiet():
        return list(alsaaudio.pcms(alsaaudio.PCM_PLAYBACK))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
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
            with _quiet():
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
    """A device of ALSA; the period and buffer are what it granted, not what was asked for."""

    def __init__(self, device: str, *, rate_hz: int, period_frames: int, periods: int) -> None:
        self.rate_hz, self._device = rate_hz, device
        self._asked = (period_frames, periods)
        self._pcm = _open(device, rate_hz, period_frames, periods)
        got = self._pcm.info()
        self.period_frames = int(got["period_size"])
        self._buffer_frames = int(got["buffer_size"])
        self.periods = max(1, self._buffer_frames // self.period_frames)
        asked = "" if (self.period_frames, self.periods) == self._asked else f" (asked for {period_frames}x{periods})"
        self.description = f"ALSA {device}, {rate_hz} Hz, {self.period_frames}x{self.periods}{asked}"
        self.xruns = 0
        self.lost = False
        self._stand_in: PacedOutput | None = None
        self._back: list[Any] = []  # the device, once it has been found again
        self._closing = threading.Event()

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
                self._take_back()
            return
        try:
            written = self._pcm.write(block)
            if written < 0:  # the buffer had run empty; the device is prepared again
                self.xruns += 1
                self._pcm.write(block)
        except alsaaudio.ALSAAudioError:
            self._lose()

    def close(self) -> None:
        """Give the device back, what is in its buffer unplayed."""
        self._closing.set()
        if self._pcm is not None:
            self._pcm.close()
            self._pcm = None

    def _lose(self) -> None:
        self.lost = True
        with contextlib.suppress(alsaaudio.ALSAAudioError):
            self._pcm.close()
        self._pcm = None
        self._stand_in = PacedOutput(
            rate_hz=self.rate_hz, period_frames=self.period_frames, periods=max(2, self.periods)
        )
        threading.Thread(target=self._look, name="device search", daemon=True).start()

    def _look(self) -> None:
        while not self._closing.wait(LOOK_AGAIN_S):
            try:
                self._back.append(_open(self._device, self.rate_hz, *self._asked))
            except AudioDeviceError:
                continue
            return

    def _take_back(self) -> None:
        self._pcm = self._back.pop()
        self._buffer_frames = int(self._pcm.info()["buffer_size"])
        self._stand_in = None
        self.lost = False
