"""Where the sound of a session is missing: what the supervisor noted, set right by what the recorder saw.

The supervisor learns of a death and of a return when it gets round to it, on a busy machine a tenth of a second late;
the recorder knows the very frames. Not here: noticing (``performance``), recording (``sound.recorder``).
"""

from collections.abc import Sequence
from typing import Final

from firmware_py.archive.session_folder import Gap
from firmware_py.sound.track import Silence

SOUND: Final = "sound"
NOTED_WITHIN_S: Final = 3.0  # of its beginning a death is known: a process that hangs is ended after two seconds


def true_gaps(noted: Sequence[Gap], silences: Sequence[Silence], rate_hz: int) -> tuple[Gap, ...]:
    """Return the gaps with those of the sound process at their true frames, in order of time.

    noted: as the supervisor saw them; a sound gap that cost no frame (rendered offline, say) stays as it was noted.
    silences: of the recorder, in order. A silence takes the reason of the nearest death that was noted during or just
    after it; one without a death is no gap: nothing was to be heard there.
    """
    deaths = [gap for gap in noted if gap.process == SOUND]
    gaps = [gap for gap in noted if gap.process != SOUND]
    placed = set()
    for silence in silences:
        start_s, end_s = silence.first_frame / rate_hz, silence.end_frame / rate_hz
        near = [gap for gap in deaths if gap.start_s < end_s + NOTED_WITHIN_S and start_s < gap.end_s]
        if near:
            cause = min(near, key=lambda gap: abs(gap.start_s - start_s))
            placed.add(cause)
            gaps.append(Gap(SOUND, round(start_s, 6), round(end_s, 6), cause.reason))
    gaps += [gap for gap in deaths if gap not in placed]
    return tuple(sorted(gaps, key=lambda gap: gap.start_s))
