"""Play a session with the built-in ghost player in front of the camera, and show what a player gets."""

import argparse
import sys
from dataclasses import replace

from firmware_py.config import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the demo can be asked for."""
    parser.add_argument("--song", metavar="NAME", help="the song to play (hand-dance songs lists them)")
    parser.add_argument("--audio", metavar="OUTPUT", help="auto (speakers, or real time without them), offline (fast)")
    parser.add_argument("--seconds", type=float, metavar="S", help="end after so long (default: with the song)")


def run(_args: argparse.Namespace, config: Config) -> int:
    """Play the ghost's session through the same processes as any other."""
    from firmware_py.session.play import play
    from firmware_py.session.progress import ProgressLine

    config = replace(
        config,
        camera=replace(config.camera, source="ghost"),
        play=replace(config.play, player=config.play.player or "Ghost"),
    )
    with ProgressLine(sys.stderr) as progress:
        outcome = play(config, progress.show, letter=True)
    print(outcome.as_text())
    return 0 if outcome.whole else 1
