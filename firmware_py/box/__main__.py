"""``python -m firmware_py.box WHAT``: what root's units run, and ``systemd/install``. People have ``hand-dance``."""

import logging
import sys
from collections.abc import Sequence

from firmware_py.box.access import Access
from firmware_py.box.grant import Root
from firmware_py.box.instrument import Instrument
from firmware_py.box.outcome import Result
from firmware_py.box.releases import Releases
from firmware_py.box.update import Updater
from firmware_py.config import load_config
from firmware_py.errors import ConfigError, UpdateError


def main(arguments: Sequence[str]) -> int:
    """Do what the unit asks for; returns 0, 1 where it could not all be done, 2 for another word."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    match list(arguments):
        case ["setup"]:
            return 0 if Root().set_up() else 1
        case ["wishes"]:
            Root().grant()
            return 0
        case ["update"]:
            return _update()
        case ["access-point"]:
            _access_point()
            return 0
        case ["adopt", name]:
            return 0 if Updater(Releases(), Instrument()).adopt(name).result is Result.KEPT else 1
    print("give one of: setup, wishes, update, access-point, adopt NAME", file=sys.stderr)
    return 2


def _update() -> int:
    """Make the updates that wait; how each ended is told by its outcome, not by this."""
    try:
        Updater(Releases(), Instrument()).run()
    except UpdateError as error:
        logging.getLogger(__name__).error("%s", error)
        return 1
    return 0


def _access_point() -> None:
    """Look after the box's own network, but not while somebody plays."""
    try:
        wanted = load_config({}, {}).box.access_point == "on"
    except ConfigError:
        wanted = True  # the instrument says what is wrong there, and this may be how somebody comes to correct it
    if not Instrument().pulse().playing:
        Access().tend(wanted=wanted)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
