"""List the songs there are, show one, or check a song file."""

import argparse
import json

from firmware_py.config import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the ways to look at songs."""
    parser.add_argument("what", nargs="?", choices=("list", "show", "check"), default="list")
    parser.add_argument("song", nargs="?", metavar="NAME|FILE", help="for show and check")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace, config: Config) -> int:
    """Print the list, or one song bar by bar."""
    from firmware_py.music.songs_library import bars_of, known_songs, load_song, summary

    if args.what == "list":
        rows = [summary(load_song(name)) for name in known_songs()]
        if args.json:
            print(json.dumps(rows, indent=2, ensure_ascii=False))
        else:
            for row in rows:
                print(f"{row['name']:<18} {row['title']} ({row['composer']}, {row['year']}), level {row['level']}")
        return 0
    song = load_song(config.play.song)
    if args.json:
        print(json.dumps({**summary(song), "bars": bars_of(song)}, indent=2, ensure_ascii=False))
    else:
        print("\n".join([f"{song.title}, {song.composer} ({song.year}), {song.key}, {song.tempo_bpm:g} a minute"]))
        for number, bar in enumerate(bars_of(song), 1):
            print(f"{number:>4}  {bar}")
    return 0
