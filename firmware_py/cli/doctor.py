"""Check everything that a box needs, and say what to do where something is amiss."""

import argparse
import json
import os
import shutil
import sys

from firmware_py.config import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what to look at."""
    parser.add_argument("thing", nargs="*", metavar="THING", help="only these: camera, sound, mail… (default: all)")
    parser.add_argument("--camera", metavar="SOURCE", help="auto, picamera2, v4l2[:DEVICE]: the camera to look through")
    parser.add_argument("--audio", metavar="OUTPUT", help="auto, alsa[:DEVICE]: the sound device to try")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.epilog = "Ends with 0 where all is green or amber, 1 where something is red: a person must act."


def run(args: argparse.Namespace, config: Config) -> int:
    """Look at everything and print it."""
    from firmware_py.doctor.check import Patient
    from firmware_py.doctor.examine import CHECKS, examine
    from firmware_py.doctor.finding import Level, worst
    from firmware_py.doctor.table import table
    from firmware_py.errors import UsageError

    known = [name for check in CHECKS for name in check.things]
    for thing in args.thing:
        if thing not in known:
            raise UsageError(f"the doctor knows no {thing!r}; known are {', '.join(known)}")
    findings = examine(Patient(config, complaint=args.complaint), args.thing)
    level = worst(findings)
    if args.json:
        print(json.dumps({"level": level, "checks": [finding.as_json() for finding in findings]}, indent=2))
    else:
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        print(table(findings, columns=shutil.get_terminal_size().columns, colour=colour))
    return 1 if level is Level.RED else 0
