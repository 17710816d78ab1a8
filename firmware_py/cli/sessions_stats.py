"""``hand-dance sessions stats``: how a player is getting on, as text, JSON, CSV and a picture."""

import argparse
import json
from datetime import datetime
from pathlib import Path

from firmware_py.config import Config
from firmware_py.errors import SessionFolderError, UsageError


def stats(args: argparse.Namespace, config: Config) -> int:
    """Print the statistics and write what was asked for besides."""
    from firmware_py.archive.index import past_notes, past_sessions
    from firmware_py.report.stats import as_json, as_text, practise_csv, recent, sessions_csv, stats_of
    from firmware_py.session.saying import say

    picture = None if args.picture is None else _picture(args.picture)
    sessions = past_sessions(config.state, player=args.player, song=args.song)
    found = stats_of(
        sessions,
        past_notes(config.state, recent(sessions)),
        player=args.player,
        song=args.song,
        today=datetime.now().astimezone().date(),
    )
    if not sessions:
        players = sorted({s.player for s in past_sessions(config.state)} - {""})
        asked = " ".join(f"{what} {name}" for what, name in (("by", args.player), ("of", args.song)) if name)
        say(f"no sessions {asked or 'yet'}; players with sessions: {', '.join(players[:20]) or 'none'}")
    if args.csv is not None:
        _write(Path(args.csv), sessions_csv(sessions))
    if args.practise is not None:
        _write(Path(args.practise), practise_csv(found))
    if picture:
        from firmware_py.report.stats_picture import png_of, svg_of

        svg = svg_of(found)
        _write(picture, png_of(svg) if picture.suffix.lower() == ".png" else svg)
    print(json.dumps(as_json(found), indent=2, ensure_ascii=False) if args.json else as_text(found))
    return 0


def _picture(name: str) -> Path:
    path = Path(name)
    if path.suffix.lower() not in (".svg", ".png"):
        raise UsageError(f"--picture {name!r} ends neither with .svg nor with .png; those two can be drawn")
    return path


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise SessionFolderError(f"{path} cannot be written ({error.strerror}); name another place") from error
