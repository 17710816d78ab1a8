"""Make a session's MIDI, MusicXML, score page and marks again from its folder: the same bytes as before."""

import argparse
import json
from contextlib import suppress
from typing import TYPE_CHECKING

from firmware_py.config import Config

if TYPE_CHECKING:
    from firmware_py.archive.session_folder import SessionFolder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the session to report."""
    parser.add_argument("session", metavar="SESSION", help="a session's folder, or its name in the state folder")
    parser.add_argument("--json", action="store_true", help="print report.json")


def run(args: argparse.Namespace, config: Config) -> int:
    """Write the derived files and say where they are."""
    from firmware_py.archive.library import find_session
    from firmware_py.report.report import make_report
    from firmware_py.session.outcome import Outcome

    folder = find_session(config.state, args.session)
    if not folder.record().end:
        _end(folder, config)
    make_report(folder)
    outcome = Outcome.of(folder)
    print(json.dumps(outcome.as_json(), indent=2) if args.json else outcome.as_text())
    return 0


def _end(folder: "SessionFolder", config: Config) -> None:
    """Give the session an end, unless it may be the one that is being played now."""
    from firmware_py.errors import AlreadyRunningError
    from firmware_py.session.finish import mark_interrupted
    from firmware_py.session.lock import only_one

    with suppress(AlreadyRunningError), only_one(config.state):
        mark_interrupted(folder)
