"""Make the index of all sessions anew from their folders; the sessions themselves are never touched."""

import argparse
import json
from dataclasses import asdict

from firmware_py.config import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what can be done with the library."""
    parser.add_argument("what", choices=("rebuild",), help="rebuild: throw the index away and read every session again")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace, config: Config) -> int:
    """Rebuild the index and say what is in it."""
    from firmware_py.archive.index import FILE, rebuild
    from firmware_py.session.saying import say

    rebuilt = rebuild(config.state)
    for sentence in rebuilt.broken:
        say(f"a session is passed over: {sentence}")
    if args.json:
        print(json.dumps({"index": str(config.state / FILE), **asdict(rebuilt)}, indent=2))
    else:
        print(f"{config.state / FILE}: {rebuilt.sessions} sessions, {rebuilt.notes} notes")
    return 0
