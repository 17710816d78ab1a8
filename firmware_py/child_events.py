"""What a supervised process tells its supervisor: events, each one line of JSON on standard output.

``ready`` (with a description), ``ended``, ``failed`` (message, exit), ``lost``, ``back``, ``picture`` (message, empty
when all is well again); while nobody plays ``waiting``, ``looking``, ``blind``, ``code`` (text). Not here: reading them
(``session.child``).
"""

import json
import os
import sys


def tell(event: str, **fields: object) -> None:
    """Tell one event; when nobody listens any more, say nothing from then on."""
    try:
        print(json.dumps({"event": event, **fields}), flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
