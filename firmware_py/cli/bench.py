"""Measure a part beside its peers, in the same run."""

import argparse
import json
from dataclasses import asdict
from typing import Any

from firmware_py.config import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what can be measured."""
    parser.add_argument("what", choices=("ring", "synth"))
    parser.add_argument("--seconds", type=float, default=10.0, metavar="S", help="about how long to measure")
    parser.add_argument("--json", action="store_true", help="print JSON alone")


def run(args: argparse.Namespace, _config: Config) -> int:
    """Measure and print."""
    found: Any
    if args.what == "synth":
        from firmware_py.bench import synth

        found = synth.measure(args.seconds)
    else:
        from firmware_py.bench import ring

        found = ring.measure(args.seconds)
    print(json.dumps(asdict(found), indent=None if args.json else 2))
    return 0
