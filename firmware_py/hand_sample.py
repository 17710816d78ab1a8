"""The hand sample: one 64-byte record, what the camera saw of the hand or hands in one frame.

The layout is the contract between sight, sound, the session folder and every reader; ``VERSION`` stands in the
ring's header. Not here: how a sample is made (``sight``) or sounds (``sound``).
"""

from enum import IntFlag
from typing import Final

import numpy as np

VERSION: Final = 1

HAND: Final = np.dtype(
    [
        ("area", "<f4"),  # share of the frame, 0…1, forearm not included
        ("x", "<f4"),  # centre, 0…1 of the frame's width
        ("y", "<f4"),  # centre, 0…1 of the frame's height, 0 at the top
        ("openness", "<f4"),  # 0 fist … 1 spread
        ("confidence", "<f4"),  # 0…1
    ]
)

HAND_SAMPLE: Final = np.dtype(
    [
        ("t_capture_ns", "<u8"),  # CLOCK_MONOTONIC at mid-exposure
        ("t_publish_ns", "<u8"),  # CLOCK_MONOTONIC when the sample was pushed
        ("frame", "<u4"),  # number of the camera frame, from 0
        ("flags", "<u2"),  # Flag
        ("gesture", "<u2"),  # 0: none
        ("hands", HAND, (2,)),
    ]
)


class Flag(IntFlag):
    """Bits of ``HAND_SAMPLE['flags']``."""

    PRESENT = 1  # hands[0] is in view
    SECOND_HAND = 2  # hands[1] is in view
    GESTURE_VALID = 4
    FINDER_CONFIRMED = 8  # the finder saw this hand in this frame or in the one its last result was for
    CAMERA_LOST = 16  # no picture: the camera is being looked for
    ENDED = 32  # the last sample of a clip, a folder of pictures or a ghost: no more will come
