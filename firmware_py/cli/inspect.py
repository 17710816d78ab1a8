"""Tell what the finder and the tracker see in a clip or pictures, one JSON line a frame; draw it with --show."""

import argparse
import json
import sys

from firmware_py.config import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what to look at."""
    parser.add_argument("source", metavar="CLIP|PICTURES", help="a clip, a picture, or a folder of pictures")
    parser.add_argument(
        "--show", metavar="OUT", help="draw what is seen into OUT: a clip (.mp4), a picture (.png) or a folder"
    )
    parser.add_argument("--json", action="store_true", help="JSON lines (they are printed in any case)")


def run(args: argparse.Namespace, config: Config) -> int:
    """Print a line for every frame as soon as it was seen; 1 when pictures had to be left out."""
    from pathlib import Path

    from firmware_py.errors import ModelFilesError
    from firmware_py.music.mapping import Mapping
    from firmware_py.sight import models
    from firmware_py.sight.film import Film, film_to, on_paper
    from firmware_py.sight.inspect import Inspection
    from firmware_py.sight.overlay import drawn

    try:
        files = models.find(config.state)
    except ModelFilesError as error:
        print(f"hand-dance: hands are followed by colour only: {error}", file=sys.stderr)
        files = None
    inspection = Inspection(args.source, files)
    film: Film | None = None
    try:
        if args.show:
            film = film_to(Path(args.show).expanduser(), inspection.rate_hz, one=inspection.one_picture)
        for look in inspection.looks():
            print(json.dumps(look.record()), flush=True)
            if film:
                caption = look.caption(inspection.rate_hz)
                shown = drawn(on_paper(inspection.picture()), inspection.marked(), Mapping(), caption)
                film.add(shown, look.t_s, look.frame.name)
    finally:
        inspection.close()
        if film:
            film.close()
    return 1 if inspection.left_out else 0
