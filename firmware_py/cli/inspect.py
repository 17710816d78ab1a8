"""Tell what the finder and the tracker see in a clip or pictures, one JSON line a frame."""

import argparse
import json
import sys

from firmware_py.config import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what to look at."""
    parser.add_argument("source", metavar="CLIP|PICTURES", help="a clip, a picture, or a folder of pictures")
    parser.add_argument("--json", action="store_true", help="JSON lines (they are printed in any case)")


def run(args: argparse.Namespace, config: Config) -> int:
    """Print a line for every frame as soon as it was seen."""
    from firmware_py.errors import ModelFilesError
    from firmware_py.sight import models
    from firmware_py.sight.inspect import inspect

    try:
        files = models.find(config.state)
    except ModelFilesError as error:
        print(f"hand-dance: hands are followed by colour only: {error}", file=sys.stderr)
        files = None
    for line in inspect(args.source, files):
        print(json.dumps(line), flush=True)
    return 0
