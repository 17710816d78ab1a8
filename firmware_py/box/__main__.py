"""``python -m firmware_py.box setup|wishes``: what root's units run. People have ``hand-dance``."""

import logging
import sys
from collections.abc import Sequence

from firmware_py.box.grant import Root


def main(arguments: Sequence[str]) -> int:
    """Do what the unit asks for; returns 0, 1 where it could not all be done, 2 for another word."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    root = Root()
    if list(arguments) == ["setup"]:
        return 0 if root.set_up() else 1
    if list(arguments) == ["wishes"]:
        root.grant()
        return 0
    print("give one of: setup, wishes", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
