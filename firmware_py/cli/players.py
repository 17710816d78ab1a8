"""List the players, add or change one, remove one, or erase one with everything they played."""

import argparse
import json
from typing import Any

from firmware_py.archive.players import Player
from firmware_py.config import LANGUAGES, Config
from firmware_py.errors import MailRefusedError, UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what can be done with players."""
    parser.add_argument("what", nargs="?", choices=("list", "add", "set", "remove", "erase"), default="list")
    parser.add_argument("name", nargs="?", metavar="NAME", help="the player; '' is whoever gives no name")
    parser.add_argument("--address", metavar="ADDRESS", help="where their letters go; '' for the box's own")
    parser.add_argument("--language", choices=("", *LANGUAGES), help="of their letters; '' for the box's own")
    parser.add_argument("--hand", choices=("any", "left", "right"), help="the hand that plays")
    parser.add_argument("--yes", action="store_true", help="for erase: delete the recordings and letters too")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.epilog = (
        "remove forgets name, address and reach and leaves what was played; erase deletes the player's sessions and "
        "letters too. The reach is found before the first song, or by hand-dance calibrate reach."
    )


def run(args: argparse.Namespace, config: Config) -> int:
    """Do it and print the players it was about."""
    from firmware_py.archive.players import Players
    from firmware_py.session.saying import say

    players = Players(config.state)
    if args.what != "list" and args.name is None:
        raise UsageError(f"players {args.what} needs a name; hand-dance players lists them")
    known = {player.name: player for player in players.all()}
    there = players.named(args.name or "").name in known
    match args.what:
        case "list":
            told = [player for player in known.values() if args.name is None or player == players.named(args.name)]
        case "add" | "set":
            if there != (args.what == "set"):
                raise UsageError(
                    f"{args.name!r} is {'known already: use' if there else 'not known: use'} "
                    f"hand-dance players {'set' if there else 'add'}"
                )
            told = [_kept(players.keep, args)]
        case _:
            if not there and args.what == "remove":
                raise UsageError(f"{args.name!r} is not known; known are {', '.join(map(repr, known)) or 'nobody'}")
            if args.what == "erase":
                _erase(args, config)
            removed = players.remove(args.name)
            told = [removed] if removed else []
    if players.note:
        say(players.note)
    if args.json:
        print(json.dumps([_as_json(player) for player in told], indent=2, ensure_ascii=False))
    else:
        print("\n".join(map(_line, told)) or "no players")
    return 0


def _kept(keep: Any, args: argparse.Namespace) -> Player:
    """Keep what was given; a wrong address is refused here, when it is given."""
    from firmware_py.post.address import checked

    hand = {"any": "", None: None}.get(args.hand, args.hand)
    try:
        address = checked(args.address) if args.address else args.address
    except MailRefusedError as error:
        raise UsageError(f"--address: {error}") from error
    player: Player = keep(args.name, hand=hand, address=address, language=args.language)
    return player


def _erase(args: argparse.Namespace, config: Config) -> None:
    from firmware_py.post.erasing import erase_session, sessions_of
    from firmware_py.session.lock import only_one

    sessions = sessions_of(config.state, args.name)
    if not args.yes:
        raise UsageError(
            f"players erase {args.name!r} would delete {len(sessions)} recordings with their letters for good; "
            "say so with --yes"
        )
    with only_one(config.state):  # not while that player plays
        for folder in sessions:
            erase_session(config, folder)
            print(f"deleted {folder.path}")


def _as_json(player: Player) -> dict[str, Any]:
    return {
        "name": player.name,
        "address": player.address,
        "language": player.language,
        "hand": player.hand,
        "reach": vars(player.reach) if player.reach else None,
    }


def _line(player: Player) -> str:
    reach = f"reach {player.reach.area_far:.3f} to {player.reach.area_near:.3f}" if player.reach else "no reach yet"
    parts = (player.name or "(no name)", player.address or "the box's address", player.language, player.hand, reach)
    return "  ".join(part for part in parts if part)
