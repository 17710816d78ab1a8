"""Types of the compiled synthesis (``ext/_synth.pyx`` and the headers of ``ext/include``)."""

from collections.abc import Buffer  # type: ignore[attr-defined,unused-ignore]

import numpy as np
from numpy.typing import NDArray

from firmware_py.music.mapping import Mapping

class PitchMap:
    def __init__(self, mapping: Mapping) -> None: ...

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
