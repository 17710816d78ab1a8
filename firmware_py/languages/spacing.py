"""A number and its unit stay in one line: typography that holds in every language.

Not here: the words themselves (``words``).
"""

import re
from typing import Final

_BEFORE_A_UNIT: Final = re.compile(r"(?<=\d) (?=(?:%|‰|ms|s|min|cents?|Cent|[kM][Bo])(?!\w))")
_NO_BREAK: Final = "\u00a0"


def with_units_held(text: str) -> str:
    """Return a text in which no line can break between a number and its unit."""
    return _BEFORE_A_UNIT.sub(_NO_BREAK, text)
