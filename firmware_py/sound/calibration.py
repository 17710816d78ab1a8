"""Measures the true delay of a sound device: chirps through its speaker, found again in what a microphone hears.

A cable from output to input, or a sound server's monitor, does as well. Not here: keeping the figure (``archive``).
"""

import contextlib
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import alsaaudio
import numpy as np
from numpy.typing import NDArray

from firmware_py.archive.calibration import DeviceDelay
from firmware_py.errors import AudioDeviceError
from firmware_py.sound.output import Output, open_output

CHIRPS: Final = 6
CHIRP_S: Final = 0.15
LOW_HZ, HIGH_HZ = 400.0, 9000.0  # what small speakers and microphones carry
LEVEL: Final = 0.5
SETTLE_S: Final = 1.0  # the first write to an idle device may take long
APART_S: Final = 0.45
LEAST_CONFIDENCE: Final = 9.0  # times the correlation's own noise; chance stays below 5
AGREE_S: Final = 0.004
_WINDOW_FRAMES: Final = 48_000


def chirp(rate_hz: int) -> NDArray[np.float64]:
    """Return a tone that rises from LOW_HZ to HIGH_HZ, evenly in octaves, with soft ends; -1…1."""
    at_s = np.arange(round(CHIRP_S * rate_hz)) / rate_hz
    growth = np.log(HIGH_HZ / LOW_HZ) / CHIRP_S
    tone: NDArray[np.float64] = np.sin(2 * np.pi * LOW_HZ * (np.exp(growth * at_s) - 1) / growth)
    return tone * np.hanning(len(tone)) ** 0.5


def find_chirp(heard: NDArray[np.float64], wanted: NDArray[np.float64]) -> tuple[int, float]:
    """Return the frame at which the chirp begins in what was heard, and how far it stands out.

    The second is the cross-correlation's peak as a multiple of its median magnitude over 0.6745: for a noise it is
    its standard deviation; at most 1000. The first arrival counts, not a louder echo: the earliest peak of at least 0.7
    of the highest.
    """
    if len(heard) < len(wanted):
        return 0, 0.0
    size = 1 << (len(heard) + len(wanted)).bit_length()
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size))
    match = np.abs(np.fft.irfft(spectrum, size)[: len(heard) - len(wanted) + 1])
    peak = float(match.max())
    noise = max(float(np.median(match)) / 0.6745, peak / 1000)
    first = int(np.flatnonzero(match >= 0.7 * peak)[0])
    first += int(np.argmax(match[first : first + 24]))  # from the flank to the top
    return first, peak / noise if noise > 0 else 0.0


def instants(ends: NDArray[np.float64], came_s: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return when each of ``count`` frames was there, in seconds, from when pieces that end at ``ends[k]`` came.

    A piece can come late, never early; so in each second the earliest tells the clock, and lines join the seconds.
    """
    slope = float(np.polyfit(ends, came_s, 1)[0])
    late = came_s - slope * ends
    window = (ends // _WINDOW_FRAMES).astype(int)
    pieces = [np.flatnonzero(window == one) for one in np.unique(window)]
    knots = np.array([piece[np.argmin(late[piece])] for piece in pieces])
    frames = np.arange(count)
    told: NDArray[np.float64] = slope * frames + np.interp(frames, ends[knots], late[knots])
    return told


@dataclass(frozen=True)
class _Played:
    handed_s: float  # to the device
    heard_s: float  # as the device tells


def measure_delay(
    audio: str, microphone: str, *, rate_hz: int, period_frames: int, periods: int, devices: tuple[str, ...] = ()
) -> DeviceDelay:
    """Play some chirps and hear them.

    audio: as for a session. microphone: ALSA's name of what hears. Takes about CHIRPS · APART_S + SETTLE_S.

    Raises
    ------
    AudioDeviceError
        A device cannot be opened, or the chirps were not heard, or not steadily.
    """
    output = open_output(audio, rate_hz=rate_hz, period_frames=period_frames, periods=periods, devices=devices)
    try:
        if not output.description.startswith("ALSA "):
            raise AudioDeviceError(
                "there is no sound device to measure; connect one, or name it with --audio alsa:DEVICE"
            )
        ear = _Ear(microphone, rate_hz)
        try:
            wanted = chirp(rate_hz)
            block = np.zeros((output.period_frames, 2), np.int16)
            ready = np.zeros((-(-len(wanted) // len(block)) * len(block), 2), np.int16)
            ready[: len(wanted)] = np.rint(32767 * LEVEL * wanted)[:, None]
            _silence(output, block, SETTLE_S, rate_hz)
            played = []
            for _ in range(CHIRPS):
                played.append(_Played(time.monotonic_ns() / 1e9, output.heard_ns() / 1e9))
                for first in range(0, len(ready), len(block)):
                    output.write(ready[first : first + len(block)])
                _silence(output, block, APART_S - CHIRP_S, rate_hz)
        finally:
            heard, at_s = ear.close()
    finally:
        output.close()
    device = output.description.removeprefix("ALSA ").partition(f", {rate_hz} Hz")[0]
    return judged(
        played_s=[(one.handed_s, one.heard_s) for one in played],
        heard=heard,
        at_s=at_s,
        wanted=wanted,
        names=(device, microphone),
    )


def judged(
    *,
    played_s: list[tuple[float, float]],
    heard: NDArray[np.float64],
    at_s: NDArray[np.float64],
    wanted: NDArray[np.float64],
    names: tuple[str, str],
) -> DeviceDelay:
    """Find the chirps in what was heard. played_s: when each was handed over, and was to be heard; at_s: of the frames.

    Raises AudioDeviceError when fewer than two thirds of them are clear, or agree.
    """
    trips, beyond, clear = [], [], []
    for handed_s, told_s in played_s:
        first, last = np.searchsorted(at_s, (handed_s, handed_s + APART_S - 0.02))
        found, confidence = find_chirp(heard[first:last], wanted)
        if confidence >= LEAST_CONFIDENCE:
            trips.append(float(at_s[first + found]) - handed_s)
            beyond.append(float(at_s[first + found]) - told_s)
            clear.append(confidence)
    steady = [abs(one - float(np.median(beyond))) < AGREE_S for one in beyond]
    if sum(steady) * 3 < len(played_s) * 2:
        raise AudioDeviceError(
            f"the chirp was heard clearly and steadily {sum(steady)} times of {len(played_s)} between {names[0]!r} and"
            f" microphone {names[1]!r}; turn the speaker up, put the microphone near it, or join them by a cable"
        )
    kept = np.array([(trip, more) for trip, more, good in zip(trips, beyond, steady, strict=True) if good]) * 1e3
    return DeviceDelay(
        device=names[0],
        microphone=names[1],
        round_trip_ms=round(float(np.median(kept[:, 0])), 3),
        beyond_ms=round(float(np.median(kept[:, 1])), 3),
        spread_ms=round(float(np.ptp(kept[:, 1])), 3),
        confidence=round(float(np.median(clear)), 1),
        chirps=len(kept),
        measured_utc=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def _silence(output: Output, block: NDArray[np.int16], seconds: float, rate_hz: int) -> None:
    for _ in range(round(seconds * rate_hz / len(block))):
        output.write(block)


class _Ear:
    """Listens to a microphone in a thread of its own."""

    def __init__(self, microphone: str, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._pieces: list[tuple[int, bytes]] = []
        try:
            self._pcm = alsaaudio.PCM(
                type=alsaaudio.PCM_CAPTURE,
                mode=alsaaudio.PCM_NORMAL,
                device=microphone,
                rate=rate_hz,
                channels=1,
                format=alsaaudio.PCM_FORMAT_S16_LE,
                periodsize=128,
                periods=32,
            )
        except alsaaudio.ALSAAudioError as error:
            known = ", ".join(alsaaudio.pcms(alsaaudio.PCM_CAPTURE)) or "none"
            raise AudioDeviceError(
                f"microphone {microphone!r} cannot be opened ({error}); ALSA knows: {known}; name one with --microphone"
            ) from error
        self._done = False
        self._thread = threading.Thread(target=self._hear, name="microphone", daemon=True)
        self._thread.start()

    def _hear(self) -> None:
        count, began_s = 0, time.monotonic()
        with contextlib.suppress(alsaaudio.ALSAAudioError):  # it was pulled out: the chirps after that are not heard
            while not self._done:
                frames, piece = self._pcm.read()
                if frames > 0:
                    self._pieces.append((time.monotonic_ns(), piece))
                    count += frames
                if count > (time.monotonic() - began_s + 2.0) * self._rate_hz:
                    break  # ALSA's null gives silence as fast as it is asked

    def close(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Stop; return what was heard, -1…1, and the instant of each frame in seconds of CLOCK_MONOTONIC."""
        self._done = True
        self._thread.join(2.0)
        self._pcm.close()
        heard = np.frombuffer(b"".join(piece for _, piece in self._pieces), np.int16) / 32768.0
        ends = np.cumsum([len(piece) / 2 for _, piece in self._pieces])
        if len(ends) < 3:
            return np.empty(0), np.empty(0)
        return heard, instants(ends, np.array([at_ns for at_ns, _ in self._pieces]) / 1e9, len(heard))
