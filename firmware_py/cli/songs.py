"""List the songs there are, show one, check a file, import it as a song, or remove an imported one."""

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from firmware_py.config import Config

if TYPE_CHECKING:
    from firmware_py.music.importing.making import Understood
    from firmware_py.music.song import Song


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the ways to look at songs."""
    parser.add_argument("what", nargs="?", choices=("list", "show", "check", "import", "remove"), default="list")
    parser.add_argument(
        "song", nargs="?", metavar="NAME|FILE", help="a song, or a song file, MIDI, MusicXML, UltraStar or sound file"
    )
    parser.add_argument("--name", help="import, check: the song's name (default: made of its title)")
    parser.add_argument("--track", metavar="N|NAME", help="import, check: the melody's track (default: the likeliest)")
    parser.add_argument("--recording", "--audio", metavar="FILE", help="import, check: a recording as its backing")
    parser.add_argument(
        "--replace", action="store_true", help="import: take the place of an imported song of that name"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace, config: Config) -> int:
    """Do what was asked for."""
    from firmware_py.errors import UsageError

    given = [flag for flag in ("name", "track", "recording") if getattr(args, flag)] + ["replace"] * args.replace
    if given and args.what not in ("import", "check"):
        raise UsageError(f"--{given[0]} belongs to songs import, not to songs {args.what}")
    if args.what in ("import", "remove") and not args.song:
        raise UsageError(f"songs {args.what} needs the {'file' if args.what == 'import' else 'name'} of a song")
    doing = {"list": _list, "import": _import, "remove": _remove}
    return doing.get(args.what, _show)(args, config)


def _list(args: argparse.Namespace, config: Config) -> int:
    from firmware_py.errors import SongError
    from firmware_py.music.imported_songs import imported_folder
    from firmware_py.music.songs_library import SHIPPED, known_songs, load_song, summary
    from firmware_py.session.saying import say

    folder = imported_folder(config.state)
    rows = []
    for name in known_songs((folder,)):
        imported = (folder / f"{name}.toml").exists()
        try:
            rows.append(summary(load_song(name, (folder,)), imported=imported))
        except SongError as error:
            if (SHIPPED / f"{name}.toml").exists() and not imported:
                raise
            say(f"a song is passed over: {error}")
    if args.json:
        print(json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False))
        return 0
    for row in sorted(rows, key=lambda row: (row.imported, row.level, row.name)):
        by = ", ".join(str(part) for part in (row.composer, row.year) if part)
        mine = "  imported" if row.imported else ""
        print(f"{row.name:<22} {'●' * row.level:<3}  {row.seconds:3.0f} s  {row.title} ({by}){mine}")
    return 0


def _show(args: argparse.Namespace, config: Config) -> int:
    from pathlib import Path

    from firmware_py.errors import UsageError
    from firmware_py.music.imported_songs import imported_folder
    from firmware_py.music.importing.reading import is_foreign
    from firmware_py.music.songs_library import load_song

    asked = args.song or config.play.song
    if args.what == "check" and is_foreign(Path(asked)) and ("/" in asked or "." in asked):
        understood = _understood(args)
        _tell(args, understood.song, understood)
        return 0
    if args.name or args.track or args.recording:
        raise UsageError("--name, --track and --audio are for files of other programs; a song file says it itself")
    _tell(args, load_song(asked, (imported_folder(config.state),)), None)
    return 0


def _import(args: argparse.Namespace, config: Config) -> int:
    from pathlib import Path

    from firmware_py.music.imported_songs import imported_folder, keep_song
    from firmware_py.music.importing.reading import is_foreign
    from firmware_py.music.song_file import read_song
    from firmware_py.music.songs_library import SHIPPED

    folder = imported_folder(config.state)
    taken = frozenset(path.stem for path in SHIPPED.glob("*.toml"))
    understood = _understood(args) if is_foreign(Path(args.song)) else None
    song = understood.song if understood else _named(read_song(Path(args.song)), args.name)
    path = keep_song(song, folder, taken=taken, instead=args.replace)
    if args.json:
        print(json.dumps({**_as_json(song, understood), "file": str(path)}, indent=2, ensure_ascii=False))
        return 0
    print(f"{song.title} is imported as {song.name}; play it with: hand-dance play --song {song.name}")
    for remark in understood.remarks if understood else ():
        print(f"  {remark}")
    print(f"  hand-dance songs show {song.name} shows it bar by bar")
    return 0


def _remove(args: argparse.Namespace, config: Config) -> int:
    from firmware_py.music.imported_songs import imported_folder, remove_song

    remove_song(args.song, imported_folder(config.state))
    if args.json:
        print(json.dumps({"removed": args.song}))
    else:
        print(f"{args.song} is removed")
    return 0


def _understood(args: argparse.Namespace) -> "Understood":
    from pathlib import Path

    from firmware_py.music.importing.making import checked_name
    from firmware_py.music.importing.reading import read_foreign

    name = checked_name(args.name) if args.name else ""
    return read_foreign(Path(args.song), name=name, track=args.track or "", audio=args.recording or "")


def _named(song: "Song", name: str | None) -> "Song":
    from dataclasses import replace

    return replace(song, name=name) if name else song


def _as_json(song: "Song", understood: "Understood | None") -> dict[str, Any]:
    from firmware_py.music.importing.choosing import describe
    from firmware_py.music.songs_library import bar_lines, summary

    found: dict[str, Any] = {**asdict(summary(song)), "lines": [asdict(bar) for bar in bar_lines(song)]}
    if understood:
        found["tracks"] = describe(understood.voices)
        found["melody_track"] = understood.melody_voice + 1
        found["remarks"] = list(understood.remarks)
    return found


def _tell(args: argparse.Namespace, song: "Song", understood: "Understood | None") -> None:
    from firmware_py.music.importing.choosing import describe
    from firmware_py.music.songs_library import bar_lines

    if args.json:
        print(json.dumps(_as_json(song, understood), indent=2, ensure_ascii=False))
        return
    year = f" ({song.year})" if song.year else ""
    changes = ", with changes" if song.tempos else ""
    print(f"{song.title}, {song.composer}{year}, {song.key}, {song.tempo_bpm:g} a minute{changes}")
    print(f"free because {song.free_because}")
    if understood:
        for n, voice in enumerate(describe(understood.voices)):
            print(f"{'→' if n == understood.melody_voice else ' '} track {voice}")
        for remark in understood.remarks:
            print(f"  {remark}")
    if song.recording:
        print(
            f"  backing: a recording of {song.recording.seconds:.0f} s, bar 1 at {song.recording.start_s:.3f} s in it"
        )
    metre = ""
    for bar in bar_lines(song):
        there = f"{bar.metre}" if bar.metre != metre else ""
        metre = bar.metre
        print(f"{bar.number:>4}  {there:<5} {bar.chords:<12} {bar.melody}")
