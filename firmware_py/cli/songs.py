"""List the songs there are, show one, or check a song file."""

import argparse
import json
from dataclasses import asdict

from firmware_py.config import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the ways to look at songs."""
    parser.add_argument("what", nargs="?", choices=("list", "show", "check"), default="list")
    parser.add_argument("song", nargs="?", metavar="NAME|FILE", help="for show and check")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace, config: Config) -> int:
    """Print the list, or one song bar by bar."""
    from firmware_py.music.songs_library import bar_lines, known_songs, load_song, summary

    if args.what == "list":
        rows = [summary(load_song(name)) for name in known_songs()]
        if args.json:
            print(json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False))
            return 0
        for row in sorted(rows, key=lambda row: (row.level, row.name)):
            print(
                f"{row.name:<22} {'●' * row.level:<3}  {row.seconds:3.0f} s  {row.title} ({row.composer}, {row.year})"
            )
        return 0
    song = load_song(config.play.song)
    bars = bar_lines(song)
    if args.json:
        print(
            json.dumps({**asdict(summary(song)), "lines": [asdict(bar) for bar in bars]}, indent=2, ensure_ascii=False)
        )
        return 0
    print(f"{song.title}, {song.composer} ({song.year}), {song.key}, {song.tempo_bpm:g} a minute")
    print(f"free because {song.free_because}")
    for bar in bars:
        print(f"{bar.number:>4}  {bar.chords:<12} {bar.melody}")
    return 0
