"""What went wrong by count in a session, and how often a hand was seen, for its session.json.

The realtime process counts in shared memory and says nothing else while it plays. Not here: reading that memory
(``lanes``).
"""

from typing import Final

import numpy as np

from firmware_py.archive.session_folder import SessionFolder
from firmware_py.hand_sample import Flag

_NO_FRAME: Final = Flag.CAMERA_LOST | Flag.ENDED


def counted(status: np.void, ring_drops: int, folder: SessionFolder) -> dict[str, int]:
    """Return the counters by their names.

    Parameters
    ----------
    status
        The sound process's last record of dtype ``STATUS``.
    ring_drops
        Hand samples that found the ring full.
    folder
        The session, its hand samples written to the end.
    """
    flags = folder.samples()["flags"]
    return {
        "xruns": int(status["xruns"]),
        "period_frames": int(status["period_frames"]),
        "periods": int(status["periods"]),  # at the end: repeated xruns add to them
        "late_samples": int(status["late_samples"]),
        "bad_samples": int(status["bad_samples"]),
        "tape_drops": int(status["tape_drops"]),
        "ring_drops": ring_drops,
        "frames": int(np.count_nonzero((flags & _NO_FRAME) == 0)),
        "frames_with_hand": int(np.count_nonzero(flags & Flag.PRESENT)),
    }
