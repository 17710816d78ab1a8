"""What the tests measure of a sound: loudness, clicks, brightness, width, pitch. A sound is float64, shape (n, 2).

Not here: what is played (``conftest``), and what must hold (the tests).
"""

import math

import numpy as np
from numpy.typing import NDArray

from firmware_py.music.loudness import LoudnessMeter

Sound = NDArray[np.float64]
RATE_HZ = 48_000
CLICK_HZ = 6000.0  # a click is short, so most of it lies above the harmonics that carry a tone
_WINDOW = 256


def lufs(sound: Sound) -> float:
    """Return the integrated loudness."""
    meter = LoudnessMeter(RATE_HZ)
    meter.add(np.ascontiguousarray(sound, np.float32))
    return meter.loudness().lufs


def bursts(sound: Sound) -> NDArray[np.float64]:
    """Return the amplitude above CLICK_HZ in every 5 ms, a new value every 1.3 ms."""
    frames = np.lib.stride_tricks.sliding_window_view(sound.mean(axis=1), _WINDOW)[:: _WINDOW // 4]
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(_WINDOW))) / (_WINDOW / 4)
    return np.sqrt(np.square(spectrum[:, round(CLICK_HZ * _WINDOW / RATE_HZ) :]).sum(axis=1))


def brightness_hz(sound: Sound) -> float:
    """Return the centre of gravity of the power spectrum."""
    power = np.square(np.abs(np.fft.rfft(sound.mean(axis=1))))
    return float(np.sum(power * np.fft.rfftfreq(len(sound), 1 / RATE_HZ)) / np.sum(power))


def sideways_db(sound: Sound) -> float:
    """Return how far the sides' difference lies below their sum."""
    left, right = sound.T
    return 10 * math.log10((np.mean(np.square(left - right)) + 1e-12) / (np.mean(np.square(left + right)) + 1e-12))


def bands_db(sound: Sound) -> NDArray[np.float64]:
    """Return the power in third octaves from 50 Hz to 16 kHz against the whole."""
    power = np.square(np.abs(np.fft.rfft(sound.mean(axis=1) * np.hanning(len(sound)))))
    edges = np.rint(50 * 2 ** (np.arange(26) / 3) * len(sound) / RATE_HZ).astype(int)
    bands = np.add.reduceat(power, edges)[:-1]
    return 10 * np.log10(bands / bands.sum() + 1e-6)


def pitch_of(sound: Sound, near: float, a4_hz: float = 440.0) -> float:
    """Return the fundamental's pitch, a MIDI note number within half a semitone of ``near``.

    First by the spectrum's peak, then by how far the phase drifts from that of the peak's frequency.
    """
    mono, half = sound[:, 0], len(sound) // 2
    spectrum = np.abs(np.fft.rfft(mono * np.hanning(len(mono)), 4 * len(mono)))
    edges = [round(a4_hz * 2 ** ((near - 69 + side) / 12) * 4 * len(mono) / RATE_HZ) for side in (-0.55, 0.55)]
    hz = float((edges[0] + np.argmax(spectrum[edges[0] : edges[1]])) * RATE_HZ / (4 * len(mono)))
    turned = mono * np.exp(-2j * np.pi * hz * np.arange(len(mono)) / RATE_HZ)
    first, second = (np.sum(turned[at : at + half] * np.blackman(half)) for at in (0, half))
    return 69 + 12 * math.log2((hz + np.angle(second / first) / (2 * np.pi) * RATE_HZ / half) / a4_hz)
