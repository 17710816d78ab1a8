"""Types of the compiled synthesis (``ext/_synth.pyx`` and the headers of ``ext/include``)."""

from collections.abc import Buffer, Sequence  # type: ignore[attr-defined,unused-ignore]
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from firmware_py._ring import Cell, Ring

class _Mapping(Protocol):
    @property
    def area_far(self) -> float: ...
    @property
    def area_near(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def scale(self) -> int: ...
    @property
    def quantise(self) -> float: ...
    @property
    def hysteresis_cents(self) -> float: ...
    @property
    def glide_s(self) -> float: ...
    @property
    def a4_hz(self) -> float: ...
    @property
    def height_to_loudness(self) -> float: ...

class PitchMap:
    def __init__(self, mapping: _Mapping) -> None: ...

class Engine:
    def __init__(
        self,
        *,
        rate_hz: int,
        delay_ns: int,
        pitch_map: PitchMap,
        patch: Any,
        hands: Ring | None = None,
        control: Cell | None = None,
        status: Cell | None = None,
        tape: Ring | None = None,
        arrivals: Cell | None = None,
        samples: Buffer | None = None,
        backing: NDArray[np.int16] | None = None,
        voices: int = 2,
        live: bool = False,
        mic: Ring | None = None,
        mic_delay_frames: int = 0,
    ) -> None: ...
    @property
    def position(self) -> int: ...
    @property
    def placed(self) -> bool: ...
    @property
    def ended(self) -> bool: ...
    @property
    def peak(self) -> float: ...
    @property
    def skew_ns(self) -> int: ...
    @property
    def delay_ns(self) -> int: ...
    @property
    def late_samples(self) -> int: ...
    @property
    def bad_samples(self) -> int: ...
    def seek(self, frame: int) -> None: ...
    def end(self) -> None: ...
    def describe(self, *, period_frames: int = 0, periods: int = 0, flags: int = 0, xruns: int = 0) -> None: ...
    def play(self, *, t0_ns: int, frames: int) -> None: ...
    def render(self, out: NDArray[np.int16], heard_ns: int) -> None: ...
    def advance(self, frames: int, out: NDArray[np.int16] | None = None) -> int: ...

def control_curve(
    samples: Buffer,
    pitch_map: PitchMap,
    out: NDArray[np.float32],
    *,
    t0_ns: int,
    delay_ns: int,
    curve_rate_hz: float,
    rate_hz: int,
) -> int: ...
def add_note(
    mix: NDArray[np.float32],
    first_frame: int,
    *,
    kind: int,
    midi: float,
    seconds: float,
    gain: float,
    pan: float,
    rate_hz: int,
) -> None: ...
def add_drum(mix: NDArray[np.float32], first_frame: int, *, key: int, gain: float, rate_hz: int) -> None: ...

class SawBank:
    def __init__(self, hz: Sequence[float], *, gain: float = ..., rate_hz: int = ...) -> None: ...
    def render(self, out: NDArray[np.float32], block: int = ...) -> None: ...
