"""How a hand's area becomes a pitch: the reach, the range and the pull of the scale.

``u = ln(a / a_far) / ln(a_near / a_far)`` clamped to 0…1, linear in semitones (area falls with the square of the
distance, so equal steps of the hand's logarithmic distance are equal intervals). The same numbers drive the
compiled synthesis; this module is their description and the inverse that a ghost player needs.
"""

import math
from dataclasses import dataclass
from typing import Final

# Openness of hands in films: fists 0.10…0.38 with a median of 0.19, open hands that turn and move 0.23…0.93 with one of
# 0.76. A hand held open is never silenced by these two, a fist once shut never sounds.
SHUT_BELOW: Final = 0.20
OPEN_ABOVE: Final = 0.40


@dataclass(frozen=True)
class Mapping:
    """The settings that turn hand samples into pitch and loudness; kept in session.json.

    area_far, area_near: shares of the frame, 0 < far < near <= 1. low, high: MIDI note numbers at far and near.
    scale: 12 bits, bit 0 is C, 0xFFF chromatic. quantise: 0…1, pull towards the scale. hysteresis_cents: how far
    past the middle between two scale steps a hand must go to change step. glide_s: time constant in seconds.
    a4_hz: tuning. height_to_loudness: 0…1, how much the height of the hand sets the loudness.
    shut_below, open_above: openness 0…1, below which a hand falls silent and from which on it sounds again, so that a
    fist ends a note and opening it strikes the next; 0: openness silences no hand. shut_below <= open_above.
    """

    area_far: float = 0.02
    area_near: float = 0.20
    low: float = 57.0
    high: float = 81.0
    scale: int = 0xFFF
    quantise: float = 0.85
    hysteresis_cents: float = 15.0
    glide_s: float = 0.025
    a4_hz: float = 440.0
    height_to_loudness: float = 0.5
    shut_below: float = 0.0
    open_above: float = 0.0

    def pitch_of(self, area: float) -> float:
        """Return the unquantised pitch (MIDI note number) of an area (share of the frame)."""
        u = math.log(max(area, 1e-9) / self.area_far) / math.log(self.area_near / self.area_far)
        return self.low + (self.high - self.low) * min(1.0, max(0.0, u))

    def area_of(self, pitch: float) -> float:
        """Return the area (share of the frame) whose pitch this is; the inverse of ``pitch_of`` inside the range."""
        u = (pitch - self.low) / (self.high - self.low)
        return self.area_far * math.exp(u * math.log(self.area_near / self.area_far))
