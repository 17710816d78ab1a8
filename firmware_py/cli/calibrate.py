"""Measure this box and keep what was found: the delay of its sound device."""

import argparse
import json
from dataclasses import asdict

from firmware_py.config import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what can be calibrated."""
    parser.add_argument("what", choices=("delay",))
    parser.add_argument("--audio", metavar="DEVICE", help="auto, alsa or alsa:DEVICE: the device to measure")
    parser.add_argument("--microphone", default="default", metavar="DEVICE", help="ALSA device that hears it")
    parser.add_argument("--json", action="store_true", help="print JSON alone")


def run(args: argparse.Namespace, config: Config) -> int:
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
