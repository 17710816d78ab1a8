"""A microphone through ALSA: opened, read as sound comes, and asked how old what it hands out is.

libasound is spoken to directly: pyalsaaudio does not pass on ``snd_pcm_delay``, without which nobody knows when a frame
was in the room. Not here: which device is taken, what time it keeps, and what follows when it goes (``microphone``).
"""

import ctypes
import errno
import time
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_uint, c_ulong, c_void_p
from typing import Final

import alsaaudio
import numpy as np
from numpy.typing import NDArray

from firmware_py.errors import AudioDeviceError
from firmware_py.sound.alsa import quiet

_CAPTURE, _INTERLEAVED, _S16_LE = 1, 3, 2
_NOT_BLOCKING: Final = 1
PERIOD_S: Final = 0.005
BUFFER_S: Final = 0.5  # as long may this process wait for its turn without losing a frame
PROMPT_NS: Final = 300_000  # an answer that took longer is not believed
SILENT_S: Final = 2.0  # a device that hands out nothing for so long is gone


class MicrophoneLostError(AudioDeviceError):
    """A microphone that was there and hands out nothing any more."""


def microphone_names() -> list[str]:
    """Return the names of the devices that ALSA knows for recording."""
    with quiet():
        return list(alsaaudio.pcms(alsaaudio.PCM_CAPTURE))


def _library() -> ctypes.CDLL:
    """Load libasound and declare what is used of it. Raises AudioDeviceError where there is none."""
    try:
        asound = ctypes.CDLL("libasound.so.2")
    except OSError as error:
        raise AudioDeviceError(f"no microphone without ALSA's library ({error}); install libasound2") from error
    frames, direction = POINTER(c_ulong), POINTER(c_int)
    for name, result, arguments in (
        ("snd_strerror", c_char_p, [c_int]),
        ("snd_pcm_open", c_int, [POINTER(c_void_p), c_char_p, c_int, c_int]),
        ("snd_pcm_close", c_int, [c_void_p]),
        ("snd_pcm_hw_params_malloc", c_int, [POINTER(c_void_p)]),
        ("snd_pcm_hw_params_free", None, [c_void_p]),
        ("snd_pcm_hw_params_any", c_int, [c_void_p, c_void_p]),
        ("snd_pcm_hw_params_set_rate_resample", c_int, [c_void_p, c_void_p, c_uint]),
        ("snd_pcm_hw_params_set_access", c_int, [c_void_p, c_void_p, c_int]),
        ("snd_pcm_hw_params_set_format", c_int, [c_void_p, c_void_p, c_int]),
        ("snd_pcm_hw_params_set_channels", c_int, [c_void_p, c_void_p, c_uint]),
        ("snd_pcm_hw_params_set_rate", c_int, [c_void_p, c_void_p, c_uint, c_int]),
        ("snd_pcm_hw_params_set_period_size_near", c_int, [c_void_p, c_void_p, frames, direction]),
        ("snd_pcm_hw_params_set_buffer_size_near", c_int, [c_void_p, c_void_p, frames]),
        ("snd_pcm_hw_params", c_int, [c_void_p, c_void_p]),
        ("snd_pcm_prepare", c_int, [c_void_p]),
        ("snd_pcm_start", c_int, [c_void_p]),
        ("snd_pcm_wait", c_int, [c_void_p, c_int]),
        ("snd_pcm_readi", c_long, [c_void_p, c_void_p, c_ulong]),
        ("snd_pcm_delay", c_int, [c_void_p, POINTER(c_long)]),
    ):
        function = getattr(asound, name)
        function.restype, function.argtypes = result, arguments
    return asound


class AlsaCapture:
    """A device that hears, 16-bit, one channel. Use it from one thread.

    ``frames`` counts what was read since it was opened, or since the last time that it lost some (``read``).
    """

    def __init__(self, device: str, rate_hz: int) -> None:
        """Open and start it.

        Raises
        ------
        AudioDeviceError
            There is none of that name, or it cannot be had at this rate; names those that there are.
        """
        self.rate_hz, self.frames = rate_hz, 0
        self._asound = _library()
        self._pcm = c_void_p()
        self._heard_s = time.monotonic()
        try:
            with quiet():
                self._check(self._asound.snd_pcm_open(byref(self._pcm), device.encode(), _CAPTURE, _NOT_BLOCKING))
                self._set_up()
                self._check(self._asound.snd_pcm_start(self._pcm))
        except OSError as error:
            self.close()
            known = ", ".join(microphone_names()) or "none"
            raise AudioDeviceError(
                f"microphone {device!r} cannot record {rate_hz} Hz ({error.strerror}); ALSA knows: {known};"
                ' name one of them as sound.microphone = "alsa:DEVICE", or set it to auto or off'
            ) from error
        self._buffer = np.zeros(round(BUFFER_S * rate_hz), np.int16)

    def _set_up(self) -> None:
        asound, wanted = self._asound, c_void_p()
        period, buffer = c_ulong(round(PERIOD_S * self.rate_hz)), c_ulong(round(BUFFER_S * self.rate_hz))
        self._check(asound.snd_pcm_hw_params_malloc(byref(wanted)))
        try:
            for answer in (
                asound.snd_pcm_hw_params_any(self._pcm, wanted),
                asound.snd_pcm_hw_params_set_rate_resample(self._pcm, wanted, 1),
                asound.snd_pcm_hw_params_set_access(self._pcm, wanted, _INTERLEAVED),
                asound.snd_pcm_hw_params_set_format(self._pcm, wanted, _S16_LE),
                asound.snd_pcm_hw_params_set_channels(self._pcm, wanted, 1),
                asound.snd_pcm_hw_params_set_rate(self._pcm, wanted, self.rate_hz, 0),
                asound.snd_pcm_hw_params_set_period_size_near(self._pcm, wanted, byref(period), None),
                asound.snd_pcm_hw_params_set_buffer_size_near(self._pcm, wanted, byref(buffer)),
                asound.snd_pcm_hw_params(self._pcm, wanted),
                asound.snd_pcm_prepare(self._pcm),
            ):
                self._check(answer)
        finally:
            asound.snd_pcm_hw_params_free(wanted)

    def read(self, within_s: float) -> NDArray[np.int16] | None:
        """Return what has come, waiting at most ``within_s`` for some; None: frames were lost, it counts from 0 again.

        Raises
        ------
        MicrophoneLostError
            The device has gone.
        """
        got = 0
        try:
            self._check(self._asound.snd_pcm_wait(self._pcm, max(1, round(within_s * 1000))))
            got = self._check(self._asound.snd_pcm_readi(self._pcm, self._buffer.ctypes.data, len(self._buffer)))
        except OSError as error:
            if error.errno in (errno.EPIPE, errno.ESTRPIPE):
                self._again()
                return None
            if error.errno != errno.EAGAIN:
                raise MicrophoneLostError(f"the microphone is gone ({error.strerror})") from error
        if got:
            self._heard_s = time.monotonic()
        elif time.monotonic() - self._heard_s > SILENT_S:
            raise MicrophoneLostError(f"the microphone handed out nothing for {SILENT_S:.0f} s")
        self.frames += got
        return self._buffer[:got]

    def next_frame_ns(self) -> int | None:
        """Return the instant (CLOCK_MONOTONIC) at which the next frame to be read was in the room.

        None: this process was kept waiting while it asked, so that the answer is old. Raises MicrophoneLostError where
        it does not tell.
        """
        waiting, asked_ns = c_long(), time.monotonic_ns()
        try:
            self._check(self._asound.snd_pcm_delay(self._pcm, byref(waiting)))
        except OSError as error:
            raise MicrophoneLostError(f"the microphone is gone ({error.strerror})") from error
        told_ns = time.monotonic_ns()
        if told_ns - asked_ns > PROMPT_NS:
            return None
        return (asked_ns + told_ns) // 2 - waiting.value * 1_000_000_000 // self.rate_hz

    def close(self) -> None:
        """Give the device back; may be called twice."""
        pcm, self._pcm = self._pcm, c_void_p()
        if pcm:
            self._asound.snd_pcm_close(pcm)

    def _again(self) -> None:
        """Start anew after an overrun, or when the machine has slept."""
        self.frames = 0
        try:
            self._check(self._asound.snd_pcm_prepare(self._pcm))
            self._check(self._asound.snd_pcm_start(self._pcm))
        except OSError as error:
            raise MicrophoneLostError(f"the microphone is gone ({error.strerror})") from error

    def _check(self, answer: int) -> int:
        """Return what a call answered. Raises OSError with ALSA's own words where that is a refusal."""
        if answer < 0:
            raise OSError(-answer, self._asound.snd_strerror(answer).decode())
        return answer
