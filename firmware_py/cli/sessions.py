"""List the sessions that were played, show, export or delete some, or see how a player is getting on."""

import argparse
import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from firmware_py.config import Config
from firmware_py.errors import AlreadyRunningError, SessionFolderError, UsageError

if TYPE_CHECKING:
    from firmware_py.archive.exporting import Export
    from firmware_py.archive.session_folder import SessionFolder

_EVERYTHING: Final = "all"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what can be done with sessions."""
    parser.add_argument("what", nargs="?", choices=("list", "show", "export", "delete", "stats"), default="list")
    parser.add_argument("session", nargs="?", metavar="SESSION", help="for show, export and delete; last: the newest")
    parser.add_argument("--all", action="store_true", help="for export: every session")
    parser.add_argument(
        "--to", metavar="FILE.zip|FOLDER", help="for export: where to (default: SESSION.zip, sessions.zip with --all)"
    )
    parser.add_argument(
        "--format",
        action="append",
        metavar="FORMAT",
        help="for export: pdf, png, midi, musicxml, csv, json, wav, mic or samples; several with commas (default: all)",
    )
    parser.add_argument("--player", metavar="NAME", help="for stats: whose; without it everybody's")
    parser.add_argument("--song", metavar="NAME", help="for stats: of one song only")
    parser.add_argument("--picture", metavar="FILE.svg|.png", help="for stats: draw them")
    parser.add_argument("--csv", metavar="FILE.csv", help="for stats: write a line for each session")
    parser.add_argument("--practise", metavar="FILE.csv", help="for stats: write what goes wrong most")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace, config: Config) -> int:
    """Do it."""
    if args.what in ("list", "stats") and args.session is not None:
        raise UsageError(f"sessions {args.what} takes no session, {args.session!r} was given; show tells of one")
    if args.what == "list":
        return _list(args, config)
    if args.what == "stats":
        from firmware_py.cli.sessions_stats import stats

        return stats(args, config)
    if args.what == "export":
        return _export(args, config)
    return _show(args, config) if args.what == "show" else _delete(args, config)


def _list(args: argparse.Namespace, config: Config) -> int:
    from firmware_py.archive.library import list_sessions
    from firmware_py.session.outcome import Outcome
    from firmware_py.session.saying import say

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


def _show(args: argparse.Namespace, config: Config) -> int:
    from firmware_py.session.outcome import Outcome

    outcome = Outcome.of(_session(args, config))
    print(json.dumps(outcome.as_json(), indent=2) if args.json else outcome.as_text())
    return 0


def _export(args: argparse.Namespace, config: Config) -> int:
    from firmware_py.archive.exporting import export_folder, export_zip, files_to_export
    from firmware_py.archive.library import list_sessions, sessions_in
    from firmware_py.session.saying import say

    formats = _formats(args.format or ())
    if args.all and args.session is not None:
        raise UsageError(f"sessions export takes {args.session!r} or --all, not both")
    if args.all:
        files: list[Export] = []
        lacking: list[SessionFolderError] = []
        for folder in list_sessions(config.state):
            try:
                files += files_to_export([folder], formats)
            except SessionFolderError as error:
                lacking.append(error)
        if not files:
            raise (
                lacking[0]
                if lacking
                else SessionFolderError(
                    f"there is nothing to export in {sessions_in(config.state)}; play a session first"
                )
            )
        if lacking:
            others = f" (and {len(lacking) - 1} more like it)" if len(lacking) > 1 else ""
            say(f"a session is passed over{others}: {lacking[0]}")
        target = Path(args.to or "sessions.zip")
    else:
        folder = _session(args, config)
        files = [*files_to_export([folder], formats)]
        target = Path(args.to or f"{folder.path.name}.zip")
    if target.suffix.lower() == ".zip":
        export_zip(files, target)
    else:
        export_folder(files, target)
    told = {"to": str(target), "files": [file.name for file in files]}
    print(json.dumps(told, indent=2) if args.json else target)
    return 0


def _delete(args: argparse.Namespace, config: Config) -> int:
    """Delete a session, unless it may be the one that is being played or finished now; its letter is not sent then."""
    from firmware_py.archive.library import delete_session
    from firmware_py.post.erasing import call_off
    from firmware_py.session.lock import only_one

    folder = _session(args, config)
    try:
        live = "it has no end yet" if not folder.record().end else "its report is being made" * folder.unfinished
    except SessionFolderError:
        live = ""  # nobody plays a session whose record is broken
    with ExitStack() as alone:
        if live:
            state = folder.path.parent.parent if folder.path.parent.name == "sessions" else config.state
            try:
                alone.enter_context(only_one(state))
            except AlreadyRunningError as error:
                raise AlreadyRunningError(f"{folder.path.name} is not deleted: {live}, and {error}") from error
        letter = call_off(config, folder)
        delete_session(folder)
    unsent = letter.recipient if letter else ""
    if args.json:
        print(json.dumps({"deleted": str(folder.path), "unsent": unsent}, indent=2))
    else:
        print(f"deleted {folder.path}" + (f"; its letter to {unsent} is not sent" if unsent else ""))
    return 0


def _session(args: argparse.Namespace, config: Config) -> "SessionFolder":
    from firmware_py.archive.library import find_session

    if args.session is None:
        raise UsageError(f"sessions {args.what} needs a session; hand-dance sessions lists them")
    return find_session(config.state, args.session)


def _formats(given: Sequence[str]) -> tuple[str, ...]:
    from firmware_py.archive.exporting import FORMATS

    named = [word.strip().lower() for words in given for word in words.split(",") if word.strip()]
    unknown = [word for word in named if word not in FORMATS and word != _EVERYTHING]
    if unknown:
        raise UsageError(f"{unknown[0]!r} is no format to export; there are {', '.join(FORMATS)} and {_EVERYTHING}")
    return () if _EVERYTHING in named else tuple(named)
