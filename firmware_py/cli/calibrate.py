"""Measure and keep: the delay of this box's sound device (delay), a player's reach before the camera (reach)."""

import argparse
import json
import sys
from dataclasses import asdict

from firmware_py.config import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what can be calibrated."""
    parser.add_argument("what", choices=("delay", "reach"))
    parser.add_argument("--json", action="store_true", help="print JSON alone")
    delay = parser.add_argument_group("delay: chirps through the speaker, heard by a microphone")
    delay.add_argument("--audio", metavar="DEVICE", help="auto, alsa or alsa:DEVICE: the device to measure")
    delay.add_argument("--microphone", default="default", metavar="DEVICE", help="ALSA device that hears it")
    reach = parser.add_argument_group("reach: the hand held far from the camera, then near")
    reach.add_argument("--player", metavar="NAME", help="whose reach it is (default: whoever gives no name)")
    reach.add_argument("--hand", choices=("left", "right"), help="the hand that this player plays with")
    reach.add_argument("--camera", metavar="SOURCE", help="auto, picamera2, v4l2[:DEVICE], a clip or ghost")


def run(args: argparse.Namespace, config: Config) -> int:
    """Measure what was asked for, keep it and print it."""
    return _delay(args, config) if args.what == "delay" else _reach(args, config)


def _delay(args: argparse.Namespace, config: Config) -> int:
    """Play some chirps, find them in what the microphone hears, keep the delay and print it."""
    from firmware_py.archive.calibration import keep_device_delay
    from firmware_py.sound.calibration import measure_delay

    sound = config.sound
    found = measure_delay(
        sound.audio,
        args.microphone,
        rate_hz=sound.rate_hz,
        period_frames=sound.period_frames,
        periods=sound.periods,
        devices=tuple(sound.devices.split()),
    )
    path = keep_device_delay(config.state, found)
    if args.json:
        print(json.dumps(asdict(found)))
    else:
        print(
            f"{found.device}: round trip {found.round_trip_ms:.1f} ms, {found.beyond_ms:.1f} ms of it beyond what the"
            f" device tells ({found.chirps} chirps within {found.spread_ms:.1f} ms); kept in {path}"
        )
    return 0


def _reach(args: argparse.Namespace, config: Config) -> int:
    """Have the hand held far, then near; keep both areas for the player and print them."""
    from firmware_py.archive.players import Players
    from firmware_py.session.calibration import find_reach
    from firmware_py.session.progress import ProgressLine

    with ProgressLine(sys.stderr) as line:
        reach = find_reach(config, line.say)
    players = Players(config.state)
    player = players.keep(config.play.player, reach=reach, hand=args.hand)
    if players.note:
        print(f"hand-dance: {players.note}", file=sys.stderr)
    if args.json:
        print(json.dumps({"player": player.name, "hand": player.hand, **asdict(reach), "ratio": round(reach.ratio, 2)}))
    else:
        print(
            f"{player.name or 'whoever gives no name'}: the hand fills {100 * reach.area_far:.1f} % of the picture far"
            f" and {100 * reach.area_near:.1f} % near, {reach.ratio:.1f} times as much; kept, and used by play and run"
        )
    return 0
