"""Memory that was freed goes back to the system between the large steps of a report.

The engraver's and the typesetter's heaps would otherwise both stay, which for an hour's session is more than a small
box has to spare. Not here: using less of it.
"""

import ctypes


def give_memory_back() -> None:
    """Return freed memory to the system, where the C library can (glibc's malloc_trim); elsewhere do nothing."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
