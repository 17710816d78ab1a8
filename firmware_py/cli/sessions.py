"""List the sessions that were played, show, export or delete one."""

import argparse
import json
from pathlib import Path

from firmware_py.config import Config
from firmware_py.errors import SessionFolderError, UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what can be done with sessions."""
    parser.add_argument("what", nargs="?", choices=("list", "show", "export", "delete"), default="list")
    parser.add_argument("session", nargs="?", metavar="SESSION", help="for show, export and delete")
    parser.add_argument("--to", metavar="FILE.zip", help="for export: where to (default: SESSION.zip here)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace, config: Config) -> int:
    """Do it."""
    from firmware_py.archive.library import delete_session, export_session, find_session, list_sessions
    from firmware_py.session.outcome import Outcome
    from firmware_py.session.saying import say

    if args.what == "list":
        outcomes = []
        for folder in list_sessions(config.state):
            try:
                outcomes.append(Outcome.of(folder))
            except SessionFolderError as error:
                say(f"a session is passed over: {error}")
        if args.json:
            print(json.dumps([outcome.as_json() for outcome in outcomes], indent=2))
        else:
            for outcome in outcomes:
                print(outcome.as_line())
        return 0
    if args.session is None:
        raise UsageError(f"sessions {args.what} needs a session; hand-dance sessions lists them")
    folder = find_session(config.state, args.session)
    match args.what:
        case "show":
            outcome = Outcome.of(folder)
            print(json.dumps(outcome.as_json(), indent=2) if args.json else outcome.as_text())
        case "export":
            print(export_session(folder, Path(args.to or f"{folder.path.name}.zip")))
        case "delete":
            delete_session(folder)
            print(f"deleted {folder.path}")
    return 0
