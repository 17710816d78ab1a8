"""Play one session here: camera, sound, recording, report and letter."""

import argparse
import json
import sys

from firmware_py.config import LANGUAGES, SCALES, Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what a session can be asked for."""
    parser.add_argument("--song", metavar="NAME", help="the song to follow (hand-dance songs lists them)")
    parser.add_argument("--patch", metavar="NAME", help="the instrument's sound")
    parser.add_argument(
        "--camera", metavar="SOURCE", help="auto, ghost[:KEY=VALUE,…], picamera2, v4l2[:DEVICE], a clip or a folder"
    )
    parser.add_argument("--audio", metavar="OUTPUT", help="auto, alsa[:DEVICE], paced or offline")
    parser.add_argument("--seconds", type=float, metavar="S", help="end after so long (default: with the song)")
    parser.add_argument("--players", type=int, metavar="N", help="hands that play, 1 or 2")
    parser.add_argument("--marks", metavar="on|off", help="whether the performance is marked")
    parser.add_argument("--player", metavar="NAME", help="who plays")
    parser.add_argument("--address", metavar="ADDRESS", help="where the letter goes (default: the player's own)")
    parser.add_argument("--language", choices=LANGUAGES, help="of the letter, where the player has none")
    parser.add_argument("--scale", choices=SCALES, help="the scale that pitches are pulled to")
    parser.add_argument(
        "--tempo-percent", "--tempo", type=float, metavar="P", help="tempo in per cent of the song's own"
    )
    parser.add_argument(
        "--from-bar", "--from", type=int, metavar="BAR", help="practise from this bar on (hand-dance songs check)"
    )
    parser.add_argument("--to-bar", "--to", type=int, metavar="BAR", help="practise up to the end of this bar")
    parser.add_argument("--loop", type=int, metavar="N", help="play the song or the passage N times on end")
    parser.add_argument(
        "--tempo-step", type=float, metavar="P", help="each time faster by so many per cent of the song's own tempo"
    )
    parser.add_argument("--hand", choices=("any", "left", "right"), help="the hand that plays, where one does")
    parser.add_argument(
        "--articulation",
        choices=("hand", "openness"),
        help="what strikes a note again: the hand, or opening a fist too",
    )
    parser.add_argument(
        "--fit-reach", choices=("off", "once", "count-in"), help="find the player's reach before the song"
    )
    parser.add_argument(
        "--delay-ms", type=float, metavar="MS", help="a hand sounds this long after it was seen; 0: as measured"
    )
    parser.add_argument("--backing-db", type=float, metavar="DB", help="level of the backing song, -90 is off")
    parser.add_argument("--guide", choices=("off", "soft", "on"), help="the song's melody, played along")
    parser.add_argument("--metronome", choices=("count-in", "on"), help="clicks before the song, or through it too")
    parser.add_argument("--metronome-db", type=float, metavar="DB", help="level of the clicks, -90 is off")
    parser.add_argument("--no-letter", action="store_true", help="make no letter")
    parser.add_argument("--json", action="store_true", help="print what was played as JSON")


def run(args: argparse.Namespace, config: Config) -> int:
    """Play, then say what came of it; 1 where it ended before its time by a fault, or has no report."""
    from firmware_py.session.play import play
    from firmware_py.session.progress import ProgressLine

    with ProgressLine(sys.stderr) as progress:
        outcome = play(config, progress.show, letter=not args.no_letter)
    print(json.dumps(outcome.as_json(), indent=2) if args.json else outcome.as_text())
    return 0 if outcome.whole else 1
