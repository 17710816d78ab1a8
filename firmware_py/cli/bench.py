"""Measure a part beside its peers, in the same run."""

import argparse
import json
from typing import Any

from firmware_py.config import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what can be measured."""
    parser.add_argument("what", choices=("ring", "synth", "delay", "finish"))
    parser.add_argument("--seconds", type=float, default=10.0, metavar="S", help="about how long, for ring and synth")
    parser.add_argument("--events", type=int, default=500, metavar="N", help="how many changes to hear, for delay")
    parser.add_argument("--json", action="store_true", help="print JSON alone")


def run(args: argparse.Namespace, _config: Config) -> int:
    """Measure and print."""
    from firmware_py.bench import delay, finish, ring, synth

    figures: dict[str, Any] = {
        "ring": lambda: ring.measure(args.seconds),
        "synth": lambda: synth.measure(args.seconds),
        "delay": lambda: delay.measure(args.events),
        "finish": finish.measure,
    }
    print(json.dumps(figures[args.what]().as_json(), indent=None if args.json else 2))
    return 0
