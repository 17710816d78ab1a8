"""Measure a part beside its peers, in the same run."""

import argparse
import json
from pathlib import Path
from typing import Any

from firmware_py.config import Config
from firmware_py.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what can be measured."""
    parser.add_argument("what", choices=("ring", "synth", "delay", "playing"))
    parser.add_argument(
        "--seconds", type=float, default=10.0, metavar="S", help="about how long, for ring, synth and playing"
    )
    parser.add_argument("--plot", type=Path, metavar="PNG", help="draw the spectrum of a saw at 4 kHz, for synth")
    parser.add_argument("--events", type=int, default=500, metavar="N", help="how many changes to hear, for delay")
    parser.add_argument("--minutes", type=float, metavar="M", help="changes for so long instead, for delay")
    parser.add_argument(
        "--busy", action="store_true", help="while other programs keep every processor busy, for delay and playing"
    )
    parser.add_argument("--json", action="store_true", help="print JSON alone")


def run(args: argparse.Namespace, _config: Config) -> int:
    """Measure and print."""
    from firmware_py.bench import delay, playing, ring, synth

    events = args.events if args.minutes is None else round(args.minutes * delay.EVENTS_PER_MINUTE)
    if events < 1:
        raise UsageError(f"{events} changes to hear; allowed is 1 or more: --events N, or --minutes M")
    figures: dict[str, Any] = {
        "ring": lambda: ring.measure(args.seconds),
        "synth": lambda: synth.measure(args.seconds, plot=args.plot),
        "delay": lambda: delay.measure(events, busy=args.busy),
        "playing": lambda: playing.measure(args.seconds, busy=args.busy),
    }
    print(json.dumps(figures[args.what]().as_json(), indent=None if args.json else 2))
    return 0
