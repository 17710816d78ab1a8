"""One look in a process of its own: what to look at comes as JSON on standard input, what was found goes to output.

Not for people: ``hand-dance doctor`` is.
"""

import json
import os
import sys
from pathlib import Path

from firmware_py.config import SECTIONS, Config
from firmware_py.doctor.check import Patient
from firmware_py.doctor.examine import CHECKS
from firmware_py.doctor.place import Machine
from firmware_py.parent import die_with


def main() -> None:
    """Look and tell."""
    die_with(os.getppid())
    asked = json.load(sys.stdin)
    said, sys.stdout = sys.stdout, sys.stderr  # whatever a library prints is not what was found
    config = Config(**{name: kind(**asked["config"][name]) for name, kind in SECTIONS.items()})
    patient = Patient(config, Machine(Path(asked["root"])))
    (check,) = (check for check in CHECKS if list(check.things) == asked["things"])
    findings = check.found_by(lambda: check.look(patient))
    json.dump([finding.as_json() for finding in findings], said)
    said.flush()
    os._exit(0)  # a camera's thread that hangs in its driver is not waited for


if __name__ == "__main__":
    main()
