"""When to try a letter again: exponential back-off with jitter, and when to stop and ask a person.

Pure arithmetic on seconds; the outbox keeps the results.
"""

import random
from typing import Final

FIRST_S: Final = 60.0
LONGEST_S: Final = 3 * 3600.0
JITTER: Final = 0.2
PATIENCE_S: Final = 7 * 86_400.0
PATIENCE_ATTEMPTS: Final = 48


def delay_s(attempts: int, rng: random.Random) -> float:
    """Seconds to wait after a letter has failed for the ``attempts``-th time.

    One minute, doubled each time up to three hours, ± 20 % so that several boxes behind one failed server do not
    come back together.

    Parameters
    ----------
    attempts
        Tries so far, from 1.
    rng
        Source of the jitter; tests pass a seeded one.
    """
    doubled = FIRST_S * 2.0 ** min(max(attempts, 1) - 1, 16)
    return min(doubled, LONGEST_S) * rng.uniform(1 - JITTER, 1 + JITTER)


def patience_is_over(age_s: float, attempts: int) -> bool:
    """Tell whether a letter has waited long enough to ask a person.

    Both must hold: seven days since it was queued, and as many tries as about six days of back-off make. Age alone
    would not do: a box without a clock battery jumps by months when the network sets its time.
    """
    return age_s >= PATIENCE_S and attempts >= PATIENCE_ATTEMPTS
