"""One sentence to the person at the terminal, on standard error; a terminal that is gone stops nothing.

Not here: the log of the box (``appliance``), or the progress line (``progress``).
"""

import sys
from contextlib import suppress
from typing import Final

_CLEAR_LINE: Final = "\r\x1b[K"  # a progress line may stand there


def say(sentence: str) -> None:
    """Print ``hand-dance: <sentence>``."""
    with suppress(OSError, ValueError):
        clear = _CLEAR_LINE if sys.stderr.isatty() else ""
        print(f"{clear}hand-dance: {sentence}", file=sys.stderr, flush=True)
