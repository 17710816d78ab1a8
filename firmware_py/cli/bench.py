"""Measure a part beside its peers, in the same run."""

import argparse
import json
from pathlib import Path
from typing import Any

from firmware_py.config import Config
from firmware_py.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what can be measured."""
    parser.add_argument("what", choices=("ring", "synth", "delay", "playing", "finish", "post", "sight"))
    parser.add_argument(
        "--seconds", type=float, default=10.0, metavar="S", help="about how long, for ring, synth and playing"
    )
    parser.add_argument("--plot", type=Path, metavar="PNG", help="draw the spectrum of a saw at 4 kHz, for synth")
    parser.add_argument("--events", type=int, default=500, metavar="N", help="how many changes to hear, for delay")
    parser.add_argument("--minutes", type=float, metavar="M", help="changes for so long instead, for delay")
    parser.add_argument("--period-frames", type=int, default=128, metavar="N", help="frames of a period, for delay")
    parser.add_argument("--periods", type=int, default=4, metavar="N", help="periods in the buffer, for delay")
    parser.add_argument(
        "--busy", action="store_true", help="while other programs keep every processor busy, for delay and playing"
    )
    parser.add_argument("--data", metavar="FOLDER", help="labelled pictures and clips, for sight")
    parser.add_argument(
        "--loop", action="store_true", dest="closed_loop", help="sight: hands of known area, and hands that cross"
    )
    parser.add_argument("--tones", action="store_true", help="sight: six tones of skin in four lights, as a table")
    parser.add_argument("--letters", type=int, default=1000, metavar="N", help="how many of 5 MB to send, for post")
    parser.add_argument("--json", action="store_true", help="print JSON alone")


def run(args: argparse.Namespace, config: Config) -> int:
    """Measure and print."""
    if args.what == "sight":
        return _sight(args, config)
    from firmware_py.bench import delay, finish, playing, post, ring, synth

    events = args.events if args.minutes is None else round(args.minutes * delay.EVENTS_PER_MINUTE)
    if events < 1:
        raise UsageError(f"{events} changes to hear; allowed is 1 or more: --events N, or --minutes M")
    if not (16 <= args.period_frames <= 4096 and 2 <= args.periods <= 64):
        raise UsageError(
            f"a buffer of {args.periods} periods of {args.period_frames} frames; allowed are 2 to 64 of 16 to 4096"
        )
    if args.letters < 1:
        raise UsageError(f"{args.letters} letters to send; allowed is 1 or more: --letters N")
    figures: dict[str, Any] = {
        "ring": lambda: ring.measure(args.seconds),
        "synth": lambda: synth.measure(args.seconds, plot=args.plot),
        "delay": lambda: delay.measure(events, period_frames=args.period_frames, periods=args.periods, busy=args.busy),
        "post": lambda: post.measure(args.letters),
        "playing": lambda: playing.measure(args.seconds, busy=args.busy),
        "finish": finish.measure,
    }
    print(json.dumps(figures[args.what]().as_json(), indent=None if args.json else 2))
    return 0


def _sight(args: argparse.Namespace, config: Config) -> int:
    from firmware_py.bench import sight, sight_loop, sight_tones
    from firmware_py.sight import models

    files, cache = models.find(config.state), config.state / "cache"
    folder = Path(args.data).expanduser() if args.data else None
    if args.tones:
        tones = sight_tones.measure(files, folder)
        print(json.dumps(tones.as_json()) if args.json else tones.table())
        return 0
    figures = sight_loop.measure(files, cache, folder) if args.closed_loop else sight.measure(files, cache, folder)
    print(json.dumps(figures.as_json(), indent=None if args.json else 2))
    return 0
